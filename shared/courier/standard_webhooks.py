"""Webhooks by Standard Webhooks 1.0.0: what is signed and how, what an answer means, when the next attempt is due.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md. Sending is the courier's.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, NewType

EndpointState = Literal["enabled", "disabled"]
DisabledReason = Literal["gone", "only_failures", "address_refused"]
DeliveryState = Literal["pending", "delivered", "failed"]
Failure = Literal[
    "answered_otherwise",
    "redirect",
    "gone",
    "timeout",
    "not_reached",
    "address_refused",
    "name_unknown",
    "tls_failed",
    "answer_unreadable",
    "secret_unreadable",
]
"""Why an attempt was no success. Closed, so that it can be counted; a reply's own text is nowhere kept. The last is our
own fault: a test message says so, and any other waits untried."""

Secret = NewType("Secret", str)
"""``whsec_`` and the base64 of 32 random bytes."""

SECRET_PREFIX: Final = "whsec_"  # noqa: S105  # the form of a secret, not one
SECRET_BYTES: Final = 32
"""The standard asks for 24 to 64."""

WAITS: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
)
"""After each failed attempt, the first being made at once: the standard's own example. From the first attempt to the
last it is at least 75 hours and 35 minutes."""
TRIES: Final = len(WAITS) + 1
SPREAD: Final = 0.1
"""Each wait is longer by up to this share, so that what failed together does not come back together. None is shorter:
three days are promised."""
LONGEST_RETRY_AFTER: Final = timedelta(days=1)
"""A receiver may ask for more patience than the schedule has, up to the schedule's own longest wait."""

_FIRST_PAUSE: Final = timedelta(seconds=1)
LONGEST_PAUSE: Final = timedelta(minutes=5)
"""Between two messages to an endpoint that only fails, whichever message is due: it doubles from one second. A host
that is down costs one slot of a sender for seconds every five minutes, and not one for each message that waits."""

DISABLED_AFTER: Final = timedelta(days=3)
"""Of nothing but failures, and at least as many as one message has tries: a quiet endpoint is not judged by one."""

GONE: Final = 410


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one attempt: a status, or none and why."""

    status: int | None
    failure: Failure | None
    retry_after: timedelta | None = None

    @property
    def delivered(self) -> bool:
        return self.failure is None


@dataclass(frozen=True, slots=True)
class Standing:
    """How an endpoint fared of late: failures in a row, and since when."""

    failures: int
    failing_since: datetime | None


def failure_of(status: int) -> Failure | None:
    """What a status means: only 200 to 299 is a success, and a redirect is not followed."""
    if 200 <= status <= 299:  # noqa: PLR2004
        return None
    if 300 <= status <= 399:  # noqa: PLR2004
        return "redirect"
    return "gone" if status == GONE else "answered_otherwise"


def next_wait(tries: int, retry_after: timedelta | None, spread: float) -> timedelta | None:
    """How long until the next attempt after ``tries`` that failed; None if that was the last.

    ``spread`` is a random number from 0 to 1. What the receiver asks for may lengthen a wait, never shorten it.
    """
    if tries >= TRIES:
        return None
    wait = WAITS[tries - 1] * (1 + SPREAD * spread)
    return wait if retry_after is None else max(wait, min(retry_after, LONGEST_RETRY_AFTER))


def pause(failures: int, retry_after: timedelta | None) -> timedelta:
    """How long an endpoint with so many failures in a row is left alone, whatever else is due there."""
    doubled = _FIRST_PAUSE * (1 << min(failures - 1, 20))
    return max(min(doubled, LONGEST_PAUSE), min(retry_after or timedelta(0), LONGEST_RETRY_AFTER))


def reason_to_disable(answer: Answer, standing: Standing, now: datetime) -> DisabledReason | None:
    """Whether the endpoint should be sent nothing any more; ``standing`` counts this answer already."""
    if answer.failure == "gone":
        return "gone"
    since = standing.failing_since
    if since is not None and standing.failures >= TRIES and now - since >= DISABLED_AFTER:
        return "address_refused" if answer.failure == "address_refused" else "only_failures"
    return None


def secret_of(random_bytes: bytes) -> Secret:
    """A secret as the partner is shown it."""
    return Secret(SECRET_PREFIX + base64.b64encode(random_bytes).decode())


def headers(webhook_id: str, sent_at: datetime, body: bytes, secrets: Sequence[Secret]) -> dict[str, str]:
    """The standard's three headers, signed with each of the secrets: several while one replaces another."""
    timestamp = str(int(sent_at.timestamp()))
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{_signature(signed, secret)}" for secret in secrets),
    }


def _signature(signed: bytes, secret: Secret) -> str:
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
