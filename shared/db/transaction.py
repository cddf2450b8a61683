"""One database transaction, handed to use cases. It begins with its first statement; who opened it commits it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO, Protocol, TypeAlias

Row: TypeAlias = tuple[Any, ...]
"""One row in the order of the SELECT's columns; a store function turns it into a dataclass at once."""


class Tx(Protocol):
    """What a store function may do. Real ones come from shared.db.pool.Database.transaction."""

    def execute(self, sql: str, parameters: Sequence[object] | dict[str, object] = ()) -> int:
        """Run one statement; the number of rows it touched."""
        ...

    def one(self, sql: str, parameters: Sequence[object] | dict[str, object] = ()) -> Row | None:
        """The first row, or None."""
        ...

    def all(self, sql: str, parameters: Sequence[object] | dict[str, object] = ()) -> list[Row]:
        """All rows."""
        ...

    def later(self, sql: str, parameters: Sequence[object] | dict[str, object] = ()) -> None:
        """Run one statement, in its place, together with the next one or with the commit: a message less.

        For what asks nothing back. If it fails, the error comes out of that next statement, or of the commit.
        """
        ...

    def insert_many(self, sql: str, rows: Sequence[Sequence[object]], *, page: int = 1000) -> list[Row]:
        """``INSERT ... VALUES %s [RETURNING ...]`` by psycopg2's execute_values; the returned rows."""
        ...

    def copy_in(self, sql: str, data: BinaryIO) -> int:
        """``COPY ... FROM STDIN`` of the bytes of ``data``; the number of rows it took."""
        ...

    def notify(self, channel: str) -> None:
        """Wake who LISTENs on ``channel`` when this transaction commits."""
        ...
