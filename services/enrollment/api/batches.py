"""Enrollment batches over HTTP: upload a file of subscribers, see how far it is, read what was rejected and why."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from services.enrollment.api.deps import Deps
from services.enrollment.domain import errors
from services.enrollment.domain.batches import Batch, BatchState
from services.enrollment.store import batches as store
from services.enrollment.usecases.contracts import contract_of
from services.enrollment.usecases.receive_batch import Declared, receive_batch
from shared.values.ids import BatchId, ProductCode
from shared.web import paging
from shared.web.models import Identifier, ReplyModel, RequestModel, Sha256Hex
from shared.web.resource import Call, Reply, Resource

batches = Resource("enrollment batches", "Files of subscribers")

LARGEST_FILE = 2 * 1024**3
"""Bytes: about fifteen million rows."""


class BatchQuery(RequestModel):
    product_code: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,63}$")]
    rows: Annotated[int | None, Field(ge=0, le=100_000_000)] = None
    """How many rows the file has, without the header; checked."""
    sha256: Sha256Hex | None = None
    """The file's SHA-256 in hex; checked."""


class BatchPath(RequestModel):
    batch_id: Identifier


class BatchView(ReplyModel):
    """One file and how far it is."""

    batch_id: str
    product_code: str
    state: BatchState
    rows: int
    """Counted on arrival; empty lines are no rows."""
    rows_read: int
    accepted: int
    rejected: int
    rows_per_second: float | None
    """While it was worked on; null before the first rows are done."""
    seconds_left: int | None
    received_at: datetime
    finished_at: datetime | None
    sha256: str
    failure: str | None


class RejectionView(ReplyModel):
    """One row that was not enrolled. It holds nothing of the row itself."""

    line: int
    """Counted from 1, the header's line."""
    field: str
    code: str
    detail: str
    fix: str


@batches.post(
    "/v1/enrollment-batches",
    scope="batches:write",
    status=202,
    reply=BatchView,
    streams=("text/csv",),
    max_body=LARGEST_FILE,
    problems=(
        errors.NoContract,
        errors.ContractNotRunning,
        errors.ProductNotSold,
        errors.UnreadableFile,
        errors.NotTheDeclaredFile,
    ),
)
def upload_batch(call: Call[Deps], query: BatchQuery) -> Reply[BatchView]:
    """Hand over a CSV file. It is taken in whole or not at all; good rows are enrolled even where others are not.

    Columns, in any order, named in the first line: partner_reference, document_type, document_number, name, phone,
    effective_date (may be missing or empty), consent_text_version, consent_given_at, consent_channel,
    consent_sha256 (of your own record of the consent). UTF-8.
    """
    batch = receive_batch(
        call.tx,
        call.request_stream.chunks(),
        ProductCode(query.product_code),
        Declared(query.rows, query.sha256),
        tenant=call.caller.tenant,
        actor=call.caller.subject,
        vault=call.deps.vault,
        now=call.now,
    )
    return Reply(_view(batch), headers={"Location": f"/v1/enrollment-batches/{batch.batch_id}"})


@batches.get(
    "/v1/enrollment-batches/<batch_id>",
    scope="batches:read",
    reply=BatchView,
    problems=(errors.NoContract, errors.UnknownBatch),
)
def show_batch(call: Call[Deps], path: BatchPath) -> Reply[BatchView]:
    """How far one of your files is."""
    return Reply(_view(_batch(call, path.batch_id)))


@batches.get(
    "/v1/enrollment-batches/<batch_id>/rejections",
    scope="batches:read",
    reply=paging.Page[RejectionView],
    problems=(errors.NoContract, errors.UnknownBatch),
)
def list_rejections(call: Call[Deps], path: BatchPath, query: paging.PageQuery) -> Reply[paging.Page[RejectionView]]:
    """The rows that were not enrolled so far, by line, each with what is wrong and what to do."""
    batch = _batch(call, path.batch_id)
    after = paging.decode(query.cursor, int)
    found = store.rejections(
        call.tx, batch.batch_id, after_line=0 if after is None else after[0], limit=query.limit + 1
    )
    shown = found[: query.limit]
    items = [
        RejectionView(
            line=one.line, field=one.fault.field, code=one.fault.code, detail=one.fault.detail, fix=one.fault.fix
        )
        for one in shown
    ]
    cursor = paging.encode(shown[-1].line) if len(found) > query.limit else None
    return Reply(paging.Page[RejectionView](items=items, next_cursor=cursor))


def _batch(call: Call[Deps], batch_id: str) -> Batch:
    contract = contract_of(call.tx, call.caller.tenant)
    batch = store.batch(call.tx, BatchId(batch_id), partner_no=contract.partner_no)
    if batch is None:
        raise errors.UnknownBatch(batch_id)
    return batch


def _view(batch: Batch) -> BatchView:
    return BatchView(
        batch_id=batch.batch_id,
        product_code=batch.product_code,
        state=batch.state,
        rows=batch.rows_total,
        rows_read=batch.rows_read,
        accepted=batch.accepted,
        rejected=batch.rejected,
        rows_per_second=batch.rows_per_second,
        seconds_left=batch.seconds_left,
        received_at=batch.received_at,
        finished_at=batch.finished_at,
        sha256=batch.sha256,
        failure=batch.failure,
    )
