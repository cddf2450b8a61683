"""What the last four digits of an account make the bank do. The table for users stands in the docs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

Status = Literal["accepted", "done", "rejected", "returned"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happens to an order.

    Args:
        first: its status when it is taken; None means that the order is not taken at all.
        answers: whether the caller hears anything.
        later: its status after ``delay`` of the bank's own time.
        reason: the code that goes with a refusal or a return.
    """

    first: Status | None = "done"
    answers: bool = True
    later: Status | None = None
    delay: timedelta = timedelta(0)
    reason: str | None = None


OUTCOMES: Final[dict[str, Outcome]] = {
    "8001": Outcome(first="rejected", reason="account_closed"),
    "8002": Outcome(first=None, answers=False),
    "8003": Outcome(first="accepted", later="done", delay=timedelta(hours=1)),
    "8004": Outcome(later="returned", delay=timedelta(days=1), reason="account_frozen"),
    "8005": Outcome(answers=False),
}
_NORMAL: Final = Outcome()


def outcome_of(account: str) -> Outcome:
    return OUTCOMES.get(account[-4:], _NORMAL)
