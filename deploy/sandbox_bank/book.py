"""The bank's book in SQLite: one row per reference, one line of statement per change. Durable before it is answered.

``synchronous=FULL`` makes each commit an fsync: what a caller was told survives kill -9 and a power cut.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeAlias

from deploy.sandbox_bank.outcomes import Outcome, Status, outcome_of
from shared.process.clock import wall_now

_Write: TypeAlias = Callable[..., sqlite3.Cursor]

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS transfers (
    reference TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    holder_name TEXT NOT NULL,
    amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT,
    taken_at TEXT NOT NULL,
    later_status TEXT,
    later_reason TEXT,
    later_at TEXT
);
CREATE INDEX IF NOT EXISTS transfers_ripening ON transfers (later_at) WHERE later_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS statement (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    reference TEXT NOT NULL REFERENCES transfers,
    status TEXT NOT NULL,
    reason TEXT,
    at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS clock (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), ahead_seconds REAL NOT NULL);
INSERT OR IGNORE INTO clock VALUES (1, 0);
"""
_RIPE: Final = (
    "SELECT reference, later_status, later_reason, later_at FROM transfers WHERE later_at <= ? ORDER BY later_at"
)
_TRANSFER: Final = "SELECT reference, status, reason, amount_fen, currency FROM transfers"


class OtherContents(Exception):  # named for what happened, as all our errors are
    """The reference is in the book with another account, holder, amount or currency."""


class ClockGoesBack(Exception):
    """A sandbox's time only goes forward."""


@dataclass(frozen=True, slots=True)
class Order:
    reference: str
    account: str
    holder_name: str
    amount_fen: int
    currency: str


@dataclass(frozen=True, slots=True)
class Transfer:
    reference: str
    status: Status
    reason: str | None
    amount_fen: int
    currency: str


class Book:
    """All that the bank knows; safe among threads. Times are the bank's own, which may run ahead of real time."""

    def __init__(self, path: Path, *, begins_ahead: timedelta = timedelta(0)) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.executescript(_SCHEMA)
        self._connection.execute(
            "UPDATE clock SET ahead_seconds = max(ahead_seconds, ?)", (begins_ahead.total_seconds(),)
        )

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def now(self) -> datetime:
        with self._lock:
            return self._now()

    def move_clock(self, to: datetime) -> datetime:
        """Move the bank's time forward to ``to``; the time it is then.

        Raises:
            ClockGoesBack: ``to`` is past.
        """
        with self._writing() as write:
            now = self._now()
            if to < now:
                raise ClockGoesBack
            write("UPDATE clock SET ahead_seconds = ahead_seconds + ?", ((to - now).total_seconds(),))
            self._ripen(write)
            return to

    def order(self, order: Order) -> tuple[Transfer | None, Outcome]:
        """Carry out an order, once per reference, and how it came out; None if it was not taken at all.

        Raises:
            OtherContents: the reference was used for another order.
        """
        outcome = outcome_of(order.account)
        with self._writing() as write:
            self._ripen(write)
            known = write(
                "SELECT account, holder_name, amount_fen, currency FROM transfers WHERE reference = ?",
                (order.reference,),
            ).fetchone()
            if known is not None:
                if known != (order.account, order.holder_name, order.amount_fen, order.currency):
                    raise OtherContents
            elif outcome.first is not None:
                self._take(write, order, outcome)
            return self._find(order.reference), outcome

    def find(self, reference: str) -> Transfer | None:
        with self._writing() as write:
            self._ripen(write)
            return self._find(reference)

    def transfers(self, *, after: str, limit: int) -> list[Transfer]:
        """Transfers in the order of their references."""
        with self._writing() as write:
            self._ripen(write)
            rows = write(f"{_TRANSFER} WHERE reference > ? ORDER BY reference LIMIT ?", (after, limit)).fetchall()
        return [Transfer(*row) for row in rows]

    def statement(self, *, after: int, limit: int) -> list[dict[str, Any]]:
        """What happened, in the order in which it was written down."""
        with self._writing() as write:
            self._ripen(write)
            rows = write(
                "SELECT number, s.reference, s.status, s.reason, amount_fen, currency, at FROM statement s"
                " JOIN transfers USING (reference) WHERE number > ? ORDER BY number LIMIT ?",
                (after, limit),
            ).fetchall()
        names = ("number", "reference", "status", "reason", "amount_fen", "currency", "at")
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _writing(self) -> _Writing:
        return _Writing(self._connection, self._lock)

    def _now(self) -> datetime:
        (ahead,) = self._connection.execute("SELECT ahead_seconds FROM clock").fetchone()
        return wall_now() + timedelta(seconds=ahead)

    def _take(self, write: _Write, order: Order, outcome: Outcome) -> None:
        now = self._now()
        later_at = _text(now + outcome.delay) if outcome.later is not None else None
        reason = outcome.reason if outcome.first == "rejected" else None
        values = (
            order.reference,
            order.account,
            order.holder_name,
            order.amount_fen,
            order.currency,
            outcome.first,
            reason,
            _text(now),
            outcome.later,
            outcome.reason,
            later_at,
        )
        write(f"INSERT INTO transfers VALUES ({', '.join('?' * len(values))})", values)
        self._state(write, order.reference, outcome.first, reason, _text(now))

    def _ripen(self, write: _Write) -> None:
        """Let happen what is due by now: late transfers are done, doomed ones come back."""
        for reference, status, reason, at in write(_RIPE, (_text(self._now()),)).fetchall():
            write(
                "UPDATE transfers SET status = ?, reason = ?, later_at = NULL WHERE reference = ?",
                (status, reason, reference),
            )
            self._state(write, reference, status, reason, at)

    def _state(self, write: _Write, reference: str, status: str | None, reason: str | None, at: str) -> None:
        write(
            "INSERT INTO statement (reference, status, reason, at) VALUES (?, ?, ?, ?)", (reference, status, reason, at)
        )

    def _find(self, reference: str) -> Transfer | None:
        row = self._connection.execute(f"{_TRANSFER} WHERE reference = ?", (reference,)).fetchone()
        return None if row is None else Transfer(*row)


class _Writing:
    """One transaction at a time; committed, and so on the disk, when the block ends well."""

    def __init__(self, connection: sqlite3.Connection, lock: threading.Lock) -> None:
        self._connection = connection
        self._lock = lock

    def __enter__(self) -> _Write:
        self._lock.acquire()
        self._connection.execute("BEGIN IMMEDIATE")
        return self._connection.execute

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        try:
            self._connection.execute("COMMIT" if kind is None else "ROLLBACK")
        finally:
            self._lock.release()


def _text(moment: datetime) -> str:
    """One form, so that texts sort as times do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
