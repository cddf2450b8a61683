"""Whether a claim looks like one that the same person made before, however otherwise it is told. A person looks then.

What must be alike for a refusal is cover_rules'; here one likeness is enough, for whoever tells a loss anew chooses
what to tell otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final, Literal, TypeAlias

from services.fraud_detection.claims.domain.claims import Claim, OtherClaim, are_parts_of_one
from services.fraud_detection.claims.domain.transfers import TransferFacts
from services.fraud_detection.decisions.domain.one_event import are_told_apart

NEIGHBORING: Final = timedelta(hours=72)
"""Products look back 72 hours from the report to the loss: by as much the times of one loss can be told otherwise."""
NEAR_PERCENT: Final = 5
"""A loss that is told anew is rounded, or told with or without a fee or the last small payment."""

Repeated: TypeAlias = Literal["resembles_earlier_claim", "reference_of_another_person"]


def repeated(claim: Claim, others: Iterable[OtherClaim], transfers: TransferFacts) -> Repeated | None:
    """Why the machine does not approve the claim although no rule stands against it."""
    if transfers.reference_of_another:
        return "reference_of_another_person"
    if transfers.held or any(resembles(claim, other, transfers) for other in others):
        return "resembles_earlier_claim"
    return None


def resembles(claim: Claim, other: OtherClaim, transfers: TransferFacts) -> bool:
    """Whether the other one was made before, by the same person, and may tell of the same event.

    Not where it was given up before a person had to look at it, a person said that they are two, or both were split off
    one claim.
    """
    if not other.by_claimant or are_told_apart(claim, other) or are_parts_of_one(claim, other):
        return False
    if other.claim_id in transfers.told_apart:
        return False
    if other.claim_id in transfers.given_up and not other.passed_on:
        return False
    # An approved one counts even if it was filed later: it was decided first.
    before = other.approved or (other.submitted_at, other.claim_id) < (claim.submitted_at, claim.claim_id)
    of_transfers = other.claim_id in transfers.same_transfer | transfers.same_payee
    return before and (of_transfers or _is_neighboring(claim, other) or _is_near(claim, other))


def _is_neighboring(claim: Claim, other: OtherClaim) -> bool:
    return (
        claim.occurred_at <= other.discovered_at + NEIGHBORING
        and other.occurred_at <= claim.discovered_at + NEIGHBORING
    )


def _is_near(claim: Claim, other: OtherClaim) -> bool:
    larger = max(claim.amount_fen, other.amount_fen)
    return abs(claim.amount_fen - other.amount_fen) * 100 <= larger * NEAR_PERCENT
