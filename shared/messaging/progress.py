"""Whether a consumer turns and gets on, for health checks. Restarting or paging somebody is the platform's."""

from __future__ import annotations

from typing import Final

from shared.process import metrics
from shared.process.clock import monotonic, wall_now

NO_PROGRESS_SECONDS: Final = 60.0
"""Work that failed this long is no hiccup: a restart of PostgreSQL or Kafka takes a few seconds."""
STUCK_SECONDS: Final = 300.0
"""A loop that did not come round in this time never will; a batch takes some seconds at worst."""


class Progress:
    """When a consumer last came round its loop, and when it last worked something off or found nothing to do."""

    def __init__(self, group: str) -> None:
        self._group = group
        self._turned_at = monotonic()
        self._made_at = monotonic()

    def turned(self) -> None:
        self._turned_at = monotonic()

    def made(self) -> None:
        self._made_at = monotonic()
        metrics.CONSUMER_PROGRESS.labels(self._group).set(wall_now().timestamp())

    def unready(self) -> str | None:
        """A sentence if work has failed for too long."""
        idle = monotonic() - self._made_at
        if idle < NO_PROGRESS_SECONDS:
            return None
        return (
            f"{self._group} has worked off nothing for {idle:.0f} seconds; are PostgreSQL and Kafka up, and do its "
            "topics exist? Its log says what it retries"
        )

    def dead(self) -> str | None:
        """A sentence if the loop itself is stuck: only a restart helps."""
        stuck = monotonic() - self._turned_at
        return f"{self._group} has been stuck for {stuck:.0f} seconds; restart it" if stuck > STUCK_SECONDS else None
