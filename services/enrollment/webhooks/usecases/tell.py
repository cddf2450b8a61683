"""Queues facts for partners' servers in the transaction of the fact: both are there, or neither is.

Sending is the worker's, afterwards and again and again; see send.py. Where nobody asks for a type, a fact costs nothing
(the contract at hand says so) or one look-up by key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from services.enrollment.partners.domain.partners import Contract
from services.enrollment.people.domain.policies import CancelReason, Policy
from services.enrollment.webhooks.domain.webhook_facts import (
    ClaimChanged,
    Fact,
    PayoutMade,
    PolicyCanceled,
    PolicyIssued,
    PolicyRenewed,
    claim_state,
)
from services.enrollment.webhooks.store import told_policies
from shared.db.transaction import Tx
from shared.events.claims import ClaimDecided
from shared.events.payouts import PayoutChanged
from shared.values.ids import PolicyId
from shared.values.money import Fen
from shared.values.shapes import reshape
from shared.webhooks.domain.messages import body
from shared.webhooks.store import webhook_queue


@dataclass(frozen=True, slots=True)
class Ended:
    """A policy that ended early, and what is given back of its premium."""

    policy_id: PolicyId
    reason: CancelReason
    effective_to: datetime
    refund_fen: Fen


def tell(tx: Tx, partner_no: int, fact: Fact, *, now: datetime) -> int:
    """Tell one partner one fact; how many of its endpoints will hear of it."""
    return tell_each(tx, [(partner_no, fact)], now=now)


def tell_each(tx: Tx, facts: Sequence[tuple[int, Fact]], *, now: datetime) -> int:
    """Tell partners facts of one type, in one statement; how many messages that makes."""
    if not facts:
        return 0
    type_ = facts[0][1].TYPE
    return webhook_queue.enqueue(
        tx, type_, [(partner_no, body(type_, now.astimezone(UTC), fact)) for partner_no, fact in facts]
    )


def tell_issued(tx: Tx, contract: Contract, policies: Sequence[Policy], *, now: datetime) -> None:
    """Policies were enrolled by themselves and not by a file, under this contract."""
    if PolicyIssued.TYPE not in contract.webhook_types:
        return
    facts = [
        reshape(
            policy,
            PolicyIssued,
            premium_fen=policy.premium,
            effective_from=policy.effective_from.astimezone(UTC),
            effective_to=policy.effective_to.astimezone(UTC),
        )
        for policy in policies
    ]
    tell_each(tx, [(contract.partner_no, fact) for fact in facts], now=now)


def tell_canceled(tx: Tx, ended: Sequence[Ended], *, now: datetime) -> None:
    """Policies were ended one by one, or by a file of a partner that they have left; after they are stored as ended."""
    told = told_policies.wanted(tx, [each.policy_id for each in ended], PolicyCanceled.TYPE)
    facts = [
        (
            policy.partner_no,
            reshape(
                policy,
                PolicyCanceled,
                reason=each.reason,
                effective_to=each.effective_to.astimezone(UTC),
                refund_fen=each.refund_fen,
            ),
        )
        for each in ended
        if (policy := told.get(each.policy_id)) is not None
    ]
    tell_each(tx, facts, now=now)


def tell_renewed(tx: Tx, successors: Mapping[PolicyId, PolicyId], *, now: datetime) -> None:
    """Policies are followed by others, by their old ids, and not by a file; after the new ones are stored."""
    told = told_policies.wanted(tx, list(successors.values()), PolicyRenewed.TYPE)
    facts = [
        (
            policy.partner_no,
            reshape(
                policy,
                PolicyRenewed,
                renews=old_id,
                effective_from=policy.effective_from.astimezone(UTC),
                effective_to=policy.effective_to.astimezone(UTC),
            ),
        )
        for old_id, new_id in successors.items()
        if (policy := told.get(new_id)) is not None
    ]
    tell_each(tx, facts, now=now)


def tell_claim(tx: Tx, decided: ClaimDecided) -> None:
    """A claim was decided anew: the partner that has the policy now is told."""
    policy_id = PolicyId(decided.policy_id)
    policy = told_policies.wanted(tx, [policy_id], ClaimChanged.TYPE).get(policy_id)
    if policy is None:
        return
    state = claim_state(decided.outcome)
    fact = reshape(decided, ClaimChanged, partner_reference=policy.partner_reference, state=state)
    tell(tx, policy.partner_no, fact, now=decided.decided_at)


def tell_payout(tx: Tx, changed: PayoutChanged) -> None:
    """A payout came as far as it says; the partner that has the policy now is told where money moved."""
    if changed.state != "paid":
        return
    policy_id = PolicyId(changed.policy_id)
    policy = told_policies.wanted(tx, [policy_id], PayoutMade.TYPE).get(policy_id)
    if policy is None:
        return
    fact = reshape(changed, PayoutMade, partner_reference=policy.partner_reference)
    tell(tx, policy.partner_no, fact, now=changed.changed_at)
