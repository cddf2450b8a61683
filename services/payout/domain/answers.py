"""What a bank can answer, and the step that follows from each answer. Asking is the rail's, storing the use cases'."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, assert_never

from services.payout.domain import reasons
from services.payout.domain.retry_delay import RetryPolicy
from services.payout.domain.states import State


@dataclass(frozen=True, slots=True)
class Done:
    """The money moved."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The order is taken and will be carried out later."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The order is refused for good; no money moved."""

    reason: str


@dataclass(frozen=True, slots=True)
class Returned:
    """The money moved and came back."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The bank knows no transfer of this reference."""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """No clear answer: anything may have happened."""

    cause: str


Answer: TypeAlias = Done | Accepted | Rejected | Returned | Unknown | NoAnswer


@dataclass(frozen=True, slots=True)
class Step:
    """Go to a state, for a reason where one is asked for."""

    to: State
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Stay, and ask again after a pause."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What matters of a payout when an answer comes in."""

    state: State
    attempts: int
    seconds_since_sent: float
    still_approved: bool
    """Whether the newest decision on its claim approves it."""
    taken_back: bool = False
    """Whether its approval was taken back, and nothing else was decided since."""


def after(standing: Standing, answer: Answer, policy: RetryPolicy) -> tuple[Step, ...] | Wait:
    """The steps that an answer leads to, in order; none if it says what is known already.

    A transfer that the bank does not know is sent again only by way of ``scheduled``, and only while its claim is
    approved. After the last attempt it is given up, once the bank was quiet long enough for nothing to be under way.
    """
    match answer:
        case Done():
            return _towards_paid(standing.state)
        case Returned(reason=reason):
            return (*_towards_paid(standing.state), *_return(standing.state, reason))
        case Accepted():
            return (Step("accepted"),) if standing.state in ("sending", "in_doubt") else Wait()
        case Rejected(reason=reason):
            open_here = standing.state in ("sending", "in_doubt", "accepted")
            return (Step("rejected", reasons.of_bank(reason)),) if open_here else ()
        case Unknown():
            return _after_unknown(standing, policy)
        case NoAnswer():
            return (Step("in_doubt"),) if standing.state == "sending" else Wait()
        case _:
            assert_never(answer)


def _towards_paid(state: State) -> tuple[Step, ...]:
    return (Step("paid"),) if state in ("sending", "in_doubt", "accepted") else ()


def _return(state: State, reason: str) -> tuple[Step, ...]:
    arrives_paid = state in ("sending", "in_doubt", "accepted", "paid")
    return (Step("returned", reasons.of_bank(reason)),) if arrives_paid else ()


def _after_unknown(standing: Standing, policy: RetryPolicy) -> tuple[Step, ...] | Wait:
    if standing.state == "sending":
        return (Step("in_doubt"),)
    if standing.state != "in_doubt":
        # It once said that it had the order: a person looks into it, nothing is sent again.
        return Wait()
    last = standing.attempts >= policy.attempts
    if (last or not standing.still_approved) and standing.seconds_since_sent < policy.quiet_seconds:
        return Wait()
    if not standing.still_approved:
        why = reasons.APPROVAL_TAKEN_BACK if standing.taken_back else reasons.CLAIM_REFUSED
        return (Step("rejected", why),)
    return (Step("rejected", reasons.BANK_SILENT),) if last else (Step("scheduled"),)
