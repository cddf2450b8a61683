"""Batches, their sealed parts and their rejected rows. What is in a part is the intake's business."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import msgspec

from services.enrollment.files.domain.batches import Batch, BatchState
from services.enrollment.files.domain.file_columns import BatchKind
from services.enrollment.partners.domain.partners import Contract
from services.enrollment.policies.domain.rows import Fault
from shared.db.columns import Columns, places
from shared.db.copy_format import bigint, copy_rows, integer, uuid
from shared.db.transaction import Tx
from shared.values.ids import BatchId, PartnerId

_NEW: Final = (
    *("batch_id", "partner_no", "product_id", "product_version", "kind", "format", "dry_run", "state", "header"),
    *("sha256", "rows_total", "received_at", "contract", "trace"),
)
_ADD: Final = f"INSERT INTO batches ({', '.join(_NEW)}) VALUES ({places(_NEW)})"


def add(
    tx: Tx,
    batch_id: BatchId,
    *,
    contract: Contract,
    product_id: int,
    product_version: int,
    kind: BatchKind,
    file_format: str,
    dry_run: bool,
    header: str,
    received_at: datetime,
    trace: dict[str, str],
) -> None:
    """A batch whose parts are about to come; ``complete`` says when they are all there."""
    parameters: dict[str, object] = {
        "batch_id": batch_id,
        "partner_no": contract.partner_no,
        "contract": msgspec.json.encode(replace(contract, contact="")).decode(),
        "product_id": product_id,
        "product_version": product_version,
        "kind": kind,
        "format": file_format,
        "dry_run": dry_run,
        "state": "received",
        "header": header,
        "sha256": "0" * 64,
        "rows_total": 0,
        "received_at": received_at,
        "trace": json.dumps(trace),
    }
    tx.execute(_ADD, parameters)


_COMPLETE: Final = "UPDATE batches SET rows_total = %s, sha256 = %s WHERE batch_id = %s AND state = 'received'"


def complete(tx: Tx, batch_id: BatchId, *, rows_total: int, sha256: str) -> None:
    """All parts are stored; in the transaction that added the batch, so nobody sees it without them."""
    tx.execute(_COMPLETE, (rows_total, sha256, batch_id))


# Binary, for as text a sealed part would travel as hexadecimal digits, twice as long.
_ADD_PART: Final = "COPY batch_parts (batch_id, part_no, first_line, rows, sealed) FROM STDIN (FORMAT binary)"


def add_part(tx: Tx, batch_id: BatchId, part_no: int, *, first_line: int, rows: int, sealed: bytes) -> None:
    copy_rows(tx, _ADD_PART, [(uuid(batch_id), integer(part_no), bigint(first_line), integer(rows), sealed)])


_SELECT: Final = f"""
SELECT {Columns(Batch, partner_id="r.partner_id", product_code="d.product_code").of("b")}
FROM batches b JOIN partners r USING (partner_no) JOIN products d USING (product_id)
"""
_BATCH: Final = f"{_SELECT} WHERE b.batch_id = %s AND b.partner_no = %s"


def batch(tx: Tx, batch_id: BatchId, *, partner_no: int) -> Batch | None:
    """This partner's batch; None where there is none or it is another partner's."""
    return tx.one(_BATCH, (batch_id, partner_no), into=Batch)


# Ids are made in the order of time, so the newest batch has the greatest one.
_PAGE: Final = f"""{_SELECT}
WHERE b.partner_no = %(partner_no)s AND (%(state)s::text IS NULL OR b.state = %(state)s)
  AND (%(before)s::uuid IS NULL OR b.batch_id < %(before)s::uuid)
ORDER BY b.batch_id DESC LIMIT %(limit)s
"""


def page(tx: Tx, partner_no: int, *, state: BatchState | None, before: BatchId | None, limit: int) -> list[Batch]:
    """The partner's batches, the newest first, of one state or of all."""
    parameters: dict[str, object] = {"partner_no": partner_no, "state": state, "before": before, "limit": limit}
    return tx.all(_PAGE, parameters, into=Batch)


class Rejection(msgspec.Struct, frozen=True):
    """A row that was not enrolled. ``line`` counts from 1, the header's line. Files have millions of them."""

    line: int
    fault: Fault
    partner_reference: str | None = None
    """The partner's own number of the row; None where it gave none, or a person's number."""


_REJECTIONS: Final = f"""
SELECT {Columns(Rejection, fault={})} FROM batch_rejections JOIN rejection_reasons USING (reason_no)
WHERE batch_id = %s AND line > %s ORDER BY line LIMIT %s
"""


def rejections(tx: Tx, batch_id: BatchId, *, after_line: int, limit: int) -> list[Rejection]:
    return tx.all(_REJECTIONS, (batch_id, after_line, limit), into=Rejection)


@dataclass(frozen=True, slots=True)
class Work:
    """The next part to do of a batch that this worker has leased."""

    batch_id: BatchId
    partner_id: PartnerId
    contract: Contract
    """As it was when the batch was received."""
    product_id: int
    product_version: int
    kind: BatchKind
    dry_run: bool
    header: str
    received_at: datetime
    trace: dict[str, str]
    part_no: int
    first_line: int
    rows: int
    last: bool


_SEALED: Final = "SELECT sealed FROM batch_parts WHERE batch_id = %s AND part_no = %s"


def sealed_part(tx: Tx, batch_id: BatchId, part_no: int) -> bytes:
    """What was received; the part is still to be done."""
    return tx.the(_SEALED, (batch_id, part_no), into=bytes)


_LEASES: Final = 0x6261_7463
"""Advisory locks are numbers; this one is "batc" in ASCII, beside a batch's."""

# One worker a batch, which knows the order of its parts, so that of two lines about one person the first always wins;
# more workers take more batches. The lease goes with the connections of a worker that is killed: it is shared by those
# transactions of its that are at the batch, and is taken alone by any other worker, so only where none of them is left.
_LOCK_NEXT: Final = f"""
WITH waiting AS MATERIALIZED (
    SELECT * FROM batches WHERE state IN ('received', 'processing') ORDER BY received_at, batch_id LIMIT 100
), leased AS MATERIALIZED (
    SELECT * FROM waiting
    WHERE CASE WHEN worker = %(worker)s::uuid
               THEN pg_try_advisory_xact_lock_shared({_LEASES}, hashtext(batch_id::text))
               ELSE pg_try_advisory_xact_lock({_LEASES}, hashtext(batch_id::text)) END
    LIMIT 1
)
SELECT b.batch_id, r.partner_id, b.product_id, b.product_version, b.kind, b.dry_run, b.header, b.received_at, b.trace,
       b.worker IS NOT DISTINCT FROM %(worker)s::uuid AS shared, b.contract
FROM leased b JOIN partners r USING (partner_no)
"""
# A statement after the one that locks, to see what was committed until then. A part whose row is locked is ending
# without a client, by a connection that was lost: nobody knows yet how.
_NEXT_PART: Final = """
SELECT part_no, first_line, rows,
       NOT EXISTS (SELECT 1 FROM batch_parts m WHERE m.batch_id = p.batch_id AND m.part_no > p.part_no) AS last
FROM batch_parts p JOIN batches b USING (batch_id)
WHERE batch_id = %(batch_id)s AND sealed IS NOT NULL AND part_no = (
    SELECT n.part_no FROM batch_parts n
    WHERE n.batch_id = %(batch_id)s AND n.sealed IS NOT NULL AND n.part_no <> ALL (%(busy)s::integer[])
    ORDER BY n.part_no LIMIT 1)
  AND b.state IN ('received', 'processing') AND (b.worker = %(worker)s::uuid OR NOT %(shared)s)
FOR UPDATE OF p SKIP LOCKED
"""


def take_next(tx: Tx, worker: str, busy: Mapping[BatchId, Sequence[int]]) -> Work | None:
    """Lease the oldest batch that no other worker is at, and take its next part; None where there is nothing to do.

    ``busy`` are the parts that other transactions of this worker are at.
    """
    head = tx.one(_LOCK_NEXT, {"worker": worker}, into=dict[str, Any])
    if head is None:
        return None
    batch_id, shared = head["batch_id"], head.pop("shared")
    asked = {"batch_id": batch_id, "busy": list(busy.get(batch_id, ())), "worker": worker, "shared": shared}
    part = tx.one(_NEXT_PART, asked, into=dict[str, Any])
    if part is None:
        return None
    head["contract"] = msgspec.convert(head["contract"], Contract, strict=False)
    return Work(**head, **part)


_PART_DONE: Final = """
UPDATE batch_parts SET sealed = NULL, accepted = %s, rejected = %s
WHERE batch_id = %s AND part_no = %s AND sealed IS NOT NULL
"""
# The sums say whether all is done: of two parts that end at once, the second sees what the first one added.
_BATCH_FURTHER: Final = """
UPDATE batches SET worker = %(worker)s::uuid, rows_read = rows_read + %(rows)s, accepted = accepted + %(accepted)s,
       rejected = rejected + %(rejected)s, working_seconds = working_seconds + %(seconds)s,
       state = CASE WHEN rows_read + %(rows)s = rows_total THEN 'finished' ELSE 'processing' END,
       finished_at = CASE WHEN rows_read + %(rows)s = rows_total THEN %(now)s END
WHERE batch_id = %(batch_id)s AND state IN ('received', 'processing')
RETURNING state
"""


def part_done(
    tx: Tx, work: Work, worker: str, *, accepted: int, rejected: int, seconds: float, now: datetime
) -> BatchState | None:
    """Empty the part and move the batch on: its state, finished after the last part to end.

    None where the batch, or the part, has come to an end meanwhile; then roll back.
    """
    if tx.execute(_PART_DONE, (accepted, rejected, work.batch_id, work.part_no)) == 0:
        return None
    parameters: dict[str, object] = {
        "batch_id": work.batch_id,
        "worker": worker,
        "rows": accepted + rejected,
        "accepted": accepted,
        "rejected": rejected,
        "seconds": seconds,
        "now": now,
    }
    moved = tx.one(_BATCH_FURTHER, parameters, into=tuple[BatchState])
    return None if moved is None else moved[0]


_COUNT_TRY: Final = """
UPDATE batch_parts SET tries = tries + 1 WHERE batch_id = %s AND part_no = %s AND sealed IS NOT NULL RETURNING tries
"""


def count_try(tx: Tx, work: Work) -> int:
    """How often the part ended by a bug, this time included; 0 where it was done after all."""
    return tx.one(_COUNT_TRY, (work.batch_id, work.part_no), into=int) or 0


_FAIL: Final = """
UPDATE batches SET state = 'failed', failure = %s, finished_at = %s
WHERE batch_id = %s AND state IN ('received', 'processing')
"""


def fail(tx: Tx, batch_id: BatchId, failure: str, *, now: datetime) -> None:
    """Give up on what is left of a batch; what was enrolled stays."""
    tx.execute(_FAIL, (failure, now, batch_id))


_OLDEST: Final = "SELECT min(received_at) FROM batches WHERE state IN ('received', 'processing')"


def oldest_to_do(tx: Tx) -> datetime | None:
    """When the oldest batch came that is not done."""
    return tx.one(_OLDEST, into=datetime)
