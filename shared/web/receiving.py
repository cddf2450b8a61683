"""How many bodies a process takes in at once, and for how long each: a body is read to disk before anything is done.

So a client that sends slowly holds a thread and nothing else: no connection, and no transaction that would keep the
database from cleaning up. What becomes of the body is its route's.
"""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from shared.process import metrics
from shared.process.clock import monotonic
from shared.web.errors import TooManyUploads
from shared.web.uploads import Upload

MOST_AT_ONCE: Final = 4
"""Of a process: half of the usual pool's connections, and so many threads at the least are left to all else."""
MOST_OF_ONE_CLIENT: Final = 2
"""So that one client's uploads keep nobody else's out."""
CHUNK_SECONDS: Final = 30.0
"""For the next 256 KiB: 9 kB a second. A file of 2 GiB takes hours at ten times that."""

_LOOK_SECONDS: Final = 1.0


class Reception:
    """Where the uploads of one process come in."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._clients: Counter[str] = Counter()
        self._watched: dict[Upload, socket.socket] = {}
        self._watchman: threading.Thread | None = None

    @contextmanager
    def place(self, client_id: str) -> Iterator[None]:
        """Room for one upload, from its first byte until it is answered.

        Raises:
            TooManyUploads: there is none just now.
        """
        with self._changed:
            if self._clients.total() >= MOST_AT_ONCE or self._clients[client_id] >= MOST_OF_ONE_CLIENT:
                raise TooManyUploads
            self._clients[client_id] += 1
        metrics.UPLOADS.inc()
        try:
            yield
        finally:
            metrics.UPLOADS.dec()
            with self._changed:
                self._clients -= Counter({client_id: 1})

    def receive(self, upload: Upload, connection: socket.socket | None) -> None:
        """Read all of ``upload`` to disk; ``connection`` is where it comes from, None where there is no network.

        Raises:
            UploadIncomplete, UploadTooSlow: it did not come whole, or not in time.
            NoRoomForUpload: the disk is full.
        """
        if connection is not None:
            self._watch(upload, connection)
        try:
            upload.receive()
        finally:
            with self._changed:
                self._watched.pop(upload, None)

    def _watch(self, upload: Upload, connection: socket.socket) -> None:
        with self._changed:
            self._watched[upload] = connection
            if self._watchman is None or not self._watchman.is_alive():
                self._watchman = threading.Thread(target=self._hang_up_on_slow_ones, name="uploads", daemon=True)
                self._watchman.start()
            self._changed.notify_all()

    def _hang_up_on_slow_ones(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._watched)
                for upload, connection in self._watched.items():
                    if monotonic() - upload.heard_at > CHUNK_SECONDS:
                        upload.too_slow = True
                        # Wakes whoever reads; the answer can still be sent.
                        with suppress(OSError):
                            connection.shutdown(socket.SHUT_RD)
                self._changed.wait(_LOOK_SECONDS)
