"""Lock a claim for a person who read it, so that nobody changes what the person acts upon."""

from __future__ import annotations

from collections.abc import Callable

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.errors import PolicyErased, UnknownClaim
from services.fraud_detection.claims.store import claims
from services.fraud_detection.coverage.store import coverage, erased_policies
from services.fraud_detection.decisions.store import decisions, reviews, turns
from services.fraud_detection.decisions.store.decisions import DecisionRow
from services.fraud_detection.reviews.domain.errors import NoOpenReview
from shared.db.transaction import Tx
from shared.values.ids import ClaimId


def lock_as_read(tx: Tx, claim_id: ClaimId, require_match: Callable[[int], None]) -> Claim:
    """The claim, locked, as the person read it.

    Raises:
        UnknownClaim: there is none.
        VersionMismatch: by ``require_match``: the claim changed since the person read it.
    """
    claim = claims.lock(tx, claim_id)
    if claim is None:
        raise UnknownClaim(claim_id)
    require_match(claim.version)
    return claim


def lock_waiting(tx: Tx, claim_id: ClaimId, require_match: Callable[[int], None]) -> tuple[Claim, list[DecisionRow]]:
    """A claim that waits for a person, with all that was decided on it, the first first.

    Raises:
        UnknownClaim, VersionMismatch: as lock_as_read.
        NoOpenReview: nothing waits for a person.
    """
    claim = lock_as_read(tx, claim_id, require_match)
    if reviews.open_of(tx, claim_id) is None:
        raise NoOpenReview(claim_id)
    return claim, decisions.of_claim(tx, claim_id)


def lock_with_person(tx: Tx, claim_id: ClaimId, require_match: Callable[[int], None]) -> Claim:
    """The claim, while nothing else is decided on its claimant's and its insured's claims.

    Raises:
        UnknownClaim, VersionMismatch: as lock_as_read.
        PolicyErased: the person was forgotten, and no claim of theirs is open for which it would matter.
    """
    claim = lock_as_read(tx, claim_id, require_match)
    if erased_policies.is_over(tx, claim.policy_id):
        raise PolicyErased(claim.policy_id)
    cover = coverage.find(tx, claim.policy_id)
    if cover is not None:
        turns.one_at_a_time(tx, (claim.person_token, cover.person_token))
    return claim
