"""Makes the pictures of one file that came in: scanned, read by a child process, written sealed, told in one step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import msgspec

from services.fraud_detection.evidence.antivirus.clamd import Clamd
from services.fraud_detection.evidence.domain.errors import ObjectBroken, ObjectStoreAway, ScannerAway
from services.fraud_detection.evidence.domain.files import Picture, Unreadable
from services.fraud_detection.evidence.pictures.reader import Read, ReaderStopped, read
from services.fraud_detection.evidence.store import files
from services.fraud_detection.evidence.store.files import ToPrepare
from services.fraud_detection.evidence.usecases.sealed_objects import SealedObjects, Written, metadata_context
from shared.db.transaction import Tx
from shared.process.clock import wall_now
from shared.process.logs import get_logger

LEASE: Final = timedelta(minutes=15)
"""Five times what the longest file takes; then its worker is dead, and another takes it."""
MOST_TRIES: Final = 3
_REST: Final = timedelta(seconds=30)
"""Until what was away is asked again."""

log = get_logger()


@dataclass(frozen=True, slots=True)
class Preparing:
    """What is needed for it. ``scanner`` is None where none is set."""

    objects: SealedObjects
    scanner: Clamd | None

    def next(self) -> bool:
        """Make the pictures of one file; False if none waits, or what they need is away."""
        with self.objects.database.transaction() as tx:
            work = files.take(tx, lease=LEASE, now=wall_now())
        if work is None:
            return False
        written: list[tuple[Picture, Written]] = []
        try:
            self._prepare(work, written)
        except _Overtaken:
            self.objects.give_up(each for _, each in written)
        except (ObjectStoreAway, ScannerAway, ReaderStopped) as error:
            log.warning("evidence_waits", evidence_id=work.evidence_id, error=type(error).__name__)
            self.objects.give_up(each for _, each in written)
            with self.objects.database.transaction() as tx:
                # Whoever ended the reader may have done so because of what it read.
                files.put_off(tx, work, counts=isinstance(error, ReaderStopped), until=wall_now() + _REST)
            return False
        return True

    def _prepare(self, work: ToPrepare, written: list[tuple[Picture, Written]]) -> None:
        with self.objects.database.transaction() as tx:
            key = self.objects.key(tx, work.object_id)
        if work.tries > MOST_TRIES:
            self._end(work, Read(0, "takes_too_much", {}), written)
            return
        try:
            if self.scanner is not None and not self._clean(work, key, self.scanner):
                return

            def keep(picture: Picture, jpeg: bytes) -> None:
                written.append((picture, self.objects.write((jpeg,))))

            found = read(work.media_type, self.objects.read(work.object_id, key), keep)
        except ObjectBroken:
            log.exception("evidence_broken", evidence_id=work.evidence_id)
            found = Read(0, "damaged", {})
        self._end(work, found, written)

    def _clean(self, work: ToPrepare, key: bytes, scanner: Clamd) -> bool:
        """Whether the file may be read."""
        why: Unreadable | None = None
        match scanner.scan(self.objects.read(work.object_id, key)):
            case "clean":
                return True
            case "too_large":
                why = "not_scanned"
            case "found":
                pass
        with self.objects.database.transaction() as tx:
            if why is None:
                files.infected(tx, work)
            else:
                files.unreadable(tx, work, why, None)
        return False

    def _end(self, work: ToPrepare, found: Read, written: list[tuple[Picture, Written]]) -> None:
        """Tell what became of it, all at once."""
        if found.why is not None:
            # What could be drawn of it is no whole document.
            self.objects.give_up(each for _, each in written)
            with self.objects.database.transaction() as tx:
                files.unreadable(tx, work, found.why, self._sealed(tx, work, found))
            return
        with self.objects.database.transaction() as tx:
            pictures = [(picture, each.object_id) for picture, each in written]
            kept = self.objects.keep(tx, [each for _, each in written]) and files.ready(
                tx, work, found.pages, pictures, self._sealed(tx, work, found)
            )
            if not kept:
                raise _Overtaken

    def _sealed(self, tx: Tx, work: ToPrepare, found: Read) -> bytes | None:
        if not found.metadata:
            return None
        text = msgspec.json.encode(found.metadata)
        return self.objects.sealer.new_data_key(tx).seal_bytes(text, metadata_context(work.evidence_id))


class _Overtaken(Exception):
    """Somebody else made the pictures, or the file was forgotten meanwhile."""
