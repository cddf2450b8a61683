"""What can go wrong in reaching the database that a caller can act on. SQL errors stay psycopg2's own."""

from __future__ import annotations

from dataclasses import dataclass

from shared.values.errors import FangzhaError


@dataclass(frozen=True)
class NoConnectionFree(FangzhaError):
    """All {size} database connections are in use; none came free within {wait_seconds} seconds. Try again shortly."""

    size: int
    wait_seconds: float


@dataclass(frozen=True)
class BrokenMigration(FangzhaError):
    """Migration {name} cannot be applied: {detail}."""

    name: str
    detail: str


@dataclass(frozen=True)
class ClockCannotGoBack(FangzhaError):
    """The sandbox's time is {now} and cannot be moved back to {to}."""

    now: str
    to: str
