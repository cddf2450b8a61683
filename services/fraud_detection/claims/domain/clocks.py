"""The clocks that run on a claim: what the law and the terms allow for what, and what stops each meanwhile.

Read from a claim's steps alone, so that they are the same whoever asks and whenever. Sources: the Insurance Law of the
PRC, art. 23 (determined within 30 days, paid within 10 days of the agreement), 24 (a refusal is told within 3 days of
its determination), 25 (what is undisputed is paid ahead within 60 days); the 30 days of an appeal are our own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, Literal

from services.fraud_detection.claims.domain.states import State

Kind = Literal["assess", "undisputed_part", "pay", "appeal"]
Pause = Literal["documents", "police", "payee", "policy", "recovery"]

LIMITS: Final[Mapping[Kind, timedelta]] = {
    "assess": timedelta(days=30),
    "undisputed_part": timedelta(days=60),
    "pay": timedelta(days=10),
    "appeal": timedelta(days=30),
}
PAUSED: Final[Mapping[State, Pause]] = {
    "draft": "documents",
    "documents_requested": "documents",
    "lapsed": "documents",
    "waiting_for_police": "police",
    "waiting_for_payee": "payee",
    "payment_failed": "payee",
    "waiting_for_policy": "policy",
    "recovery_wait": "recovery",
}
"""In these states somebody else is waited for, and the insurer's time stands still."""
_BEGINS: Final[Mapping[Kind, frozenset[State]]] = {
    "assess": frozenset({"filed", "waiting_for_policy"}),
    "undisputed_part": frozenset({"filed", "waiting_for_policy"}),
    "pay": frozenset({"approved"}),
    "appeal": frozenset({"appealed"}),
}
_ENDS: Final[Mapping[Kind, frozenset[State]]] = {
    "assess": frozenset({"approved", "refused", "withdrawn", "closed"}),
    "undisputed_part": frozenset({"approved", "refused", "withdrawn", "closed"}),
    "pay": frozenset({"paid", "stopping", "filed", "withdrawn", "closed"}),
    "appeal": frozenset({"approved", "refused", "withdrawn", "closed"}),
}
NEAR: Final = 0.8
"""From this share of its time on a clock is told to be near its end: six days are left of thirty."""


@dataclass(frozen=True, slots=True)
class Reached:
    to_state: State
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One clock of a claim. ``used`` is the insurer's time, ``paused`` what others took of it, by whom.

    ``due_at`` is when its time is over if nothing stops it any more; None while it stands still or has ended.
    """

    kind: Kind
    began_at: datetime
    ended_at: datetime | None
    used: timedelta
    paused: Mapping[Pause, timedelta] = field(default_factory=dict)
    due_at: datetime | None
    waits_for: Pause | None

    @property
    def limit(self) -> timedelta:
        return LIMITS[self.kind]

    @property
    def broken(self) -> bool:
        return self.used > self.limit

    @property
    def near(self) -> bool:
        """Whether it runs, is not over, and little of it is left."""
        return self.ended_at is None and not self.broken and self.used >= NEAR * self.limit


def clocks(steps: Sequence[Reached], now: datetime) -> tuple[Clock, ...]:
    """Every clock that began on a claim with these steps, oldest first; one may begin again, after a failed payment."""
    return tuple(sorted(_all(steps, now), key=lambda clock: clock.began_at))


def decide_by(steps: Sequence[Reached]) -> datetime:
    """By when a person has decided on a claim that waits for one, if nothing stops the clock any more.

    Where no clock of deciding runs, as after a payment that failed, the person has its days from the last step on.
    """
    found = [each for each in clocks(steps, steps[-1].at) if each.kind in ("assess", "appeal") and each.due_at]
    return (found[-1].due_at if found else None) or steps[-1].at + LIMITS["assess"]


def _all(steps: Sequence[Reached], now: datetime) -> Iterator[Clock]:
    for kind in LIMITS:
        began: int | None = None
        for place, step in enumerate(steps):
            if began is None and step.to_state in _BEGINS[kind] and not _is_of_appeal(kind, steps, place):
                began = place
            elif began is not None and step.to_state in _ENDS[kind]:
                yield _clock(kind, steps[began : place + 1], ended=True, now=now)
                began = None
        if began is not None:
            yield _clock(kind, steps[began:], ended=False, now=now)


def _is_of_appeal(kind: Kind, steps: Sequence[Reached], place: int) -> bool:
    """Filed once more after an appeal: that has a clock of its own."""
    return kind in ("assess", "undisputed_part") and any(each.to_state == "appealed" for each in steps[:place])


def _clock(kind: Kind, steps: Sequence[Reached], *, ended: bool, now: datetime) -> Clock:
    used, paused = timedelta(0), dict[Pause, timedelta]()
    end = steps[-1].at if ended else now
    for step, following in pairwise((*steps, Reached(steps[-1].to_state, end))):
        took = max(timedelta(0), following.at - step.at)
        reason = PAUSED.get(step.to_state)
        if reason is None:
            used += took
        else:
            paused[reason] = paused.get(reason, timedelta(0)) + took
    waits_for = None if ended else PAUSED.get(steps[-1].to_state)
    runs = not ended and waits_for is None
    return Clock(
        kind=kind,
        began_at=steps[0].at,
        ended_at=end if ended else None,
        used=used,
        paused=paused,
        due_at=now + (LIMITS[kind] - used) if runs else None,
        waits_for=waits_for,
    )
