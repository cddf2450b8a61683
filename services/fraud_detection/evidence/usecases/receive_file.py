"""Takes in a file: written to the store first, then told in one transaction. The same one again is the first one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from typing import Protocol

from services.fraud_detection.evidence.domain.content import LOOKED_AT, media_type
from services.fraud_detection.evidence.domain.errors import EmptyFile, ObjectStoreAway
from services.fraud_detection.evidence.domain.files import EvidenceFile, EvidenceId
from services.fraud_detection.evidence.store import files, objects
from services.fraud_detection.evidence.usecases.sealed_objects import SealedObjects
from shared.process.clock import wall_now
from shared.process.new_ids import new_id


class Received(Protocol):
    """A body that has come as a whole."""

    bytes_read: int

    def sha256(self) -> str: ...

    def chunks(self) -> Iterator[bytes]: ...


def receive_file(body: Received, *, tenant: str, objects_of: SealedObjects, now: datetime) -> EvidenceFile:
    """The file as it is kept; its pictures are the worker's.

    Its transactions are its own and short: none is open while the file is written. A process that is killed midway
    leaves an object that nobody can open and that the sweeper removes.

    Raises:
        EmptyFile: there is nothing in it.
        ObjectStoreAway: it cannot be written now.
    """
    sha256 = body.sha256()
    if not body.bytes_read:
        raise EmptyFile
    with objects_of.database.transaction() as tx:
        before = files.of_content(tx, tenant, sha256)
        if before is not None:
            files.sent_again(tx, before.evidence_id, now=now)
    if before is not None:
        return before
    pieces = body.chunks()
    first = next(pieces)
    while len(first) < LOOKED_AT and (more := next(pieces, b"")):
        first += more
    written = objects_of.write(chain((first,), pieces))
    file = EvidenceFile(
        evidence_id=EvidenceId(new_id()),
        tenant=tenant,
        sha256=sha256,
        media_type=media_type(first),
        size_bytes=body.bytes_read,
        state="received",
        why=None,
        pages=None,
        received_at=now,
    )
    with objects_of.database.transaction() as tx:
        if not files.add(tx, file, written.object_id, try_at=wall_now()):
            # Of two that send the same at once, one comes first.
            objects.drop(tx, [written.object_id], now=wall_now())
            first_one = files.of_content(tx, tenant, sha256)
            if first_one is None:  # and was forgotten at once
                raise ObjectStoreAway
            return first_one
        if not objects_of.keep(tx, (written,)):
            raise ObjectStoreAway
    return file
