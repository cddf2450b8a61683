"""How a process learns that it should stop. What it still finishes first is its own business."""

from __future__ import annotations

import signal
import threading
from types import FrameType


class Stopping:
    """Asked to stop or not yet. SIGTERM and SIGINT ask once ``listen`` was called; ``ask`` asks from code."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    def listen(self) -> None:
        """Take SIGTERM and SIGINT; only the main thread may."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)

    def ask(self) -> None:
        self._asked.set()

    def requested(self) -> bool:
        return self._asked.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep up to ``seconds``; True as soon as the process should stop."""
        return self._asked.wait(seconds)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        # Event.set takes a lock that the interrupted main thread might hold inside wait(); a thread of its own cannot.
        threading.Thread(target=self._asked.set, name="stopping", daemon=True).start()
