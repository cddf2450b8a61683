"""Who works on which case: a person takes the next one or a certain one, keeps it by acting, gives it back.

A lease decides nothing: whoever decides is held against the claim's version, lease or not.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.errors import UnknownClaim
from services.fraud_detection.claims.domain.states import APPEALS
from services.fraud_detection.claims.store import appeals, claims
from services.fraud_detection.decisions.store import decisions, reviews
from services.fraud_detection.decisions.store.decisions import DecisionRow
from services.fraud_detection.filing.domain.status import decided_by
from services.fraud_detection.reviews.domain.errors import (
    AnotherPersonDecides,
    HeldByAnother,
    NoOpenReview,
    NothingWaits,
    SeniorDecides,
)
from services.fraud_detection.reviews.domain.priority import Points, Waiting, points
from services.fraud_detection.reviews.store import leases, notes, queue
from services.fraud_detection.reviews.store.leases import LeaseRow
from shared.db.transaction import Tx
from shared.values.ids import ClaimId

HELD_FOR: Final = timedelta(minutes=30)
"""From the last act: long enough to read a case, short enough that one left open waits for nobody's return."""


def take_next(tx: Tx, reviewer: str, *, senior: bool, now: datetime) -> tuple[LeaseRow, Points]:
    """The case that comes first of those that the person may decide and nobody holds. Two who ask get two cases.

    Raises:
        NothingWaits: there is none.
    """
    waiting = queue.candidates(tx, reviewer=reviewer, senior=senior, now=now)

    def place(case: Waiting) -> tuple[float, datetime, ClaimId]:
        return -_points(case, now).total, case.waiting_since, case.claim_id

    for case in sorted(waiting, key=place):
        lease = _lease(case.claim_id, reviewer, now)
        if leases.take(tx, lease, now=now):
            return lease, _points(case, now)
    raise NothingWaits


def take(tx: Tx, claim_id: ClaimId, reviewer: str, *, senior: bool, now: datetime) -> LeaseRow:
    """A certain case, or the same one for longer.

    Raises:
        UnknownClaim: there is none.
        NoOpenReview, AnotherPersonDecides, SeniorDecides: the person could not decide it.
        HeldByAnother: somebody else holds it.
    """
    claim = claims.find(tx, claim_id)
    if claim is None:
        raise UnknownClaim(claim_id)
    if reviews.open_of(tx, claim_id) is None:
        raise NoOpenReview(claim_id)
    require_another_person(claim_id, decisions.of_claim(tx, claim_id), reviewer)
    require_free(tx, claim, reviewer, senior=senior, now=now)
    lease = _lease(claim_id, reviewer, now)
    if not leases.take(tx, lease, now=now):
        # Taken at this very moment: the other's is seen now.
        require_free(tx, claim, reviewer, senior=senior, now=now)
        raise HeldByAnother(claim_id, lease.expires_at)
    return lease


def give_back(tx: Tx, claim_id: ClaimId, reviewer: str, *, senior: bool, now: datetime) -> None:
    """Let others take the case; a senior person may give back another's. What nobody holds is given back already.

    Raises:
        HeldByAnother: somebody else holds it.
    """
    held = leases.held(tx, [claim_id], now=now).get(claim_id)
    if held is not None and held.held_by != reviewer and not senior:
        raise HeldByAnother(claim_id, held.expires_at)
    leases.give_back(tx, claim_id)


def keep(tx: Tx, claim_id: ClaimId, reviewer: str, *, now: datetime) -> None:
    """The person acted on the case: what it holds it holds for longer."""
    leases.renew(tx, _lease(claim_id, reviewer, now))


def require_another_person(claim_id: ClaimId, before: Iterable[DecisionRow], reviewer: str) -> None:
    """Refuse who has approved or refused the claim by one of the decisions ``before``.

    Raises:
        AnotherPersonDecides: the person has.
    """
    if any(each.is_last_word and each.by_person and each.decided_by == reviewer for each in before):
        raise AnotherPersonDecides(claim_id)


def require_free(tx: Tx, claim: Claim, reviewer: str, *, senior: bool, now: datetime) -> None:
    """Refuse who may not decide the case now.

    Who decides a last appeal has not decided before and is of few: among all reviewers none might be left.

    Raises:
        HeldByAnother: somebody else holds it.
        SeniorDecides: it is the last appeal or was handed on, and the person is not senior.
    """
    held = leases.held(tx, [claim.claim_id], now=now).get(claim.claim_id)
    if held is not None and held.held_by != reviewer:
        raise HeldByAnother(claim.claim_id, held.expires_at)
    if senior:
        return
    if notes.escalated(tx, [claim.claim_id]) or (claim.appealed and appeals.count(tx, claim.claim_id) >= APPEALS):
        raise SeniorDecides(claim.claim_id)


def _lease(claim_id: ClaimId, reviewer: str, now: datetime) -> LeaseRow:
    return LeaseRow(claim_id=claim_id, held_by=reviewer, expires_at=now + HELD_FOR)


def _points(case: Waiting, now: datetime) -> Points:
    return points(case, decided_by=decided_by(case.begun), now=now)
