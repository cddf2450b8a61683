"""What an entry of the guards' list says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Guard:
    """``text`` stands once in ``file``; with ``without`` in its place the guard is gone and ``tests`` must fail."""

    name: str
    file: str
    text: str
    without: str
    tests: tuple[str, ...]
