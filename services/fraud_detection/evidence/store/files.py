"""Files of evidence and the pictures that were made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.fraud_detection.evidence.domain.content import MediaType
from services.fraud_detection.evidence.domain.files import (
    EvidenceFile,
    EvidenceId,
    ObjectId,
    Picture,
    Unreadable,
    ViewKind,
)
from shared.db.columns import Columns
from shared.db.transaction import Tx

_FILE: Final = Columns(EvidenceFile)
_ADD: Final = f"""
INSERT INTO evidence_files ({_FILE.names}, object_id, tries, try_at)
VALUES ({_FILE.places}, %(object_id)s, 0, %(try_at)s)
ON CONFLICT (tenant, sha256) DO NOTHING
"""


def add(tx: Tx, file: EvidenceFile, object_id: ObjectId, *, try_at: datetime) -> bool:
    """Keep a file whose object was written; False if the tenant has the same one already. ``try_at`` is real time."""
    return tx.execute(_ADD, {**_FILE.values(file), "object_id": object_id, "try_at": try_at}) == 1


_FIND: Final = f"SELECT {_FILE} FROM evidence_files WHERE evidence_id = %s"
_OF_TENANT: Final = f"SELECT {_FILE} FROM evidence_files WHERE tenant = %s AND sha256 = %s"


def find(tx: Tx, evidence_id: EvidenceId) -> EvidenceFile | None:
    return tx.one(_FIND, (evidence_id,), into=EvidenceFile)


def of_content(tx: Tx, tenant: str, sha256: str) -> EvidenceFile | None:
    """The tenant's file of this content."""
    return tx.one(_OF_TENANT, (tenant, sha256), into=EvidenceFile)


_AGAIN: Final = "UPDATE evidence_files SET received_at = greatest(received_at, %s) WHERE evidence_id = %s"


def sent_again(tx: Tx, evidence_id: EvidenceId, *, now: datetime) -> None:
    """It is kept as long as if it had come now."""
    tx.execute(_AGAIN, (now, evidence_id))


@dataclass(frozen=True, slots=True)
class Original:
    """Where a file's own bytes lie, and what was taken out of what reviewers see; sealed, None where nothing was."""

    object_id: ObjectId
    metadata: bytes | None


_ORIGINAL: Final = f"SELECT {Columns(Original)} FROM evidence_files WHERE evidence_id = %s"


def original(tx: Tx, evidence_id: EvidenceId) -> Original:
    """Of a file that there is."""
    return tx.the(_ORIGINAL, (evidence_id,), into=Original)


_PICTURES: Final = f"SELECT {Columns(Picture)} FROM evidence_views WHERE evidence_id = %s ORDER BY view, page_no"


def pictures(tx: Tx, evidence_id: EvidenceId) -> list[Picture]:
    return tx.all(_PICTURES, (evidence_id,), into=Picture)


_PICTURE_OBJECT: Final = """
SELECT object_id FROM evidence_views WHERE evidence_id = %s AND view = %s AND page_no = %s
"""


def picture_object(tx: Tx, evidence_id: EvidenceId, view: ViewKind, page_no: int) -> ObjectId | None:
    """Where one picture lies."""
    return tx.one(_PICTURE_OBJECT, (evidence_id, view, page_no), into=ObjectId)


@dataclass(frozen=True, slots=True)
class ToPrepare:
    """A file whose pictures are to be made, leased for this try."""

    evidence_id: EvidenceId
    media_type: MediaType
    size_bytes: int
    object_id: ObjectId
    tries: int
    """This one included."""


# Each try is counted before the file is read, so one that ends its reader each time holds up nobody.
_TAKE: Final = f"""
UPDATE evidence_files SET tries = tries + 1, try_at = %(until)s
WHERE evidence_id = (
    SELECT evidence_id FROM evidence_files WHERE state = 'received' AND try_at <= %(now)s
    ORDER BY try_at, evidence_id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING {Columns(ToPrepare)}
"""


def take(tx: Tx, *, lease: timedelta, now: datetime) -> ToPrepare | None:
    """The next file to make pictures of; nobody else takes it before the lease is over. ``now`` is real time."""
    return tx.one(_TAKE, {"now": now, "until": now + lease}, into=ToPrepare)


_PUT_OFF: Final = """
UPDATE evidence_files SET tries = %s, try_at = %s WHERE evidence_id = %s AND state = 'received' AND tries = %s
"""


def put_off(tx: Tx, work: ToPrepare, *, counts: bool, until: datetime) -> None:
    """It is tried again later. The try does not count where something else was away."""
    tx.execute(_PUT_OFF, (work.tries if counts else work.tries - 1, until, work.evidence_id, work.tries))


_READY: Final = """
UPDATE evidence_files SET state = 'ready', pages = %s, metadata = %s
WHERE evidence_id = %s AND state = 'received' AND tries = %s
"""
_UNREADABLE: Final = """
UPDATE evidence_files SET state = 'unreadable', why = %s, metadata = %s
WHERE evidence_id = %s AND state = 'received' AND tries = %s
"""
_INFECTED: Final = """
UPDATE evidence_files SET state = 'infected' WHERE evidence_id = %s AND state = 'received' AND tries = %s
"""
_ADD_VIEWS: Final = "INSERT INTO evidence_views (evidence_id, view, page_no, width, height, object_id) VALUES %s"


def ready(
    tx: Tx, work: ToPrepare, pages: int, pictures: Sequence[tuple[Picture, ObjectId]], metadata: bytes | None
) -> bool:
    """Its pictures are made and written; False if the file was forgotten or taken by another meanwhile: roll back."""
    if tx.execute(_READY, (pages, metadata, work.evidence_id, work.tries)) == 0:
        return False
    tx.insert_many(
        _ADD_VIEWS,
        [(work.evidence_id, each.view, each.page_no, each.width, each.height, where) for each, where in pictures],
    )
    return True


def unreadable(tx: Tx, work: ToPrepare, why: Unreadable, metadata: bytes | None) -> None:
    """No pictures can be made of it; the file stays."""
    tx.execute(_UNREADABLE, (why, metadata, work.evidence_id, work.tries))


def infected(tx: Tx, work: ToPrepare) -> None:
    tx.execute(_INFECTED, (work.evidence_id, work.tries))
