"""Who did what, in a chain of hashes that shows a changed, missing or added row. What is worth a row is the services'.

Rows are appended one after the other: a transaction that records holds the chain until it ends. It is meant for what
persons do and for changes of rules, some a second at most, not for each claim.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from shared.db.columns import Columns
from shared.db.transaction import AskedBy, Tx


@dataclass(frozen=True, slots=True)
class _Entry:
    number: int
    at: datetime
    actor: str
    client: str
    tenant: str
    action: str
    subject: str
    details: str
    previous_hash: bytes


@dataclass(frozen=True, slots=True)
class _Stored:
    entry: _Entry
    hash: bytes


@dataclass(frozen=True, slots=True)
class _Head:
    number: int
    hash: bytes


_HEAD: Final = f"SELECT {Columns(_Head)} FROM audit_head"
_STORED: Final = Columns(_Stored, entry={})
_INSERT: Final = f"INSERT INTO audit_log ({_STORED.names}) VALUES ({_STORED.places})"
_MOVE_HEAD: Final = "UPDATE audit_head SET number = %s, hash = %s"
_PAGE: Final = f"SELECT {_STORED} FROM audit_log WHERE number > %s ORDER BY number LIMIT 5000"
_START: Final = bytes(32)
_NO_REQUEST: Final = AskedBy(client="", tenant="")


def record(
    tx: Tx, *, actor: str, action: str, subject: str, details: Mapping[str, str | int | None], now: datetime
) -> None:
    """Append one row, with the client and the tenant of the request behind ``tx``; empty where there is none.

    ``actor`` is a pseudonymous subject; nothing here may be personal data of an insured.
    """
    head = tx.the(f"{_HEAD} FOR UPDATE", into=_Head)
    asked = tx.asked_by or _NO_REQUEST
    entry = _Entry(
        number=head.number + 1,
        at=now,
        actor=actor,
        client=asked.client,
        tenant=asked.tenant,
        action=action,
        subject=subject,
        details=json.dumps(dict(details), sort_keys=True, ensure_ascii=False),
        previous_hash=head.hash,
    )
    stored = _Stored(entry, _hash(entry))
    tx.execute(_INSERT, _STORED.values(stored))
    tx.execute(_MOVE_HEAD, (entry.number, stored.hash))


def broken_links(tx: Tx) -> list[str]:
    """What is wrong with the chain, each as a sentence; empty if it is whole. Reads it all, page by page."""
    head = tx.one(_HEAD, into=_Head)
    if head is None:
        return ["the audit trail's head is gone"]
    faults: list[str] = []
    number, previous = 0, _START
    while page := tx.all(_PAGE, (number,), into=_Stored):
        for stored in page:
            faults += _faults(stored, number, previous)
            number, previous = stored.entry.number, stored.hash
    if (number, previous) != (head.number, head.hash):
        faults.append(
            f"the audit trail ends at row {number}, its head says {head.number}: rows were cut off or replaced"
        )
    return faults


def _faults(stored: _Stored, number_before: int, hash_before: bytes) -> list[str]:
    number = stored.entry.number
    faults = []
    if number != number_before + 1:
        faults.append(f"audit row {number} follows row {number_before}: rows between them are gone")
    elif stored.entry.previous_hash != hash_before:
        faults.append(f"audit row {number} does not follow from row {number_before}")
    if _hash(stored.entry) != stored.hash:
        faults.append(f"audit row {number} was changed after it was written")
    return faults


def _hash(entry: _Entry) -> bytes:
    """The link of a row: SHA-256 of what it says, in this order, and of the link before it.

    Client and tenant are left out where both are empty, as in rows of the time before there were such columns.
    """
    asked = [entry.client, entry.tenant] if entry.client or entry.tenant else []
    # PostgreSQL keeps microseconds, as Python does; one zone makes the text the same before and after storing.
    told = [entry.number, entry.at.astimezone(UTC).isoformat(), entry.actor, *asked]
    fields = [*told, entry.action, entry.subject, entry.details, entry.previous_hash.hex()]
    return hashlib.sha256(json.dumps(fields, ensure_ascii=False).encode()).digest()
