"""Files that were picked up from partners' places, and what is still to be written beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.db.transaction import Tx
from shared.values.ids import BatchId

_LOCK: Final = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 8))"


def lock(tx: Tx, partner_no: int, place: str, name: str) -> bool:
    """Have the file for this transaction; False where another worker has it just now."""
    return tx.the(_LOCK, (f"picked file\n{partner_no}\n{place}\n{name}",), into=bool)


_KNOWN: Final = "SELECT name, etag FROM picked_files WHERE partner_no = %s AND place = %s AND name = ANY(%s)"


def known(tx: Tx, partner_no: int, place: str, names: Sequence[str]) -> set[tuple[str, str]]:
    """Name and etag of those that were taken or refused before."""
    return set(tx.all(_KNOWN, (partner_no, place, list(names)), into=tuple[str, str]))


_BATCH_OF: Final = """
SELECT f.batch_id FROM picked_files f JOIN batches b USING (batch_id)
WHERE f.partner_no = %s AND f.place = %s AND f.name = %s AND f.sha256 = %s AND b.state <> 'failed'
"""


def batch_of(tx: Tx, partner_no: int, place: str, name: str, sha256: str) -> BatchId | None:
    """The batch that the same content of the same file became before, unless that failed."""
    return tx.one(_BATCH_OF, (partner_no, place, name, sha256), into=BatchId)


# What failed is sent again; the content is then the new batch's.
_GIVE_UP_CONTENT: Final = """
UPDATE picked_files f SET sha256 = NULL FROM batches b
WHERE f.partner_no = %(partner_no)s AND f.place = %(place)s AND f.name = %(name)s AND f.sha256 = %(sha256)s
  AND b.batch_id = f.batch_id AND b.state = 'failed'
"""
_ADD: Final = """
INSERT INTO picked_files (partner_no, place, name, etag, sha256, batch_id, refusal, signed_by, picked_at, results_at)
VALUES (%(partner_no)s, %(place)s, %(name)s, %(etag)s, %(sha256)s, %(batch_id)s, %(refusal)s::jsonb, %(signed_by)s,
        %(now)s, %(results_at)s)
"""


def add(
    tx: Tx,
    partner_no: int,
    place: str,
    name: str,
    etag: str,
    *,
    sha256: str | None = None,
    batch_id: BatchId | None = None,
    refusal: Mapping[str, str] | None = None,
    signed_by: str | None = None,
    now: datetime,
) -> None:
    """The file is dealt with: it became a batch, or was refused and has no results.

    The table takes each once, and content of which a batch failed again.
    """
    parameters: dict[str, object] = {
        "partner_no": partner_no,
        "place": place,
        "name": name,
        "etag": etag,
        "sha256": sha256,
        "batch_id": batch_id,
        "refusal": None if refusal is None else json.dumps(refusal),
        "signed_by": signed_by,
        "now": now,
        "results_at": None if refusal is None else now,
    }
    if sha256 is not None:
        tx.execute(_GIVE_UP_CONTENT, parameters)
    tx.execute(_ADD, parameters)


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A file beside which something is still to be written."""

    file_no: int
    name: str
    etag: str
    sha256: str | None
    batch_id: BatchId | None
    refusal: Mapping[str, str] | None
    signed_by: str | None
    picked_at: datetime
    receipt_written: bool


_NEXT: Final = """
SELECT f.file_no, f.name, f.etag, f.sha256, f.batch_id, f.refusal, f.signed_by, f.picked_at,
       f.receipt_at IS NOT NULL AS receipt_written
FROM picked_files f LEFT JOIN batches b USING (batch_id)
WHERE f.partner_no = %(partner_no)s AND f.place = %(place)s AND (f.try_again_at IS NULL OR f.try_again_at <= %(now)s)
  AND (f.receipt_at IS NULL OR (f.results_at IS NULL AND b.state IN ('finished', 'failed')))
ORDER BY f.file_no LIMIT 1 FOR UPDATE OF f SKIP LOCKED
"""


def next_unanswered(tx: Tx, partner_no: int, place: str, now: datetime) -> Unanswered | None:
    """The oldest file that lacks a receipt, or its results although its batch is done; locked."""
    return tx.one(_NEXT, {"partner_no": partner_no, "place": place, "now": now}, into=Unanswered)


_ANSWERED: Final = """
UPDATE picked_files SET receipt_at = coalesce(receipt_at, %(now)s), try_again_at = NULL,
       results_at = CASE WHEN %(results)s THEN %(now)s ELSE results_at END
WHERE file_no = %(file_no)s
"""


def answered(tx: Tx, file_no: int, *, results: bool, now: datetime) -> None:
    """The receipt stands beside the file, and its results too where ``results`` says so."""
    tx.execute(_ANSWERED, {"file_no": file_no, "results": results, "now": now})


_LATER: Final = "UPDATE picked_files SET try_again_at = %s WHERE file_no = %s"


def answer_later(tx: Tx, file_no: int, at: datetime) -> None:
    """Nothing can be written there now."""
    tx.execute(_LATER, (at, file_no))
