"""Works off received batches, one part a transaction: what kind a batch is says who does its rows.

Where a worker is killed, the part it was at is as if never begun, and the next worker does it; rows are judged by the
moment at which the batch was received, so the outcome does not depend on when that is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Protocol

from services.enrollment.domain.file_columns import BatchKind
from services.enrollment.store import batches, standing
from services.enrollment.store.batches import Work
from services.enrollment.usecases.enroll_rows import enroll_rows
from services.enrollment.usecases.remove_rows import remove_rows
from services.enrollment.usecases.renew_rows import renew_rows
from services.enrollment.usecases.under_way import Overtaken, Turn, UnderWay
from services.enrollment.usecases.vault import Vault, open_part
from services.enrollment.usecases.webhooks.tell import tell_batch
from shared.db.transaction import Tx
from shared.privacy.keys import UnknownKey
from shared.privacy.sealed import SealBroken, data_key_id
from shared.process import metrics, traces
from shared.process.logs import get_logger

log = get_logger()


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
            batches.fail(tx, work.batch_id, error.sentence())
            standing.forget_dry_run(tx, work.batch_id)
            tell_batch(tx, work.partner_id, work.batch_id, now=now)
            log.exception("batch_failed", batch_id=work.batch_id, part=work.part_no, reason=error.sentence())
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


def _load(tx: Tx, work: Work, *, vault: Vault, now: datetime, sandbox: bool, turn: Turn) -> tuple[int, int]:
    sealed = batches.sealed_part(tx, work.batch_id, work.part_no)
    key = vault.sealer.data_key(tx, data_key_id(sealed))
    part = open_part(key, work.batch_id, work.part_no, sealed)
    return LOADERS[work.kind](tx, part, work, vault=vault, now=now, sandbox=sandbox, turn=turn)
