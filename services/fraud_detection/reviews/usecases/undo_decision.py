"""A person's decision waits for a moment in which the person may take it back; until then nobody is told of it.

Nothing of it is written but the row that waits: the claim is in review, its limits are untouched, no event is in the
outbox. So whatever is killed, a decision either waits, or took effect with all that belongs to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

from services.fraud_detection.claims.store import claims
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.coverage.store import erased_policies
from services.fraud_detection.decisions.domain.authority import LOWEST, Authority
from services.fraud_detection.decisions.store import reviews
from services.fraud_detection.decisions.store.decisions import DecisionRow
from services.fraud_detection.reviews.domain.errors import CaseChanged, NothingToUndo
from services.fraud_detection.reviews.domain.verdicts import Verdict
from services.fraud_detection.reviews.store import leases, undoable
from services.fraud_detection.reviews.store.leases import LeaseRow
from services.fraud_detection.reviews.store.proposals import ProposalRow
from services.fraud_detection.reviews.store.undoable import UndoableRow
from services.fraud_detection.reviews.usecases.act import Act, Actor, count, from_writing, in_writing, perform
from services.fraud_detection.reviews.usecases.hold_case import HELD_FOR
from services.fraud_detection.reviews.usecases.lock_case import lock_as_read
from services.fraud_detection.reviews.usecases.note_case import write_note
from shared.db import audit
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.messaging.failures import Unready
from shared.process.clock import Clock
from shared.values.errors import FangzhaError
from shared.values.ids import ClaimId

AT_ONCE: Final = 200
"""Decisions that one look finds; each takes effect in a transaction of its own."""
DROPPED: Final = "fraud_detection"
"""Who writes the note on a decision that could not take effect."""
S = TypeVar("S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Acted(Generic[S]):
    """What a person's act came to. ``undo_until`` is None where it took effect at once; ``version`` is the claim's."""

    shown: S
    version: int
    undo_until: datetime | None


def act(
    tx: Tx,
    claim_id: ClaimId,
    what: Act,
    *,
    by: Actor,
    undo_for: timedelta,
    show: Callable[[DecisionRow | ProposalRow], S],
    require_match: Callable[[int], None],
    personal_data: PersonalData,
    now: datetime,
) -> Acted[S]:
    """Decide, to take effect once ``undo_for`` is over; at once if that is nothing. What is proposed to a second person
    waits for that one, and for no time: until then nobody is told of it either.

    The decision is made in full and undone, so that whatever speaks against it is told now. ``show`` makes of the
    decision what the person sees of it.

    Raises:
        UnknownClaim, VersionMismatch: as lock_as_read.
        Whatever ``perform`` raises.
    """
    claim = lock_as_read(tx, claim_id, require_match)
    if undo_for <= timedelta(0):
        return _at_once(
            tx, claim_id, what, by=by, show=show, require_match=require_match, personal_data=personal_data, now=now
        )
    with tx.attempt(keep=False):
        row = perform(tx, claim_id, what, by=by, require_match=require_match, personal_data=personal_data, now=now)
        shown = show(row)
    if isinstance(row, ProposalRow):
        return _at_once(
            tx, claim_id, what, by=by, show=show, require_match=require_match, personal_data=personal_data, now=now
        )
    waits = UndoableRow(
        claim_id=claim_id,
        decision_id=row.decision_id,
        version=claim.version,
        kind="verdict" if isinstance(what, Verdict) else "request",
        outcome=row.outcome,
        said=personal_data.seal(tx, in_writing(what), claim_id, f"decision {row.decision_id}"),
        decided_by=by.reviewer,
        senior=by.senior,
        decided_at=now,
        undo_until=now + undo_for,
    )
    undoable.add(tx, waits)
    _keep(tx, waits, now)
    _audit(tx, waits, "claim.decision_made", by=by.reviewer, now=now)
    return Acted(shown=shown, version=claim.version, undo_until=waits.undo_until)


def _at_once(
    tx: Tx,
    claim_id: ClaimId,
    what: Act,
    *,
    by: Actor,
    show: Callable[[DecisionRow | ProposalRow], S],
    require_match: Callable[[int], None],
    personal_data: PersonalData,
    now: datetime,
) -> Acted[S]:
    row = perform(tx, claim_id, what, by=by, require_match=require_match, personal_data=personal_data, now=now)
    if isinstance(row, DecisionRow):
        count(row)
    return Acted(shown=show(row), version=row.version, undo_until=None)


def undo(tx: Tx, claim_id: ClaimId, reviewer: str, *, now: datetime) -> LeaseRow:
    """Take back what the person decided: the case waits again, and is the person's.

    Raises:
        NothingToUndo: it took effect, somebody else decided, or nobody did.
    """
    row = undoable.undo(tx, claim_id, reviewer, now=now)
    if row is None:
        raise NothingToUndo(claim_id)
    _audit(tx, row, "claim.decision_undone", by=reviewer, now=now)
    return _keep(tx, row, now)


def let_take_effect(
    database: Database, personal_data: PersonalData, clock: Clock, *, lowest: Authority = LOWEST
) -> bool:
    """Make the decisions whose time for undoing is over; True if there may be more.

    One that is above its person's authority by now is proposed to a second person.
    """
    now = clock.now()
    with database.transaction() as tx:
        due = undoable.due(tx, now=now, limit=AT_ONCE)
    for claim_id in due:
        try:
            with database.transaction() as tx:
                decided = _take_effect(tx, claim_id, personal_data, lowest, now=now)
        except Unready:
            continue  # The claim is decided anew, or this is, within moments.
        except FangzhaError as error:
            with database.transaction() as tx:
                _drop(tx, claim_id, error, personal_data, now=now)
        else:
            if isinstance(decided, DecisionRow):
                count(decided)
    return len(due) == AT_ONCE


def _take_effect(
    tx: Tx, claim_id: ClaimId, personal_data: PersonalData, lowest: Authority, *, now: datetime
) -> DecisionRow | ProposalRow | None:
    """The decision as if it were made now; None where it was undone, or made by another process."""
    claims.lock(tx, claim_id)
    row = undoable.take(tx, claim_id, now=now)
    if row is None:
        return None

    def require_match(version: int) -> None:
        if version != row.version:
            raise CaseChanged(claim_id)

    return perform(
        tx,
        claim_id,
        from_writing(row, personal_data.open(tx, row.said, claim_id, f"decision {row.decision_id}")),
        by=Actor(reviewer=row.decided_by, senior=row.senior, lowest=lowest),
        require_match=require_match,
        personal_data=personal_data,
        now=now,
        decision_id=row.decision_id,
    )


def _drop(tx: Tx, claim_id: ClaimId, error: FangzhaError, personal_data: PersonalData, *, now: datetime) -> None:
    """Something speaks against the decision that did not when it was made: a person looks again, and is told why."""
    claim = claims.lock(tx, claim_id)
    row = undoable.take(tx, claim_id, now=now)
    if row is None or claim is None:
        return
    _audit(tx, row, "claim.decision_dropped", by=DROPPED, now=now, why=type(error).__name__)
    if not erased_policies.is_over(tx, claim.policy_id):
        note = f"The decision of {row.decided_by} ({row.outcome}) took no effect: {error}"
        write_note(tx, claim_id, note, written_by=DROPPED, personal_data=personal_data, now=now)
    if reviews.open_of(tx, claim_id) is not None:
        _keep(tx, row, now)


def _keep(tx: Tx, row: UndoableRow, now: datetime) -> LeaseRow:
    """The case is the one's who decided, from now on for as long as after any act on it."""
    lease = LeaseRow(claim_id=row.claim_id, held_by=row.decided_by, expires_at=now + HELD_FOR)
    leases.take(tx, lease, now=now)
    return lease


def _audit(tx: Tx, row: UndoableRow, action: str, *, by: str, now: datetime, why: str | None = None) -> None:
    told = {"decision_id": row.decision_id, "outcome": row.outcome}
    details = told if why is None else {**told, "why": why}
    audit.record(tx, actor=by, action=action, subject=row.claim_id, details=details, now=now)
