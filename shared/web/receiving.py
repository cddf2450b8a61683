"""How many long bodies a process takes in at once: each is read to disk before anything is done.

So a client that sends slowly holds a thread and nothing else: no connection, and no transaction that would keep the
database from cleaning up. For how long is the server's (shared.server), what becomes of the body its route's.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from shared.process import metrics
from shared.web.errors import TooManyUploads

MOST_AT_ONCE: Final = 4
"""Of a process: half of the usual pool's connections, and so many threads at the least are left to all else."""
MOST_OF_ONE_CLIENT: Final = 2
"""So that one client's uploads keep nobody else's out."""


class Reception:
    """Where the uploads of one process come in."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clients: Counter[str] = Counter()

    @contextmanager
    def place(self, client_id: str) -> Iterator[None]:
        """Room for one upload, from its first byte until it is answered.

        Raises:
            TooManyUploads: there is none just now.
        """
        with self._lock:
            if self._clients.total() >= MOST_AT_ONCE or self._clients[client_id] >= MOST_OF_ONE_CLIENT:
                raise TooManyUploads
            self._clients[client_id] += 1
        metrics.UPLOADS.inc()
        try:
            yield
        finally:
            metrics.UPLOADS.dec()
            with self._lock:
                self._clients -= Counter({client_id: 1})
