"""A bounded pool of PostgreSQL connections. What runs in a transaction is its caller's; how long is too.

psycopg2's own pool raises at once when it is exhausted and hands out connections that died meanwhile. This one waits a
bounded time, looks at each connection before it lends it, and forgets a broken one.
"""

from __future__ import annotations

import os
import select
import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Final

import psycopg2
from psycopg2.errors import ReadOnlySqlTransaction
from psycopg2.extensions import TRANSACTION_STATUS_IDLE
from psycopg2.extensions import connection as Connection  # noqa: N812  # psycopg2 names its class in lower case

from shared.db.connection import connect
from shared.db.errors import NoConnectionFree
from shared.db.pg_tx import PgTx
from shared.db.transaction import Tx
from shared.process import metrics
from shared.process.clock import monotonic

_PING_AFTER_SECONDS: Final = 30.0
"""A connection that idled this long is asked before it is lent. A server that closed it is noticed at once and for
nothing (its socket is readable); the ping is for firewalls that drop an idle connection without a word, none of which
are known to do so before a minute."""
_READ_ONLY: Final = ("in_hot_standby", "default_transaction_read_only")


@dataclass(frozen=True, slots=True)
class _Idle:
    connection: Connection
    since: float


class Database:
    """Connections to one database, opened as they are needed, ``size`` at most; safe among threads and after a fork."""

    def __init__(self, url: str, *, size: int = 8, wait_seconds: float = 2.0, application_name: str = "") -> None:
        self._url = url
        self._size = size
        self._wait_seconds = wait_seconds
        self._application_name = application_name
        self._parents: list[_Idle] = []
        self._reset()

    def _reset(self) -> None:
        self._condition = threading.Condition()
        self._idle: list[_Idle] = []
        self._lent = 0
        self._closed = False
        self._process = os.getpid()

    def transaction(self) -> AbstractContextManager[Tx]:
        """Lend a connection for one transaction: committed at the end of the block, rolled back if it raises.

        Raises:
            NoConnectionFree: all are lent and none came back within ``wait_seconds``.
            psycopg2.OperationalError: the server cannot be reached, or was lost; a commit that was lost in flight may
                have been done.
            ReadOnlySqlTransaction: the server takes no writes; the next borrower gets another connection.
        """
        return _Transaction(self)

    def close(self) -> None:
        """Close what is idle now and what comes back later."""
        with self._condition:
            self._closed = True
            idle, self._idle = self._idle, []
        for each in idle:
            each.connection.close()

    def ping(self) -> str | None:
        """For a health check: None, or what is wrong and what to do. A server that takes no writes is not well."""
        try:
            with self.transaction() as tx:
                if tx.one("SHOW transaction_read_only") != ("off",):
                    raise ReadOnlySqlTransaction  # noqa: TRY301  # so that this connection is not lent again
        except NoConnectionFree as error:
            return error.sentence()
        except ReadOnlySqlTransaction:
            return "PostgreSQL takes no writes; is it a standby, and does the database URL name the primary?"
        except psycopg2.Error as error:
            return f"PostgreSQL cannot be reached ({type(error).__name__}); is it up, and is the database URL right?"
        return None

    def lend(self) -> Connection:
        """A connection in good order; give it back by ``take_back``."""
        if self._process != os.getpid():
            # A forked child must not speak on its parent's sockets, nor close them with a goodbye: kept, unused.
            self._parents += self._idle
            self._reset()
        self._reserve()
        try:
            while (idle := self._pop()) is not None:
                if _is_alive(idle):
                    return idle.connection
                idle.connection.close()
            return _in_autocommit(connect(self._url, self._application_name))
        except BaseException:
            self._release()
            raise

    def take_back(self, connection: Connection) -> None:
        """Keep it for the next borrower if it is in good order; forget it if not."""
        with self._condition:
            keep = not self._closed and not connection.closed and _is_idle(connection) and _may_write(connection)
            if keep:
                self._idle.append(_Idle(connection, monotonic()))
            self._lent -= 1
            self._condition.notify()
        if not keep:
            connection.close()

    def _reserve(self) -> None:
        with self._condition:
            if not self._condition.wait_for(lambda: self._lent < self._size, self._wait_seconds):
                metrics.CONNECTIONS_REFUSED.inc()
                raise NoConnectionFree(size=self._size, wait_seconds=self._wait_seconds)
            self._lent += 1

    def _release(self) -> None:
        with self._condition:
            self._lent -= 1
            self._condition.notify()

    def _pop(self) -> _Idle | None:
        # The one used last: it is the likeliest to be alive, and the others may grow old and be dropped.
        with self._condition:
            return self._idle.pop() if self._idle else None


class _Transaction(AbstractContextManager[Tx]):
    """What ``with database.transaction() as tx`` runs. A class, not a generator: half the cost."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> Tx:
        self._connection = self._database.lend()
        self._tx = PgTx(self._connection)
        return self._tx

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._commit()
            elif isinstance(error, ReadOnlySqlTransaction):
                # Beside _may_write: a pooler between us and the server may not pass on what the server is.
                self._connection.close()
            else:
                self._tx.roll_back()
        except BaseException:
            self._connection.close()
            raise
        finally:
            self._database.take_back(self._connection)

    def _commit(self) -> None:
        try:
            self._tx.commit()
        except psycopg2.Error:
            # Refused by what waited until now: a constraint that is looked at last, or a statement put off.
            self._tx.roll_back()
            raise


def _in_autocommit(connection: Connection) -> Connection:
    connection.autocommit = True
    return connection


def _is_idle(connection: Connection) -> bool:
    return connection.get_transaction_status() == TRANSACTION_STATUS_IDLE


def _may_write(connection: Connection) -> bool:
    """As far as the server said with its last answer (from PostgreSQL 14 on; psycopg2 says None where it did not).

    A session that was opened on a standby, or while writing was forbidden to its role, may remain that for ever while
    the primary is elsewhere: such a one is not lent again.
    """
    return "on" not in map(connection.get_parameter_status, _READ_ONLY)


def _is_alive(idle: _Idle) -> bool:
    connection = idle.connection
    if connection.closed or _has_news(connection):
        return False
    if monotonic() - idle.since < _PING_AFTER_SECONDS:
        return True
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except psycopg2.Error:
        return False
    return True


def _has_news(connection: Connection) -> bool:
    """Whether an idle connection has something to read: an end of file or a farewell, for nobody asked anything."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN | select.POLLHUP | select.POLLERR)
    return bool(poll.poll(0))
