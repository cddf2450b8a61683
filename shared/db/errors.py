"""What can go wrong in reaching the database that a caller can act on. SQL errors stay psycopg2's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import psycopg2.errors

from shared.values.errors import FangzhaError

AWAY: Final = (psycopg2.OperationalError, psycopg2.InterfaceError, psycopg2.errors.ReadOnlySqlTransaction)
"""Nothing is known to be wrong with what was asked: the same may do well shortly. OperationalError holds a server that
is gone, shuts down or starts, deadlocks and serialization failures; InterfaceError is a connection found closed; the
third, an InternalError to psycopg2, is a server that is no primary, or was told to take no writes."""


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
class UnfitRole(FangzhaError):
    """The role {name} is not one for a service's processes: {detail}."""

    name: str
    detail: str


@dataclass(frozen=True)
class ClockCannotGoBack(FangzhaError):
    """The sandbox's time is {now} and cannot be moved back to {to}."""

    now: str
    to: str
