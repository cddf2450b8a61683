"""How past claims are parted by time: the oldest fit a model, the next calibrate it, the newest test it."""

from __future__ import annotations

from typing import Final

FIT_SHARE: Final = 0.6
CALIBRATE_SHARE: Final = 0.2
"""The oldest 60 % fit, the next 20 % calibrate, the newest 20 % test: a model is asked about what comes later."""


def borders(rows: int) -> tuple[int, int]:
    """Of rows in the order of submission, the first that calibrates and the first that tests."""
    return round(rows * FIT_SHARE), round(rows * (FIT_SHARE + CALIBRATE_SHARE))
