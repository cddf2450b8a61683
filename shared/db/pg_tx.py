"""One transaction on one connection, in as few messages as can be. Lending connections is the pool's.

The connection is in autocommit mode, and BEGIN and COMMIT are sent here, beside the statements: psycopg2 would send
each in a message of its own. A statement put off by ``later`` travels with the next one, or with the COMMIT.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO, Final

import psycopg2
from psycopg2.extensions import (
    TRANSACTION_STATUS_ACTIVE,
    TRANSACTION_STATUS_IDLE,
    TRANSACTION_STATUS_UNKNOWN,
)
from psycopg2.extensions import connection as Connection  # noqa: N812  # psycopg2 names its class in lower case
from psycopg2.extras import execute_values

from shared.db.columns import rows_into
from shared.db.transaction import AskedBy, NotOneRow, Parameters, Row
from shared.values.errors import FangzhaError

_BEGIN: Final = b"BEGIN"
_COMMIT: Final = b"COMMIT"
_UNDO: Final = "ROLLBACK TO SAVEPOINT attempt; RELEASE SAVEPOINT attempt"
_KEEP: Final = "RELEASE SAVEPOINT attempt"
"""So that the name is the outer one's again, where one attempt is made within another."""
_NOTIFY: Final = "SELECT pg_notify(channel, '') FROM unnest(%s) AS channel"
_COPY_BYTES: Final = 1 << 20
"""What psycopg2 reads at a time. For each piece it asks for the interpreter again, and a thread that computes gives it
up every 5 ms: of its default of 8 kB, the rows of a part are 700 pieces."""


class PgTx:
    """One transaction on a lent connection; see shared.db.transaction.Tx for what each method promises."""

    def __init__(self, connection: Connection) -> None:
        self.asked_by: AskedBy | None = None
        self._connection = connection
        self._cursor = connection.cursor()
        self._put_off: list[bytes] = []
        self._begun = False
        self._channels: set[str] = set()

    def execute(self, sql: str, parameters: Parameters = ()) -> int:
        self._send(sql, parameters)
        return self._cursor.rowcount

    def one(self, sql: str, parameters: Parameters = (), *, into: Any = None) -> Any:
        self._send(sql, parameters)
        row = self._cursor.fetchone()
        made = self._made(sql, [] if row is None else [row], into)
        return made[0] if made else None

    def the(self, sql: str, parameters: Parameters = (), *, into: Any = None) -> Any:
        rows = self.all(sql, parameters, into=into)
        if len(rows) != 1:
            raise NotOneRow(f"{len(rows)} rows, and always one of: {sql}")
        return rows[0]

    def all(self, sql: str, parameters: Parameters = (), *, into: Any = None) -> Any:
        self._send(sql, parameters)
        return self._made(sql, self._cursor.fetchall(), into)

    def later(self, sql: str, parameters: Parameters = ()) -> None:
        self._put_off.append(self._cursor.mogrify(sql, parameters or None))

    def insert_many(self, sql: str, rows: Sequence[Sequence[object]], *, page: int = 1000) -> list[Row]:
        if not rows:
            return []
        self._flush()
        returning = "RETURNING" in sql.upper()
        answer = execute_values(self._cursor, sql, rows, page_size=page, fetch=returning)
        return list(answer) if returning else []

    def copy_in(self, sql: str, data: BinaryIO) -> int:
        self._flush()
        self._cursor.copy_expert(sql, data, _COPY_BYTES)
        return self._cursor.rowcount

    @contextmanager
    def attempt(self, *, keep: bool = True) -> Iterator[None]:
        self.execute("SAVEPOINT attempt")
        try:
            yield
        except (psycopg2.IntegrityError, FangzhaError):
            self.execute(_UNDO)
            raise
        if keep:
            self.later(_KEEP)
        else:
            self.execute(_UNDO)

    def notify(self, channel: str) -> None:
        self._channels.add(channel)

    def commit(self) -> None:
        """Make it durable, and then wake who listens; nothing is sent if nothing was done.

        NOTIFY stands behind the COMMIT, in the same message and outside of the transaction: inside, it takes a lock of
        the whole server that is held across the commit's fsync, and commits would wait for each other.
        """
        parts = [*self._ahead(), _COMMIT] if self._begun or self._put_off else []
        if self._channels:
            parts.append(self._cursor.mogrify(_NOTIFY, (list(self._channels),)))
        if parts:
            self._run(parts)

    def roll_back(self) -> None:
        """Undo; a connection on which even that fails is closed, and the error that led here is the one to tell."""
        connection = self._connection
        if connection.closed:
            return
        status = connection.get_transaction_status()
        if status == TRANSACTION_STATUS_IDLE:
            return
        if status in {TRANSACTION_STATUS_ACTIVE, TRANSACTION_STATUS_UNKNOWN}:
            connection.close()
            return
        try:
            self._cursor.execute("ROLLBACK")
        except psycopg2.Error:
            connection.close()

    def _made(self, sql: str, rows: list[Row], into: Any) -> Any:
        if into is None:
            return rows
        return rows_into(into, sql, lambda: [column.name for column in self._cursor.description or ()], rows)

    def _send(self, sql: str, parameters: Parameters) -> None:
        if self._begun and not self._put_off:
            self._cursor.execute(sql, parameters or None)
        else:
            self._run([*self._ahead(), self._cursor.mogrify(sql, parameters or None)])

    def _flush(self) -> None:
        ahead = self._ahead()
        if ahead:
            self._run(ahead)

    def _run(self, statements: Sequence[bytes]) -> None:
        try:
            self._cursor.execute(b";\n".join(statements))
        except psycopg2.Error:
            # A message that does not even parse begins nothing: what comes after it needs its own BEGIN.
            self._begun = self._connection.get_transaction_status() != TRANSACTION_STATUS_IDLE
            raise

    def _ahead(self) -> list[bytes]:
        """What must be sent before the next statement."""
        ahead = self._put_off if self._begun else [_BEGIN, *self._put_off]
        self._begun, self._put_off = True, []
        return ahead
