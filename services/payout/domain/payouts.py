"""A payout and what a decision on a claim makes of it. What the bank answers is domain.answers'."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from services.payout.domain import reasons
from services.payout.domain.states import State
from shared.values.ids import ClaimId, DecisionId, PartnerId, PayoutId, PolicyId, TokenHex
from shared.values.money import Currency, Fen


@dataclass(frozen=True, slots=True)
class Payout:
    """One payment for one claim. ``payout_id`` is also the reference under which the bank knows it."""

    payout_id: PayoutId
    decision_id: DecisionId
    claim_id: ClaimId
    policy_id: PolicyId
    partner_id: PartnerId
    payee_token: TokenHex
    amount_fen: Fen
    currency: Currency
    state: State
    reason: str | None
    version: int
    attempts: int
    payable_from: datetime
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """What payout keeps of a decision on a claim."""

    decision_id: DecisionId
    claim_id: ClaimId
    version: int
    outcome: str
    amount_fen: Fen
    currency: Currency
    cover_limit_fen: Fen
    decided_at: datetime

    @property
    def approved(self) -> bool:
        return self.outcome == "approved"


TAKEN_BACK: Final = ("stopped", "given_up")
"""Outcomes of what takes an approval back."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Pay it when it is due."""


@dataclass(frozen=True, slots=True)
class NeverPay:
    """Keep a payout that says why it is not paid."""

    reason: str


@dataclass(frozen=True, slots=True)
class NoPayout:
    """There is nothing to pay; ``effect`` says why, as stored with the decision."""

    effect: str


Plan: TypeAlias = Schedule | NeverPay | NoPayout


def plan(
    decision: Decision, *, newest_version: int, has_payout: bool, payee_known: bool, stopped: bool = False
) -> Plan:
    """What to do about a decision that was not heard of before.

    ``newest_version`` is the highest of its claim that is known, its own included: an approval that a later decision
    overtook on the way is not paid. ``stopped``: what overtook it is its stop, whose sender waits to hear what became
    of the money.
    """
    if not decision.approved:
        return NoPayout("not_approved")
    if decision.version < newest_version:
        return NeverPay(reasons.CLAIM_STOPPED) if stopped and not has_payout else NoPayout("overtaken")
    if has_payout:
        return NoPayout("claim_has_payout")
    if decision.amount_fen > decision.cover_limit_fen:
        return NeverPay(reasons.OVER_COVER_LIMIT)
    if not payee_known:
        return NeverPay(reasons.PAYEE_UNKNOWN)
    return Schedule()
