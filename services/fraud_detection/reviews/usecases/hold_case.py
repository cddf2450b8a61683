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
from services.fraud_detection.claims.store import appeals, claims, transfers
from services.fraud_detection.decisions.domain.authority import LOWEST, Authority
from services.fraud_detection.decisions.store import decisions, reviews
from services.fraud_detection.decisions.store.decisions import DecisionRow
from services.fraud_detection.decisions.usecases.before_the_split import before_the_split
from services.fraud_detection.reviews.domain.errors import (
    AnotherPersonDecides,
    AssignedToAnother,
    DecisionWaits,
    HeldByAnother,
    NoOpenReview,
    NothingWaits,
    SeniorDecides,
)
from services.fraud_detection.reviews.domain.priority import Points, Waiting, points
from services.fraud_detection.reviews.store import (
    assignments,
    authorities,
    leases,
    notes,
    queue,
    reviewers,
    undoable,
)
from services.fraud_detection.reviews.store.leases import LeaseRow
from services.fraud_detection.reviews.store.reviewers import ReviewerRow
from shared.db.transaction import Tx
from shared.values.ids import ClaimId

HELD_FOR: Final = timedelta(minutes=30)
"""From the last act: long enough to read a case, short enough that one left open waits for nobody's return."""


def take_next(
    tx: Tx, reviewer: str, *, senior: bool, lowest: Authority = LOWEST, now: datetime
) -> tuple[LeaseRow, Points]:
    """The case that comes first of those that the person may decide and nobody holds, what was assigned to them before
    all others. Two who ask get two cases.

    What is proposed on a case is for who may confirm it, by their authority; ``lowest`` where none was set.

    Raises:
        NothingWaits: there is none.
    """
    reviewers.see(tx, ReviewerRow(reviewer=reviewer, senior=senior, seen_at=now))
    authority = authorities.of_person(tx, reviewer, lowest)
    waiting = queue.candidates(tx, reviewer=reviewer, senior=senior, authority=authority, now=now)

    def place(case: Waiting) -> tuple[bool, float, datetime, ClaimId]:
        return not case.assigned, -points(case, now=now).total, case.waiting_since, case.claim_id

    for case in sorted(waiting, key=place):
        lease = _lease(case.claim_id, reviewer, now)
        if leases.take(tx, lease, now=now):
            return lease, points(case, now=now)
    raise NothingWaits


def take(tx: Tx, claim_id: ClaimId, reviewer: str, *, senior: bool, now: datetime) -> LeaseRow:
    """A certain case, or the same one for longer.

    Raises:
        UnknownClaim: there is none.
        NoOpenReview, AnotherPersonDecides, SeniorDecides: the person could not decide it.
        DecisionWaits, HeldByAnother, AssignedToAnother: it is somebody else's.
    """
    # Locked: who decides it at this moment is done before, and then nothing is left to be held.
    claim = claims.lock(tx, claim_id)
    if claim is None:
        raise UnknownClaim(claim_id)
    if reviews.open_of(tx, claim_id) is None:
        raise NoOpenReview(claim_id)
    require_another_person(tx, claim_id, decisions.of_claim(tx, claim_id), reviewer)
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
        DecisionWaits, HeldByAnother, AssignedToAnother: it is somebody else's.
    """
    if not senior:
        require_nobody_elses(tx, claim_id, reviewer, now=now)
    leases.give_back(tx, claim_id)
    assignments.drop(tx, claim_id)


def keep(tx: Tx, claim_id: ClaimId, reviewer: str, *, now: datetime) -> None:
    """The person acted on the case: what it holds it holds for longer."""
    leases.renew(tx, _lease(claim_id, reviewer, now))


def require_another_person(tx: Tx, claim_id: ClaimId, before: Iterable[DecisionRow], *persons: str) -> None:
    """Refuse where the claim was approved or refused by the word of one of ``persons``, by one of the decisions
    ``before``; or another claim was approved so without one of its transfers, which this one tells anew.

    What was decided on the claim that this one was split off counts too, but for the decision that split it.

    Raises:
        AnotherPersonDecides: one of them has.
    """
    retold = (each for other in transfers.refused_by(tx, claim_id) for each in decisions.of_claim(tx, other))
    told_before = (*retold, *before_the_split(tx, claim_id))
    if any(each.deciders.intersection(persons) for each in (*before, *told_before)):
        raise AnotherPersonDecides(claim_id)


def require_free(tx: Tx, claim: Claim, reviewer: str, *, senior: bool, now: datetime) -> None:
    """Refuse who may not decide the case now; who asks is known from then on.

    Who decides a last appeal has not decided before and is of few: among all reviewers none might be left.

    Raises:
        DecisionWaits, HeldByAnother, AssignedToAnother: by require_nobody_elses.
        SeniorDecides: it is the last appeal or was handed on, and the person is not senior.
    """
    require_nobody_elses(tx, claim.claim_id, reviewer, now=now)
    if not senior and is_for_seniors(tx, claim):
        raise SeniorDecides(claim.claim_id)
    reviewers.see(tx, ReviewerRow(reviewer=reviewer, senior=senior, seen_at=now))


def require_nobody_elses(tx: Tx, claim_id: ClaimId, reviewer: str, *, now: datetime) -> None:
    """Refuse who comes to a case that another works on, or that is decided.

    Raises:
        DecisionWaits: by require_undecided.
        HeldByAnother: somebody else holds it.
        AssignedToAnother: it was handed to somebody else by name.
    """
    require_undecided(tx, claim_id)
    held = leases.held(tx, [claim_id], now=now).get(claim_id)
    if held is not None and held.held_by != reviewer:
        raise HeldByAnother(claim_id, held.expires_at)
    assigned = assignments.standing(tx, [claim_id], now=now).get(claim_id)
    if assigned is not None and assigned.assigned_to != reviewer:
        raise AssignedToAnother(claim_id, assigned.assigned_to, assigned.expires_at)


def require_undecided(tx: Tx, claim_id: ClaimId) -> None:
    """Refuse who comes to a case on which a decision waits to take effect.

    Raises:
        DecisionWaits: one does.
    """
    waits = undoable.of_claims(tx, [claim_id]).get(claim_id)
    if waits is not None:
        raise DecisionWaits(claim_id, waits.decided_by, waits.undo_until)


def is_for_seniors(tx: Tx, claim: Claim) -> bool:
    """Whether it is the last appeal or was handed on."""
    last = claim.appealed and appeals.count(tx, claim.claim_id) >= APPEALS
    return last or claim.claim_id in notes.escalated(tx, [claim.claim_id])


def _lease(claim_id: ClaimId, reviewer: str, now: datetime) -> LeaseRow:
    return LeaseRow(claim_id=claim_id, held_by=reviewer, expires_at=now + HELD_FOR)
