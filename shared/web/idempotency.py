"""Idempotency-Key: a repeated request gets the first one's reply. The reply is stored in the effect's own transaction.

So there is nothing to clean up after a crash: either effect and reply are both there, or neither. While a request is at
work it holds an advisory lock of its transaction, which ends with it, however it ends. A request that failed stored
nothing; sent again with the same key, it is simply tried again. shared.messaging.housekeeping drops old replies.

A key is one of a client, a tenant and a person: two who use the same text do not meet. Neither key, request nor reply
is stored in a readable form: the key as its hash, the request as a hash keyed by the key, the reply sealed
(shared.web.reply_seal). Guessing a person's number from them needs the key itself, which only the client has. Whom a
reply is about stands beside it, so that it is overwritten when that person is forgotten (shared.db.kept_replies).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Final, Protocol

import psycopg2.errors

from shared.db.transaction import Tx
from shared.web.auth.tokens import Principal
from shared.web.errors import (
    IdempotencyKeyMalformed,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    ReplyNotKept,
    RequestInProgress,
)
from shared.web.reply_seal import ReplySeal

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
PATTERN: Final = r"^[A-Za-z0-9._:-]{8,128}$"
_KEY: Final = re.compile(PATTERN)

# Lock and look in one round trip. Its snapshot may be older than the lock, so a first request that committed in between
# stays unseen; then _STORE_SQL meets its row and this one is undone.
_BEGIN_SQL = """
    SELECT asked.place, asked.taken, stored.fingerprint, stored.status, stored.headers, stored.body
    FROM (SELECT *, pg_try_advisory_xact_lock(lock) AS taken
          FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[])
               WITH ORDINALITY AS one (lock, client_id, route, key, place)) AS asked
    LEFT JOIN idempotency_keys AS stored USING (client_id, route, key)
"""
_STORE_SQL = """
    INSERT INTO idempotency_keys (client_id, route, key, fingerprint, status, headers, body, about)
    SELECT client_id, route, key, fingerprint, status, headers::jsonb, body, about
    FROM unnest(%s::text[], %s::text[], %s::text[], %s::bytea[], %s::integer[], %s::text[], %s::bytea[], %s::text[])
         AS one (client_id, route, key, fingerprint, status, headers, body, about)
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

    def __init__(self, key: str, caller: Principal, route: str) -> None:
        scope = f"{caller.client_id}\0{caller.tenant}\0{caller.subject}\0{route}\0{key}".encode()
        hashed = hashlib.blake2b(scope, digest_size=32, person=b"idem-key")
        lock = int.from_bytes(hashed.digest()[:8], "big", signed=True)
        self.lock_and_row: Final = (lock, caller.client_id, route, hashed.hexdigest())
        """The number of its advisory lock, and the primary key of its row."""
        self.secret: Final = hashlib.blake2b(scope, digest_size=32, person=b"idem-secret").digest()
        """What only who knows the key can make."""

    def fingerprint(self) -> Hash:
        """A hash to be fed with what makes the request the same one: address, then body."""
        return hashlib.blake2b(key=self.secret, digest_size=32)


@dataclass(frozen=True, slots=True)
class Before:
    """What is stored of a request that was done before; ``sealed`` has the body as it is stored."""

    fingerprint: bytes
    sealed: StoredReply


@dataclass(frozen=True, slots=True)
class Done:
    """A request that was done, with what a repeat of it gets."""

    once: IdempotentRequest
    fingerprint: bytes
    reply: StoredReply
    about: str | None = None
    """Whom the reply shows, by the id that an erasure goes by."""


def begin(tx: Tx, requests: Sequence[IdempotentRequest]) -> list[Before | RequestInProgress | None]:
    """Take each one's key for this transaction. What was found: the first request's reply, if it was done before;
    RequestInProgress where another one holds the key right now, be it one before it in ``requests``; else None.
    """
    columns = [list(column) for column in zip(*(each.lock_and_row for each in requests), strict=True)]
    found: list[Before | RequestInProgress | None] = [RequestInProgress() for _ in requests]
    held: set[object] = set()
    for place, taken, fingerprint, status, headers, body in sorted(tx.all(_BEGIN_SQL, columns), key=itemgetter(0)):
        row = requests[place - 1].lock_and_row
        if not taken:
            continue
        if fingerprint is not None:
            found[place - 1] = Before(bytes(fingerprint), StoredReply(status, _headers(headers), bytes(body)))
        elif row not in held:
            # This transaction would be given the same lock again.
            held.add(row)
            found[place - 1] = None
    return found


def finish(tx: Tx, done: Sequence[Done], seal: ReplySeal) -> None:
    """Store fingerprints and replies, to be committed with the effects and in the same message; see ``once_only``."""
    rows = [
        (
            *each.once.lock_and_row[1:],
            each.fingerprint,
            each.reply.status,
            json.dumps(each.reply.headers),
            seal.seal(each.reply.body, each.once.secret),
            each.about,
        )
        for each in done
    ]
    if rows:
        tx.later(_STORE_SQL, [list(column) for column in zip(*rows, strict=True)])


def again(before: Before, once: IdempotentRequest, fingerprint: bytes, seal: ReplySeal) -> StoredReply:
    """The first request's reply for this one, which has the same key.

    Raises:
        IdempotencyKeyReused: it is not the same request.
        ReplyNotKept: the reply was about somebody who was forgotten since, or its key has left the settings.
    """
    if before.fingerprint != fingerprint:
        raise IdempotencyKeyReused
    body = seal.open(before.sealed.body, once.secret)
    if body is None:
        raise ReplyNotKept
    return replace(before.sealed, body=body)


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


def _headers(stored: object) -> dict[str, str]:
    # psycopg2 decodes jsonb by itself; a column of text or json comes as text.
    decoded = json.loads(stored) if isinstance(stored, str) else stored
    return {str(name): str(value) for name, value in decoded.items()} if isinstance(decoded, dict) else {}
