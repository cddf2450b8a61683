"""Who did what, in a chain of hashes that shows a changed, missing or added row. What is worth a row is the services'.

Rows are appended one after the other: a transaction that records holds the chain until it ends. It is meant for what
persons do and for changes of rules, some a second at most, not for each claim.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from shared.db.transaction import AskedBy, Row, Tx

_HEAD: Final = "SELECT number, hash FROM audit_head FOR UPDATE"
_COLUMNS: Final = "number, at, actor, client, tenant, action, subject, details, previous_hash"
_INSERT: Final = f"INSERT INTO audit_log ({_COLUMNS}, hash) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
_MOVE_HEAD: Final = "UPDATE audit_head SET number = %s, hash = %s"
_PAGE: Final = f"SELECT {_COLUMNS}, hash FROM audit_log WHERE number > %s ORDER BY number LIMIT 5000"
_START: Final = bytes(32)
_NO_REQUEST: Final = AskedBy(client="", tenant="")


def record(
    tx: Tx, *, actor: str, action: str, subject: str, details: Mapping[str, str | int | None], now: datetime
) -> None:
    """Append one row, with the client and the tenant of the request behind ``tx``; empty where there is none.

    ``actor`` is a pseudonymous subject; nothing here may be personal data of an insured.
    """
    row = tx.one(_HEAD)
    assert row is not None  # noqa: S101  # the migration made the one row; for mypy
    number, previous = row[0] + 1, bytes(row[1])
    asked = tx.asked_by or _NO_REQUEST
    text = json.dumps(dict(details), sort_keys=True, ensure_ascii=False)
    columns = (number, now, actor, asked.client, asked.tenant, action, subject, text, previous)
    link = _hash(columns)
    tx.execute(_INSERT, (*columns, link))
    tx.execute(_MOVE_HEAD, (number, link))


def broken_links(tx: Tx) -> list[str]:
    """What is wrong with the chain, each as a sentence; empty if it is whole. Reads it all, page by page."""
    head = tx.one("SELECT number, hash FROM audit_head")
    if head is None:
        return ["the audit trail's head is gone"]
    faults: list[str] = []
    number, previous = 0, _START
    while page := tx.all(_PAGE, (number,)):
        for row in page:
            faults += _faults(row, number, previous)
            number, previous = row[0], row[-1]
    if (number, previous) != (head[0], head[1]):
        faults.append(f"the audit trail ends at row {number}, its head says {head[0]}: rows were cut off or replaced")
    return faults


def _faults(row: Row, number_before: int, hash_before: bytes) -> list[str]:
    number, previous, link = row[0], row[-2], row[-1]
    faults = []
    if number != number_before + 1:
        faults.append(f"audit row {number} follows row {number_before}: rows between them are gone")
    elif previous != hash_before:
        faults.append(f"audit row {number} does not follow from row {number_before}")
    if _hash(row[:-1]) != link:
        faults.append(f"audit row {number} was changed after it was written")
    return faults


def _hash(columns: Row) -> bytes:
    """The link of a row: SHA-256 of its other columns, in the order of _COLUMNS.

    Client and tenant are left out where both are empty, as in rows of the time before there were such columns.
    """
    number, at, actor, client, tenant, *others, previous = columns
    asked = [client, tenant] if client or tenant else []
    # PostgreSQL keeps microseconds, as Python does; one zone makes the text the same before and after storing.
    fields = [number, at.astimezone(UTC).isoformat(), actor, *asked, *others, previous.hex()]
    return hashlib.sha256(json.dumps(fields, ensure_ascii=False).encode()).digest()
