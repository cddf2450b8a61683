"""Bring a database's schema up to date from numbered SQL files. What stands in them is each service's.

Each migration is one transaction under one advisory lock: two runners at once do the work once, and one that is killed
leaves nothing half done and no lock behind (PostgreSQL frees it with the connection). yoyo and its kind keep their lock
in a table, where a killed runner leaves it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from psycopg2.extensions import connection as Connection  # noqa: N812  # psycopg2 names its class in lower case

from shared.db import privileges
from shared.db.connection import connect
from shared.db.errors import BrokenMigration

_SHARED: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 0x66616E677A6861  # "fangzha"; any number that no other lock of these databases uses
_TAKE_LOCK: Final = "SELECT pg_advisory_xact_lock(%s)"
_FILE_NAME: Final = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")

_BOOKS: Final = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    space text NOT NULL,
    number integer NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (space, number)
)"""


@dataclass(frozen=True, slots=True)
class _Migration:
    space: str
    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrate(url: str, folders: Sequence[Path], *, processes: str | None = None) -> list[str]:
    """Apply what is not applied yet: shared's own migrations first, then those of ``folders``; the names applied.

    ``url`` is the owner's. ``processes`` is the role that may work with the tables afterwards; see privileges.

    Raises:
        BrokenMigration: a file was changed after it was applied, has no place in the order, or says not why.
        UnfitRole: ``processes`` is no role for that.
    """
    migrations = [*_read("shared", [_SHARED]), *_read("service", folders)]
    connection = connect(url, "migrate")
    try:
        applied = []
        while (name := _apply_next(connection, migrations)) is not None:
            applied.append(name)
        if processes is not None:
            with connection, connection.cursor() as cursor:
                cursor.execute(_TAKE_LOCK, (_LOCK,))
                privileges.grant(cursor, processes, [_SHARED, *folders])
        return applied
    finally:
        connection.close()


def _apply_next(connection: Connection, migrations: Sequence[_Migration]) -> str | None:
    """Apply the first one that is missing, and commit; None if there is none."""
    with connection, connection.cursor() as cursor:
        cursor.execute(_TAKE_LOCK, (_LOCK,))
        # A migration that waits for a table makes all who come after it wait too: better to fail and be run again.
        cursor.execute("SET LOCAL lock_timeout = '10s'")
        cursor.execute(_BOOKS)
        cursor.execute("SELECT space, number, sha256 FROM schema_migrations")
        applied = {(space, number): sha256 for space, number, sha256 in cursor.fetchall()}
        for migration in migrations:
            sha256 = applied.get((migration.space, migration.number))
            if sha256 is not None:
                if sha256 != migration.sha256:
                    raise BrokenMigration(migration.name, "it was changed after it was applied; write a new one")
                continue
            if any(space == migration.space and number > migration.number for space, number in applied):
                raise BrokenMigration(migration.name, "one with a higher number was applied before it; number it anew")
            cursor.execute(migration.sql)
            cursor.execute(
                "INSERT INTO schema_migrations (space, number, name, sha256) VALUES (%s, %s, %s, %s)",
                (migration.space, migration.number, migration.name, migration.sha256),
            )
            return f"{migration.space}/{migration.name}"
    return None


def _read(space: str, folders: Sequence[Path]) -> Iterator[_Migration]:
    """The migrations of one space in the order of their numbers."""
    found: dict[int, _Migration] = {}
    for path in (path for folder in folders for path in folder.glob("*.sql") if path.name != privileges.FILE):
        matched = _FILE_NAME.fullmatch(path.name)
        if matched is None:
            raise BrokenMigration(path.name, "its name is not like 0007_one_payout_per_claim.sql")
        sql = path.read_text(encoding="utf-8")
        if not sql.startswith("-- "):
            raise BrokenMigration(path.name, "its first line is not a comment that says why")
        number = int(matched[1])
        if number in found:
            raise BrokenMigration(path.name, f"its number is {found[number].name}'s already")
        found[number] = _Migration(space, number, path.name, sql)
    yield from (found[number] for number in sorted(found))
