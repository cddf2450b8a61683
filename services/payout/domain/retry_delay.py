"""How long to wait before the next try: exponential with full jitter. Waiting is the database's (``not_before``)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a payout is sent and how long the pauses are, in seconds of real time."""

    base_seconds: float = 0.5
    """A bank that drops one request answers the next at once; half a second is unnoticed by a resident."""
    cap_seconds: float = 300.0
    """A bank that is away for hours is asked every five minutes."""
    attempts: int = 5
    """Sends, each followed by the bank's word that it knows nothing of it. More would hide a broken rail for hours."""
    quiet_seconds: float = 30.0
    """After the last send, before "unknown" is believed for good: ten times the time-out of a call."""


def retry_delay(policy: RetryPolicy, tries: int, chance: float) -> float:
    """Seconds to wait after try number ``tries`` (from 1): between half and the whole of the doubled base.

    ``chance`` is uniform in [0, 1). Half is kept so that a pause is never nothing; the rest spreads workers that were
    struck by one outage (M. Brooker, "Exponential backoff and jitter", 2015, "equal jitter").
    """
    whole = min(policy.cap_seconds, policy.base_seconds * 2.0 ** min(tries - 1, 30))
    return whole * (0.5 + chance / 2)
