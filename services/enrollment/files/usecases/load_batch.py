"""Works off received batches, one part a transaction: what kind a batch is says who does its rows.

Where a worker is killed, the part it was at is as if never begun, and the next worker does it; rows are judged by the
moment at which the batch was received, so the outcome does not depend on when that is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Protocol

from services.enrollment.files.domain.file_columns import BatchKind
from services.enrollment.files.store import batches
from services.enrollment.files.store.batches import Work
from services.enrollment.files.usecases.enroll_rows import enroll_rows
from services.enrollment.files.usecases.remove_rows import remove_rows
from services.enrollment.files.usecases.renew_rows import renew_rows
from services.enrollment.files.usecases.sealed_parts import open_part
from services.enrollment.files.usecases.tell_batch import tell_batch
from services.enrollment.files.usecases.under_way import Overtaken, Turn, UnderWay
from services.enrollment.policies.store import standing
from services.enrollment.policies.usecases.vault import Vault
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.privacy.keys import UnknownKey
from shared.privacy.sealed import SealBroken, data_key_id
from shared.process import metrics, traces
from shared.process.clock import Clock
from shared.process.logs import get_logger

log = get_logger()

MOST_TRIES: Final = 5
"""Of a part that ends by a bug each time. Some bugs come of what else is done just then, and go; a supervisor that
starts anew at once takes seconds for them."""


class LoadPart(Protocol):
    """What each kind of batch has: how many rows of the part were accepted, and how many rejected."""

    def __call__(
        self, tx: Tx, part: bytes, work: Work, *, vault: Vault, now: datetime, sandbox: bool, turn: Turn
    ) -> tuple[int, int]: ...


LOADERS: Final[Mapping[BatchKind, LoadPart]] = {
    "enrollment": enroll_rows,
    "removal": remove_rows,
    "renewal": renew_rows,
}


def load_next_part(tx: Tx, *, vault: Vault, now: datetime, sandbox: bool, turn: Turn | None = None) -> bool:
    """Work off the next part of the oldest batch that no other worker has; False where there is none.

    ``turn`` is one of a worker whose threads do several parts at once, and is left after the end of ``tx``.

    Raises:
        Overtaken: roll back, and try again: the part comes after one that was not stored.
    """
    turn = turn or UnderWay().turn()
    work = turn.take(tx)
    if work is None:
        return False
    with traces.span("load-batch-part", parent=work.trace):
        try:
            accepted, rejected = _load(tx, work, vault=vault, now=now, sandbox=sandbox, turn=turn)
        except (SealBroken, UnknownKey) as error:
            _fail(tx, work, error.sentence(), now=now)
            return True
        done = batches.part_done(
            tx, work, turn.worker, accepted=accepted, rejected=rejected, seconds=turn.seconds(), now=now
        )
        if done is None:
            raise Overtaken
        if done == "finished":
            tell_batch(tx, work.partner_id, work.batch_id, now=now)
        log.info("batch_part_loaded", batch_id=work.batch_id, part=work.part_no, accepted=accepted, rejected=rejected)
    metrics.BATCH_ROWS.labels("accepted").inc(accepted)
    metrics.BATCH_ROWS.labels("rejected").inc(rejected)
    return True


def give_up(tx: Tx, work: Work, *, now: datetime) -> bool:
    """Count a try of a part that ended by a bug; whether it was one too many, so that its batch has failed.

    The worker crashes by it, and the next one finds the same part first: without an end no partner's file would go on.
    """
    if batches.count_try(tx, work) < MOST_TRIES:
        return False
    _fail(tx, work, f"The rows from line {work.first_line} on could not be worked off. Ask the insurer.", now=now)
    return True


def count_waiting(database: Database, clock: Clock) -> bool:
    """Show how long the oldest batch has waited to be done."""
    with database.transaction() as tx:
        oldest = batches.oldest_to_do(tx)
    metrics.BATCHES_OLDEST_SECONDS.set(0 if oldest is None else (clock.now() - oldest).total_seconds())
    return False


def _fail(tx: Tx, work: Work, reason: str, *, now: datetime) -> None:
    batches.fail(tx, work.batch_id, reason, now=now)
    standing.forget_dry_run(tx, work.batch_id)
    tell_batch(tx, work.partner_id, work.batch_id, now=now)
    metrics.BATCHES_FAILED.inc()
    log.exception("batch_failed", batch_id=work.batch_id, part=work.part_no, reason=reason)  # noqa: LOG004  # called in one


def _load(tx: Tx, work: Work, *, vault: Vault, now: datetime, sandbox: bool, turn: Turn) -> tuple[int, int]:
    sealed = batches.sealed_part(tx, work.batch_id, work.part_no)
    key = vault.sealer.data_key(tx, data_key_id(sealed))
    part = open_part(key, work.batch_id, work.part_no, sealed)
    return LOADERS[work.kind](tx, part, work, vault=vault, now=now, sandbox=sandbox, turn=turn)
