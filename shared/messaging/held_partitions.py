"""Partitions of a consumer that wait for another try, each from an offset on. Why and for how long is consumer's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.messaging.kafka_link import Consumer
from shared.messaging.messages import Message, Partition
from shared.process.clock import monotonic


@dataclass(frozen=True, slots=True)
class _Hold:
    """From where on a partition waits, and until when on the monotonic clock."""

    offset: int
    until: float


class HeldPartitions:
    """What comes of a partition that waits is dropped, and read again from where it waits."""

    def __init__(self) -> None:
        self._holds: dict[Partition, _Hold] = {}

    def clear(self) -> None:
        """None of them waits: the consumer is another one."""
        self._holds.clear()

    def hold(self, consumer: Consumer, first_offsets: Mapping[Partition, int], seconds: float) -> None:
        """Go back to these offsets, and leave their partitions alone for so long."""
        until = monotonic() + seconds
        for place, offset in first_offsets.items():
            consumer.go_back(place, offset)
            self._holds[place] = _Hold(offset, until)

    def pass_over(
        self, consumer: Consumer, polled: Mapping[Partition, Sequence[Message]]
    ) -> dict[Partition, Sequence[Message]]:
        """What may be worked off now; partitions that still wait go back to where they wait."""
        now = monotonic()
        self._holds = {place: hold for place, hold in self._holds.items() if now < hold.until}
        for place in polled.keys() & self._holds.keys():
            consumer.go_back(place, self._holds[place].offset)
        return {place: messages for place, messages in polled.items() if place not in self._holds}

    def forget(self, partition: Partition) -> None:
        """Its offsets mean other messages now."""
        self._holds.pop(partition, None)
