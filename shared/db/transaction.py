"""One database transaction, handed to use cases. It begins with its first statement; who opened it commits it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol, TypeAlias, TypeVar, overload

Row: TypeAlias = tuple[Any, ...]
"""One row in the order of the SELECT's columns."""
Parameters: TypeAlias = Sequence[object] | Mapping[str, object]
T = TypeVar("T")


class NotOneRow(Exception):
    """A statement that always has one row had none or several."""


@dataclass(frozen=True, slots=True)
class AskedBy:
    """Whose request the transaction is done for: the client that sent it, and for which tenant."""

    client: str
    tenant: str


class Tx(Protocol):
    """What a store function may do. Real ones come from shared.db.pool.Database.transaction.

    ``into`` is what becomes of a row: a dataclass or struct by the names of its columns (shared.db.columns), or the
    type of its one column, or a tuple of types.
    """

    asked_by: AskedBy | None
    """None where no single request is behind it: a job, an event, a command, requests that are done together."""

    def execute(self, sql: str, parameters: Parameters = ()) -> int:
        """Run one statement; the number of rows it touched."""
        ...

    # The first row, or None; a plain value is None also where it is NULL.
    @overload
    def one(self, sql: str, parameters: Parameters = ()) -> Row | None: ...
    @overload
    def one(self, sql: str, parameters: Parameters = (), *, into: type[T]) -> T | None: ...

    # The row of a statement that always has one: an aggregate, or what was just written or locked. Else: NotOneRow.
    @overload
    def the(self, sql: str, parameters: Parameters = ()) -> Row: ...
    @overload
    def the(self, sql: str, parameters: Parameters = (), *, into: type[T]) -> T: ...

    @overload
    def all(self, sql: str, parameters: Parameters = ()) -> list[Row]: ...
    @overload
    def all(self, sql: str, parameters: Parameters = (), *, into: type[T]) -> list[T]: ...

    def later(self, sql: str, parameters: Parameters = ()) -> None:
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

    def attempt(self, *, keep: bool = True) -> AbstractContextManager[None]:
        """What is done within is undone by itself where the database or we refuse it, or where it is not kept."""
        ...

    def notify(self, channel: str) -> None:
        """Wake who LISTENs on ``channel`` when this transaction commits."""
        ...
