"""Make of a decision on a claim what payout has to do: a payout, a payout that is never paid, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from services.payout.domain import reasons
from services.payout.domain.payouts import TAKEN_BACK, Decision, NeverPay, NoPayout, Payout, Schedule, plan
from services.payout.domain.states import FAILED, State
from services.payout.store import decisions, erasure, payees, payouts
from services.payout.usecases.announce_payout import announce, withdraw_debt
from shared.db.transaction import Tx
from shared.process.new_ids import new_id
from shared.values.ids import PartnerId, PayoutId, PolicyId, TokenHex


@dataclass(frozen=True, slots=True)
class Heard:
    """A decision with what a payout of it would need."""

    decision: Decision
    policy_id: PolicyId
    partner_id: PartnerId
    payee_token: TokenHex
    payable_from: datetime


def take_decision(tx: Tx, heard: Heard, *, now: datetime) -> None:
    """Take one decision, whatever order decisions on its claim arrive in; a repeated one changes nothing."""
    decision = heard.decision
    decisions.lock_claim(tx, decision.claim_id)
    if decisions.known(tx, decision):
        return
    erasure.note(tx, erasure.ClaimPayee(decision.claim_id, heard.payee_token), heard.policy_id)
    before = decisions.newest(tx, decision.claim_id)
    newest_version = max(decision.version, before[0] if before else 0)
    existing = payouts.lock_of_claim(tx, decision.claim_id)
    what = plan(
        decision,
        newest_version=newest_version,
        has_payout=existing is not None and existing.state not in FAILED,
        payee_known=payees.known(tx, heard.payee_token),
        stopped=before is not None and before[1] in TAKEN_BACK,
    )
    match what:
        case NoPayout(effect=effect):
            decisions.insert(tx, decision, effect)
            if existing is not None and not decision.approved and decision.version == newest_version:
                withdraw(tx, existing, now=now)
        case NeverPay(reason=reason):
            decisions.insert(tx, decision, "payout")
            _owed_no_more(tx, existing, now=now)
            _make(tx, heard, "rejected", reason, now=now)
        case Schedule():
            decisions.insert(tx, decision, "payout")
            _owed_no_more(tx, existing, now=now)
            _make(tx, heard, "scheduled", None, now=now)
        case _:
            assert_never(what)


def _owed_no_more(tx: Tx, failed: Payout | None, *, now: datetime) -> None:
    """The claim is owed by its new payout: what it was owed by one that failed would be owed twice."""
    if failed is not None:
        withdraw_debt(tx, failed, now=now)


def _make(tx: Tx, heard: Heard, state: State, reason: str | None, *, now: datetime) -> None:
    decision = heard.decision
    payout = Payout(
        payout_id=PayoutId(new_id()),
        decision_id=decision.decision_id,
        claim_id=decision.claim_id,
        policy_id=heard.policy_id,
        partner_id=heard.partner_id,
        payee_token=heard.payee_token,
        amount_fen=decision.amount_fen,
        currency=decision.currency,
        state=state,
        reason=reason,
        version=1,
        attempts=0,
        payable_from=heard.payable_from,
        created_at=now,
        changed_at=now,
    )
    if payouts.insert(tx, payout, cover_limit_fen=decision.cover_limit_fen):
        announce(tx, payout, now=now)


def withdraw(tx: Tx, payout: Payout, *, reason: str = reasons.CLAIM_REFUSED, now: datetime) -> None:
    """A later decision no longer approves the claim, or its approval was taken back.

    What the bank may have in hand is settled by what the bank says;
    ``settle`` sends nothing again for a claim that is not approved.
    """
    match payout.state:
        case "scheduled":
            stepped = payouts.step(tx, payout, "rejected", reason, now=now)
            if stepped is not None:
                announce(tx, stepped, now=now)
        case "rejected" | "returned":
            withdraw_debt(tx, payout, now=now)
        case _:
            pass
