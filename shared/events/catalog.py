"""Which struct decodes which event type, and which topic carries it."""

from __future__ import annotations

from typing import Final

from shared.events.claims import ClaimDecided, ClaimRecovered, ClaimStopped, ClaimSubmitted
from shared.events.envelope import Event
from shared.events.payouts import PayeeAnnounced, PayeeErased, PayoutChanged
from shared.events.policies import (
    PoliciesCanceled,
    PoliciesEnrolled,
    PoliciesErased,
    PoliciesTransferred,
    PolicyCanceled,
    PolicyEndorsed,
    PolicyNamed,
)
from shared.events.products import ProductPublished

EVENTS: Final[tuple[type[Event], ...]] = (
    ProductPublished,
    PoliciesEnrolled,
    PolicyCanceled,
    PoliciesCanceled,
    PolicyEndorsed,
    PolicyNamed,
    PoliciesErased,
    PoliciesTransferred,
    ClaimSubmitted,
    ClaimDecided,
    ClaimStopped,
    ClaimRecovered,
    PayoutChanged,
    PayeeAnnounced,
    PayeeErased,
)

BY_TYPE: Final[dict[str, type[Event]]] = {event.TYPE: event for event in EVENTS}
TOPICS: Final[tuple[str, ...]] = tuple(dict.fromkeys(event.TOPIC for event in EVENTS))
