"""The series of a period, and how many clocks of open claims run, are near their end, or over."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Final, Literal

from services.fraud_detection.claims.domain.clocks import LIMITS, Clock, clocks
from services.fraud_detection.service_levels.domain.series import Answered, Series, series
from services.fraud_detection.service_levels.store import steps
from services.fraud_detection.service_levels.store.steps import Course
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.process import clock as process
from shared.process import metrics
from shared.process.logs import get_logger

log = get_logger()

Standing = Literal["running", "near", "broken"]
STANDINGS: Final[tuple[Standing, ...]] = ("running", "near", "broken")


def measure(tx: Tx, begin: datetime, end: datetime, *, now: datetime) -> Series:
    """The series of the claims that were filed from ``begin`` until before ``end``."""
    found = series([answered for course in steps.filed_between(tx, begin, end) if (answered := _answered(course, now))])
    if found.guessed_years:
        log.warning("calendar_does_not_know", years=list(found.guessed_years), instead="weekends alone")
    return found


def watch_clocks(database: Database, clock: process.Clock) -> bool:
    """Set the gauges; there is never more to do at once."""
    now = clock.now()
    with database.transaction() as tx:
        counted = Counter(
            (each.kind, _standing(each))
            for course in steps.still_open(tx)
            for each in clocks(course.steps, now)
            if each.ended_at is None
        )
    for kind in LIMITS:
        for standing in STANDINGS:
            metrics.CLAIM_CLOCKS.labels(kind, standing).set(counted[kind, standing])
    return False


def _standing(each: Clock) -> Standing:
    if each.broken:
        return "broken"
    return "near" if each.near else "running"


def _answered(course: Course, now: datetime) -> Answered | None:
    first = next((each for each in clocks(course.steps, now) if each.kind == "assess"), None)
    if first is None or course.state == "withdrawn":
        return None
    return Answered(
        lost_fen=course.lost_fen,
        paid_fen=course.paid_fen,
        in_scope=course.in_scope,
        found_against=course.finding,
        decision=first,
    )
