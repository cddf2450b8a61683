"""What the broker says of this process's groups and topics, asked now and then for all its consumers together.

What follows from it is membership's.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shared.messaging.kafka_link import Administrator, Group, KafkaFault, Link
from shared.messaging.subscription import Subscription
from shared.process.clock import monotonic

FRESH_SECONDS: Final = 4.0
"""Below the five seconds after which a consumer asks again; whichever of a process asks first asks for all."""


@dataclass(frozen=True, slots=True)
class Word:
    """One answer of the broker."""

    groups: Mapping[str, Group]
    topic_ids: Mapping[str, str]
    """Of the topics that are there. A topic that was deleted and made again has another id."""
    said_at: float
    """On the monotonic clock, when it was asked."""


class BrokersWord:
    """Asks the broker over one connection, for any number of threads."""

    def __init__(self, service: str, subscriptions: Sequence[Subscription], link: Link) -> None:
        self._broker = Administrator(link, f"{service}.groups")
        self._groups = [subscription.group(service) for subscription in subscriptions]
        self._topics = sorted({topic for subscription in subscriptions for topic in subscription.topics})
        self._lock = threading.Lock()
        self._said: Word | KafkaFault | None = None
        self._said_at = 0.0

    def latest(self) -> Word:
        """What it said in the last seconds.

        Raises:
            KafkaFault: it gave no answer. It is not asked again at once: threads would wait one after the other.
        """
        with self._lock:
            if self._said is None or monotonic() - self._said_at > FRESH_SECONDS:
                self._said = self._ask()
                self._said_at = monotonic()
            if isinstance(self._said, Word):
                return self._said
            raise self._said

    def close(self) -> None:
        with self._lock:
            self._broker.close()

    def _ask(self) -> Word | KafkaFault:
        began = monotonic()
        try:
            return Word(self._broker.groups(self._groups), self._broker.topic_ids(self._topics), began)
        except KafkaFault as error:
            return error
