"""Takes in the files that partners leave in folders and object stores, each once, and answers beside them.

A file becomes a batch, and is noted as taken, in one transaction; what is written beside it follows, and is written
again, alike, where a worker died in between. Two workers at one file: the second one finds it locked or noted. Each try
is counted before the file is read, so one that ends its reader each time is refused and holds up nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec

from services.enrollment.files.domain import errors
from services.enrollment.files.domain.batches import Batch
from services.enrollment.files.intake.pickup_places import (
    RECEIPT,
    RESULTS,
    SIGNATURE,
    FileChanged,
    FoundFile,
    Place,
    PlaceAway,
)
from services.enrollment.files.store import batches, picked_files, pickup_tries
from services.enrollment.files.store.picked_files import Unanswered
from services.enrollment.files.usecases.pickup_note import MOST_TRIES, Note, NotWorkedOff
from services.enrollment.files.usecases.receive_batch import Declared, receive_batch
from services.enrollment.files.usecases.show_results import results
from services.enrollment.files.usecases.verify_file import verify_file
from services.enrollment.partners.domain.errors import (
    ContractNotRunning,
    LargerThanADay,
    NoContract,
    SignatureNotAllowed,
    TooManyRows,
)
from services.enrollment.partners.usecases.contracts import Sale, contract_of
from services.enrollment.policies.usecases.vault import Vault
from services.enrollment.products.domain.errors import ProductNotSold
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.messaging.failures import PASSING
from shared.process import metrics, traces
from shared.process.clock import Clock, wall_now
from shared.process.logs import get_logger
from shared.values.errors import FangzhaError
from shared.values.ids import BatchId, ProductCode

ACTOR: Final = "pickup"
"""Who the audit trail says handed over a file that was picked up."""

_WRITE_AGAIN: Final = timedelta(seconds=60)
_REFUSALS: Final = (
    NotWorkedOff,
    NoContract,
    ContractNotRunning,
    ProductNotSold,
    errors.NotSoldByFile,
    errors.UnreadableFile,
    errors.NotTheDeclaredFile,
    SignatureNotAllowed,
    LargerThanADay,
)
"""What will not pass by waiting."""
_PASSES: Final = (PlaceAway, FileChanged, errors.NoRoom, TooManyRows, *PASSING)
"""What will, and is no fault of the file's."""
_LONGEST_REST: Final = timedelta(hours=1)
"""How long a file waits that a quota or a suspension holds back: each try reads it whole, and contracts change."""

log = get_logger()


@dataclass(frozen=True)
class _TakenBefore(FangzhaError):
    """The same content was taken under the same name before, as {batch_id}."""

    batch_id: BatchId


class _TryFailed(Exception):
    """Reading the file ended by a bug, and is tried again."""


class Pickups:
    """The places of all partners, looked through by one job."""

    def __init__(self, places: Sequence[Place], database: Database, vault: Vault, clock: Clock) -> None:
        self._places = places
        self._database = database
        self._vault = vault
        self._clock = clock
        self._resting: dict[tuple[str, str, str], datetime] = {}
        """Files that wait, by place, name and etag, and until when."""

    def run(self) -> bool:
        """Take in at most one file of each place and answer at most one; whether something was done.

        Raises:
            psycopg2.OperationalError, psycopg2.InterfaceError, NoConnectionFree: the database is away.
        """
        done, reached = False, True
        for place in self._places:
            for step in (self._take_next, self._answer_next):
                try:
                    done = step(place) or done
                except (PlaceAway, FileChanged, NoContract, errors.NoRoom) as error:
                    reached = reached and not isinstance(error, PlaceAway)
                    log.warning("pickup_waits", place=place.url, reason=error.sentence())
                except PASSING:
                    raise
                except Exception:  # a bug at one place keeps neither others nor other jobs waiting
                    reached = False
                    log.exception("pickup_failed", place=place.url)
        if reached:
            metrics.PICKUPS_LOOKED.set_to_current_time()
        return done

    def _take_next(self, place: Place) -> bool:
        found = place.files(wall_now())
        with self._database.transaction() as tx:
            partner_no = contract_of(tx, place.pickup.partner_id).partner_no
            now = wall_now()
            names = [each.name for each in found]
            known = picked_files.known(tx, partner_no, place.url, names)
            known |= pickup_tries.resting(tx, partner_no, place.url, names, now)
        self._resting = {file: until for file, until in self._resting.items() if now < until}
        known |= {(name, etag) for where, name, etag in self._resting if where == place.url}
        new = next((each for each in found if (each.name, each.etag) not in known), None)
        return new is not None and self._take(place, new, partner_no)

    def _take(self, place: Place, found: FoundFile, partner_no: int) -> bool:
        note = Note(partner_no, place.url, found, self._clock.now())
        with traces.span("pick-up-file"):
            try:
                if not self._try(place, found, note):
                    return False
            except _TryFailed:
                metrics.PICKUP_FILES.labels("failed").inc()
            except _TakenBefore as before:
                note.store(self._database, batch_id=before.batch_id)
                metrics.PICKUP_FILES.labels("known").inc()
            except TooManyRows as used_up:
                self._rest(place, found, used_up, timedelta(seconds=used_up.retry_after))
            except _REFUSALS as refusal:
                if isinstance(refusal, ContractNotRunning) and refusal.state == "suspended":
                    note.take_try_back(self._database)
                    self._rest(place, found, refusal, _LONGEST_REST)
                    return True
                note.store(self._database, refusal=_problem(refusal))
                metrics.PICKUP_FILES.labels("refused").inc()
                log.warning("file_refused", place=place.url, file=found.name, reason=refusal.sentence())
            else:
                metrics.PICKUP_FILES.labels("taken").inc()
                log.info("file_picked_up", place=place.url, file=found.name)
        return True

    def _try(self, place: Place, found: FoundFile, note: Note) -> bool:
        """Make the file a batch; False where another worker has it."""
        tries = 0
        try:
            with self._database.transaction() as tx:
                if not note.free(tx):
                    return False
                tries = note.count_try(self._database)
                self._receive(tx, place, found, note)
        except (_TakenBefore, *_REFUSALS):
            raise
        except _PASSES:
            if tries:
                note.take_try_back(self._database)
            raise
        except Exception as error:
            log.exception("file_failed", place=place.url, file=found.name, tries=tries)
            if tries >= MOST_TRIES:
                raise NotWorkedOff from error
            note.rest(self._database, tries)
            raise _TryFailed from error
        return True

    def _rest(self, place: Place, found: FoundFile, reason: FangzhaError, rest: timedelta) -> None:
        """Others of the place go first meanwhile."""
        self._resting[place.url, found.name, found.etag] = wall_now() + min(rest, _LONGEST_REST)
        log.warning("pickup_waits", place=place.url, file=found.name, reason=reason.sentence())

    def _receive(self, tx: Tx, place: Place, found: FoundFile, note: Note) -> None:
        signature = place.companion(found.name + SIGNATURE)
        signed_by: str | None = None

        def check(sale: Sale, sha256: str) -> None:
            nonlocal signed_by
            signed_by = verify_file(tx, sale.contract, sha256.encode(), signature)
            before = picked_files.batch_of(tx, note.partner_no, note.place, found.name, sha256)
            if before is not None:
                raise _TakenBefore(before)

        pickup = place.pickup
        if found.sha256 == "":
            raise errors.UnreadableFile("Its .sha256 file holds no SHA-256.", "Write 64 hex digits into it.")
        batch = receive_batch(
            tx,
            place.read(found),
            ProductCode(pickup.product_code),
            Declared(None, found.sha256, found.sent, pickup.kind, pickup.dry_run),
            tenant=pickup.partner_id,
            actor=ACTOR,
            vault=self._vault,
            now=note.now,
            check=check,
        )
        note.add(tx, sha256=batch.sha256, batch_id=batch.batch_id, signed_by=signed_by)

    def _answer_next(self, place: Place) -> bool:
        waiting: Unanswered | None = None
        now = wall_now()
        try:
            with self._database.transaction() as tx:
                contract = contract_of(tx, place.pickup.partner_id)
                waiting = picked_files.next_unanswered(tx, contract.partner_no, place.url, now)
                if waiting is None:
                    return False
                done = self._answer(tx, place, waiting, contract.partner_no)
                picked_files.answered(tx, waiting.file_no, results=done, now=now)
        except PASSING:
            raise
        except Exception as error:
            if waiting is None:
                raise
            with self._database.transaction() as tx:
                picked_files.answer_later(tx, waiting.file_no, now + _WRITE_AGAIN)
            if isinstance(error, PlaceAway):
                log.warning("receipt_waits", place=place.url, file=waiting.name, reason=error.sentence())
            else:
                log.exception("receipt_failed", place=place.url, file=waiting.name)
        return True

    def _answer(self, tx: Tx, place: Place, waiting: Unanswered, partner_no: int) -> bool:
        """Write what can be written by now; whether that is all."""
        batch = None
        if waiting.batch_id is not None:
            batch = batches.batch(tx, waiting.batch_id, partner_no=partner_no)
            assert batch is not None  # noqa: S101  # a foreign key says so
        done = batch is None or batch.state in {"finished", "failed"}
        if batch is not None and done and batch.results_expired_at is None:
            place.write(waiting.name + RESULTS, results(self._database, batch.batch_id, "csv"))
        place.write(waiting.name + RECEIPT, _indented(_receipt(waiting, batch)))
        return done


def _receipt(waiting: Unanswered, batch: Batch | None) -> dict[str, object]:
    receipt: dict[str, object] = {
        "file": waiting.name,
        "picked_up_at": waiting.picked_at,
        "state": "refused",
        "sha256": waiting.sha256,
        "signed_by": waiting.signed_by,
    }
    if batch is None:
        return receipt | {"problem": waiting.refusal}
    return receipt | {
        "state": batch.state,
        "sha256": batch.sha256,
        "batch_id": batch.batch_id,
        "dry_run": batch.dry_run,
        "rows": batch.rows_total,
        "accepted": batch.accepted,
        "rejected": batch.rejected,
        "finished_at": batch.finished_at,
        "failure": batch.failure,
    }


def _indented(receipt: dict[str, object]) -> Iterator[bytes]:
    yield msgspec.json.format(msgspec.json.encode(receipt), indent=2) + b"\n"


def _problem(refusal: FangzhaError) -> dict[str, str]:
    """As the same error is named over HTTP."""
    slug = re.sub(r"(?<!^)(?=[A-Z])", "-", type(refusal).__name__).lower()
    return {"type": slug, "detail": refusal.sentence()}
