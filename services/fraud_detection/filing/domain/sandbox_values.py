"""Test phones of a sandbox: the last four digits force an outcome. Outside a sandbox nothing here is asked."""

from __future__ import annotations

from typing import Final, Literal

SandboxValue = Literal["approve", "review", "refusal_proposed", "documents", "duplicate"]

BY_LAST_DIGITS: Final[dict[str, SandboxValue]] = {
    "9001": "approve",
    "9002": "review",
    "9003": "refusal_proposed",
    "9004": "documents",
    "9005": "duplicate",
}


def sandbox_value(phone: str, *, sandbox: bool) -> SandboxValue | None:
    """What the normalized ``phone`` forces, if anything."""
    return BY_LAST_DIGITS.get(phone[-4:]) if sandbox else None
