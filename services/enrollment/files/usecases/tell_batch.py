"""Tells a partner's servers that one of its files is done, in the transaction that ends it."""

from __future__ import annotations

from datetime import datetime

from services.enrollment.files.store import batches
from services.enrollment.partners.usecases.contracts import contract_of
from services.enrollment.webhooks.domain.webhook_facts import BatchFinished
from services.enrollment.webhooks.usecases.tell import tell
from shared.db.transaction import Tx
from shared.values.ids import BatchId, PartnerId
from shared.values.shapes import reshape


def tell_batch(tx: Tx, partner_id: PartnerId, batch_id: BatchId, *, now: datetime) -> None:
    """A file was worked off or failed, as is stored already."""
    contract = contract_of(tx, partner_id)
    if BatchFinished.TYPE not in contract.webhook_types:
        return
    batch = batches.batch(tx, batch_id, partner_no=contract.partner_no)
    assert batch is not None  # noqa: S101  # the caller has it locked
    state = "failed" if batch.state == "failed" else "finished"
    fact = reshape(batch, BatchFinished, state=state, rows=batch.rows_total)
    tell(tx, contract.partner_no, fact, now=now)
