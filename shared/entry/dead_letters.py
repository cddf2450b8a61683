"""What the commands ``dlq list|show|replay`` do. How letters are read and sent is shared.messaging.dead_letters'."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import typer

from shared.db.pool import Database
from shared.entry import wiring
from shared.entry.tools import Tools
from shared.messaging import dead_letters
from shared.messaging.dead_letters import DeadLetter
from shared.messaging.kafka_link import Link
from shared.messaging.subscription import Subscription
from shared.process import logs
from shared.process.settings import Settings

S = TypeVar("S", bound=Settings)


class Letters:
    """The dead letters of one service's subscriptions."""

    def __init__(self, tools: Tools[S], settings: S) -> None:
        settings.needs("kafka_bootstrap_servers")
        logs.configure(settings.SERVICE, "dlq", "WARNING")
        self._name = settings.SERVICE
        self._link = Link.from_settings(settings)
        self._database: Database = wiring.database(settings, "dlq")
        clock = wiring.business_clock(settings, self._database)
        self._subscriptions = tools.subscriptions(settings, self._database, clock)

    def read(self, subscription: str | None) -> list[DeadLetter]:
        """All letters of one subscription, or of all."""
        found: list[DeadLetter] = []
        for each in self._chosen(subscription):
            found += dead_letters.letters(self._link, self._database, each.group(self._name), each.topics)
        return found

    def replay(self, subscription: str, topic: str | None, event_id: str | None) -> int:
        """Send those that still wait again; how many."""
        waiting = [
            letter
            for letter in self.read(subscription)
            if (topic is None or letter.topic == topic) and (event_id is None or letter.event_id == event_id)
        ]
        return dead_letters.replay(self._link, waiting)

    def _chosen(self, subscription: str | None) -> Sequence[Subscription]:
        chosen = [each for each in self._subscriptions if subscription in {None, each.name}]
        if not chosen and subscription is not None:
            names = ", ".join(each.name for each in self._subscriptions) or "none"
            raise typer.BadParameter(f"there is no subscription {subscription!r}; this service has: {names}")
        return chosen


def line(letter: DeadLetter) -> str:
    """One letter on one line."""
    state = "taken since" if letter.taken else "waiting"
    return (
        f"{letter.set_aside_at}  {letter.group}  {letter.topic}  {letter.event_id}  {letter.event_type}  "
        f"{state}  {letter.error_type}: {letter.error}"
    )


def page(letter: DeadLetter) -> list[str]:
    """One letter in full: why, headers, body."""
    headers = [f"  {name}: {value.decode(errors='replace')}" for name, value in letter.message.headers]
    body = letter.message.value.decode(errors="replace")
    return [line(letter), "headers", *headers, "body", f"  {body}"]
