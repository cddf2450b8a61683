"""That a file cannot be read, and why."""

from __future__ import annotations

from services.fraud_detection.evidence.domain.files import Unreadable


class Refused(Exception):
    """The file cannot be read."""

    def __init__(self, why: Unreadable) -> None:
        super().__init__(why)
        self.why = why
