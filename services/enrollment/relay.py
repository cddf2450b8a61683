"""Enrollment's relay."""

from __future__ import annotations

from typing import Final

from services.enrollment.settings import Settings
from shared.entry import relay

GATHER_SECONDS: Final = 0.1
"""Nobody waits for one enrollment to be known elsewhere, and many come at once."""


def run() -> None:
    """Until told to stop."""
    relay.run(Settings.load(), gather_seconds=GATHER_SECONDS)
