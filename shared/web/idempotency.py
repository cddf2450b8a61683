"""Idempotency-Key: a repeated request gets the first one's reply. The reply is stored in the effect's own transaction.

So there is nothing to clean up after a crash: either effect and reply are both there, or neither. While a request is at
work it holds an advisory lock of its transaction, which ends with it, however it ends. A request that failed stored
nothing; sent again with the same key, it is simply tried again. shared.messaging.housekeeping drops old replies.

Neither the key nor the request is stored in a readable form: the key as its hash, the request as a hash keyed by the
key. Guessing a person's number from the latter needs the key itself, which only the client has.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

import psycopg2.errors

from shared.db.transaction import Tx
from shared.web.errors import (
    IdempotencyKeyMalformed,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    RequestInProgress,
)

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
PATTERN: Final = r"^[A-Za-z0-9._:-]{8,128}$"
_KEY: Final = re.compile(PATTERN)

# Lock and look in one round trip. Its snapshot may be older than the lock, so a first request that committed in between
# stays unseen; then _STORE_SQL meets its row and this one is undone.
_BEGIN_SQL = """
    SELECT lock.taken, stored.fingerprint, stored.status, stored.headers, stored.body
    FROM (SELECT pg_try_advisory_xact_lock(%s) AS taken) AS lock
    LEFT JOIN idempotency_keys AS stored ON (stored.client_id, stored.route, stored.key) = (%s, %s, %s)
"""
_STORE_SQL = """
    INSERT INTO idempotency_keys (client_id, route, key, fingerprint, status, headers, body)
    VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
_STORED_BEFORE: Final = "idempotency_keys_pkey"


class Hash(Protocol):
    """Something that takes bytes and gives their hash."""

    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class StoredReply:
    """The reply that a repeated request gets again."""

    status: int
    headers: dict[str, str]
    body: bytes


class IdempotentRequest:
    """One request under its key."""

    def __init__(self, key: str, client_id: str, route: str) -> None:
        scope = f"{client_id}\0{route}\0{key}".encode()
        hashed = hashlib.blake2b(scope, digest_size=32, person=b"idem-key")
        self._row = (client_id, route, hashed.hexdigest())
        self._secret = hashlib.blake2b(scope, digest_size=32, person=b"idem-secret").digest()
        self._lock = int.from_bytes(hashed.digest()[:8], "big", signed=True)

    def fingerprint(self) -> Hash:
        """A hash to be fed with what makes the request the same one: address, then body."""
        return hashlib.blake2b(key=self._secret, digest_size=32)

    def begin(self, tx: Tx) -> tuple[bytes, StoredReply] | None:
        """Take the key for this transaction; the fingerprint and reply of the first request, if it was done before.

        Raises:
            RequestInProgress: another request holds the key right now.
        """
        row = tx.one(_BEGIN_SQL, (self._lock, *self._row))
        if row is None or not row[0]:
            raise RequestInProgress
        _taken, fingerprint, status, headers, body = row
        if fingerprint is None:
            return None
        return bytes(fingerprint), StoredReply(status, _headers(headers), bytes(body))

    def finish(self, tx: Tx, fingerprint: bytes, reply: StoredReply) -> None:
        """Store the reply, to be committed with the effect and in the same message; see ``once_only``."""
        tx.later(_STORE_SQL, (*self._row, fingerprint, reply.status, json.dumps(reply.headers), reply.body))


@contextmanager
def once_only() -> Iterator[None]:
    """Around the transaction that stores a reply, its commit included.

    Raises:
        RequestInProgress: the same request was committed while this one began, and this one is undone.
    """
    try:
        yield
    except psycopg2.errors.UniqueViolation as error:
        if error.diag.constraint_name == _STORED_BEFORE:
            raise RequestInProgress from error
        raise


def read_key(header: str | None) -> str:
    """The key as a caller sent it.

    Raises:
        IdempotencyKeyMissing: there is none.
        IdempotencyKeyMalformed: it is too short, too long or has other characters.
    """
    if not header:
        raise IdempotencyKeyMissing
    if not _KEY.fullmatch(header):
        raise IdempotencyKeyMalformed
    return header


def require_same(first: bytes, now: bytes) -> None:
    """Raise IdempotencyKeyReused unless both fingerprints are of the same request."""
    if first != now:
        raise IdempotencyKeyReused


def _headers(stored: object) -> dict[str, str]:
    # psycopg2 decodes jsonb by itself; a column of text or json comes as text.
    decoded = json.loads(stored) if isinstance(stored, str) else stored
    return {str(name): str(value) for name, value in decoded.items()} if isinstance(decoded, dict) else {}
