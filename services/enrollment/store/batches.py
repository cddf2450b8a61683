"""Batches, their sealed parts and their rejected rows. What is in a part is the intake's business."""

from __future__ import annotations

import io
import json
import struct
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from services.enrollment.domain.batches import Batch, BatchState
from services.enrollment.domain.file_columns import BatchKind
from services.enrollment.domain.rows import Fault
from services.enrollment.store.copy_rows import HEAD, TAIL
from shared.db.transaction import Row, Tx
from shared.values.ids import BatchId, PartnerId, ProductCode

_ADD: Final = """
INSERT INTO batches (batch_id, partner_no, product_id, product_version, kind, format, dry_run, state, header, sha256,
                     rows_total, received_at, trace)
VALUES (%(batch_id)s, %(partner_no)s, %(product_id)s, %(product_version)s, %(kind)s, %(format)s, %(dry_run)s,
        'received', %(header)s, %(sha256)s, %(rows_total)s, %(received_at)s, %(trace)s::jsonb)
"""


def add(
    tx: Tx,
    batch_id: BatchId,
    *,
    partner_no: int,
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
        "partner_no": partner_no,
        "product_id": product_id,
        "product_version": product_version,
        "kind": kind,
        "format": file_format,
        "dry_run": dry_run,
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
_PART: Final = struct.Struct(">h i16s ii iq ii i")
_PART_FIELDS: Final = 5


def add_part(tx: Tx, batch_id: BatchId, part_no: int, *, first_line: int, rows: int, sealed: bytes) -> None:
    number = bytes.fromhex(batch_id.replace("-", ""))
    head = _PART.pack(_PART_FIELDS, 16, number, 4, part_no, 8, first_line, 4, rows, len(sealed))
    tx.copy_in(_ADD_PART, io.BytesIO(b"".join((HEAD, head, sealed, TAIL))))


_SELECT: Final = """
SELECT b.batch_id, r.partner_id, d.product_code, b.kind, b.format, b.dry_run, b.state, b.rows_total, b.rows_read,
       b.accepted, b.rejected, b.working_seconds, b.received_at, b.finished_at, b.sha256, b.failure
FROM batches b JOIN partners r USING (partner_no) JOIN products d USING (product_id)
"""
_BATCH: Final = f"{_SELECT} WHERE b.batch_id = %s AND b.partner_no = %s"


def batch(tx: Tx, batch_id: BatchId, *, partner_no: int) -> Batch | None:
    """This partner's batch; None where there is none or it is another partner's."""
    row = tx.one(_BATCH, (batch_id, partner_no))
    return None if row is None else _batch(row)


# Ids are made in the order of time, so the newest batch has the greatest one.
_PAGE: Final = f"""{_SELECT}
WHERE b.partner_no = %(partner_no)s AND (%(state)s::text IS NULL OR b.state = %(state)s)
  AND (%(before)s::uuid IS NULL OR b.batch_id < %(before)s::uuid)
ORDER BY b.batch_id DESC LIMIT %(limit)s
"""


def page(tx: Tx, partner_no: int, *, state: BatchState | None, before: BatchId | None, limit: int) -> list[Batch]:
    """The partner's batches, the newest first, of one state or of all."""
    parameters: dict[str, object] = {"partner_no": partner_no, "state": state, "before": before, "limit": limit}
    return [_batch(row) for row in tx.all(_PAGE, parameters)]


_REJECTIONS: Final = """
SELECT line, partner_reference, field, code, detail, fix FROM batch_rejections JOIN rejection_reasons USING (reason_no)
WHERE batch_id = %s AND line > %s ORDER BY line LIMIT %s
"""


class Rejection(msgspec.Struct, frozen=True):
    """A row that was not enrolled. ``line`` counts from 1, the header's line. Files have millions of them."""

    line: int
    fault: Fault
    partner_reference: str | None = None
    """The partner's own number of the row; None where it gave none, or a person's number."""


def rejections(tx: Tx, batch_id: BatchId, *, after_line: int, limit: int) -> list[Rejection]:
    return [Rejection(row[0], Fault(*row[2:]), row[1]) for row in tx.all(_REJECTIONS, (batch_id, after_line, limit))]


@dataclass(frozen=True, slots=True)
class Work:
    """The next part to do of a batch that this transaction has locked."""

    batch_id: BatchId
    partner_id: PartnerId
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


@dataclass(frozen=True, slots=True)
class SealedPart:
    """A part that is still to be done."""

    part_no: int
    first_line: int
    sealed: bytes


_PART_FROM: Final = """
SELECT part_no, first_line, sealed FROM batch_parts
WHERE batch_id = %s AND part_no >= %s AND sealed IS NOT NULL ORDER BY part_no LIMIT 1
"""


def sealed_part(tx: Tx, batch_id: BatchId, part_no: int) -> SealedPart | None:
    """That part, or the first one after it that is still to be done; None where there is none."""
    row = tx.one(_PART_FROM, (batch_id, part_no))
    return None if row is None else SealedPart(row[0], row[1], bytes(row[2]))


# One worker a batch, in the order of its parts, so that of two lines about one person the first always wins; more
# workers take more batches. The row lock is the lease: it goes with the connection of a worker that is killed.
_LOCK_NEXT: Final = """
SELECT b.batch_id, r.partner_id, b.product_id, b.product_version, b.kind, b.dry_run, b.header, b.received_at, b.trace
FROM batches b JOIN partners r USING (partner_no)
WHERE b.state IN ('received', 'processing')
ORDER BY b.received_at, b.batch_id LIMIT 1 FOR UPDATE OF b SKIP LOCKED
"""
_NEXT_PART: Final = """
SELECT part_no, first_line, rows,
       NOT EXISTS (SELECT 1 FROM batch_parts m WHERE m.batch_id = p.batch_id AND m.part_no > p.part_no)
FROM batch_parts p WHERE batch_id = %s AND sealed IS NOT NULL ORDER BY part_no LIMIT 1
"""


def take_next(tx: Tx) -> Work | None:
    """Lock the oldest batch that nobody works on and read its next part; None where there is nothing to do."""
    head = tx.one(_LOCK_NEXT)
    if head is None:
        return None
    part = tx.one(_NEXT_PART, (head[0],))
    assert part is not None  # noqa: S101  # the last part's transaction also ends the batch
    return Work(
        batch_id=BatchId(head[0]),
        partner_id=PartnerId(head[1]),
        product_id=head[2],
        product_version=head[3],
        kind=head[4],
        dry_run=head[5],
        header=head[6],
        received_at=head[7],
        trace=head[8],
        part_no=part[0],
        first_line=part[1],
        rows=part[2],
        last=part[3],
    )


_PART_DONE: Final = """
UPDATE batch_parts SET sealed = NULL, accepted = %s, rejected = %s
WHERE batch_id = %s AND part_no = %s AND sealed IS NOT NULL
"""
_BATCH_FURTHER: Final = """
UPDATE batches SET state = CASE WHEN %(last)s THEN 'finished' ELSE 'processing' END,
       rows_read = rows_read + %(accepted)s + %(rejected)s, accepted = accepted + %(accepted)s,
       rejected = rejected + %(rejected)s, working_seconds = working_seconds + %(seconds)s,
       finished_at = CASE WHEN %(last)s THEN %(now)s END
WHERE batch_id = %(batch_id)s AND state IN ('received', 'processing')
"""


def part_done(tx: Tx, work: Work, *, accepted: int, rejected: int, seconds: float, now: datetime) -> None:
    """Empty the part, move the batch on, and finish it after its last part."""
    tx.execute(_PART_DONE, (accepted, rejected, work.batch_id, work.part_no))
    parameters: dict[str, object] = {
        "batch_id": work.batch_id,
        "last": work.last,
        "accepted": accepted,
        "rejected": rejected,
        "seconds": seconds,
        "now": now,
    }
    tx.execute(_BATCH_FURTHER, parameters)


_FAIL: Final = """
UPDATE batches SET state = 'failed', failure = %s WHERE batch_id = %s AND state IN ('received', 'processing')
"""


def fail(tx: Tx, batch_id: BatchId, failure: str) -> None:
    """Give up on what is left of a batch; what was enrolled stays."""
    tx.execute(_FAIL, (failure, batch_id))


def _batch(row: Row) -> Batch:
    return Batch(
        batch_id=BatchId(row[0]),
        partner_id=PartnerId(row[1]),
        product_code=ProductCode(row[2]),
        kind=row[3],
        format=row[4],
        dry_run=row[5],
        state=row[6],
        rows_total=row[7],
        rows_read=row[8],
        accepted=row[9],
        rejected=row[10],
        working_seconds=row[11],
        received_at=row[12],
        finished_at=row[13],
        sha256=row[14],
        failure=row[15],
    )
