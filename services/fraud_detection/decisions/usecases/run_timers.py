"""Move the claims whose date has passed. The dates stand in the claims' rows, so they survive whatever is restarted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.states import AFTER_THE_WAIT
from services.fraud_detection.claims.store import claims, drafts
from services.fraud_detection.claims.usecases.submit import file_anew
from services.fraud_detection.decisions.store import reviews
from services.fraud_detection.decisions.store.reviews import ReviewRow
from services.fraud_detection.decisions.usecases.stop_approval import give_up
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.process.clock import Clock

AT_ONCE: Final = 200
"""Claims in one transaction: some ten milliseconds each at most, and nobody waits for this job."""
TIMER: Final = "timer"
"""Who takes these steps, as the trace tells it."""


def run_timers(database: Database, clock: Clock) -> bool:
    """Move what is due, wake what waited for a policy or an account that is known by now, and delete drafts whose time
    is over; True if there may be more.
    """
    now = clock.now()
    with database.transaction() as tx:
        due = claims.take_due(tx, now=now, limit=AT_ONCE)
        for claim in due:
            _move(tx, claim, now=now)
    with database.transaction() as tx:
        covered = claims.take_with_policy(tx, now=now, limit=AT_ONCE)
        _wake(tx, covered, "policy_known", now=now)
    with database.transaction() as tx:
        late = claims.take_reviewed_with_policy(tx, limit=AT_ONCE)
        for claim in late:
            reviews.close(tx, claim.claim_id, now=now)
            file_anew(tx, claim, by=TIMER, why="policy_known", now=now)
    with database.transaction() as tx:
        payable = claims.take_with_payee(tx, now=now, limit=AT_ONCE)
        _wake(tx, payable, "payee_known", now=now)
    with database.transaction() as tx:
        lapsed = drafts.lapse(tx, now=now, limit=AT_ONCE)
    return AT_ONCE in {len(due), len(covered), len(late), len(payable), lapsed}


def _wake(tx: Tx, waiting: Sequence[Claim], why: str, *, now: datetime) -> None:
    """Nothing was decided in their round, so they are decided in it now."""
    for claim in waiting:
        file_anew(tx, claim, by=TIMER, why=why, now=now, new_round=False)


def _move(tx: Tx, claim: Claim, *, now: datetime) -> None:
    to = AFTER_THE_WAIT[claim.state]
    why = f"{claim.state}_over"
    if to == "filed":
        file_anew(tx, claim, by=TIMER, why=why, now=now, new_round=claim.state == "waiting_for_police")
        return
    moved = claims.step(tx, claim, to, now=now, by=TIMER, why=why)
    if to == "in_review":
        reviews.open_reviews(tx, [ReviewRow(claim.claim_id, claim.round, "review", now)])
    elif to in ("lapsed", "closed") and claim.state in ("documents_requested", "payment_failed"):
        give_up(tx, moved, "closed", now=now)
