"""Enrollment batches over HTTP: upload a file of subscribers, see how far it is, read what became of each row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field, StringConstraints
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from services.enrollment.files.domain import errors
from services.enrollment.files.domain.batches import Batch, BatchState
from services.enrollment.files.domain.file_columns import BatchKind
from services.enrollment.files.domain.results import ResultFormat
from services.enrollment.files.intake.upload import CONTENT_TYPES, Sent
from services.enrollment.files.store import batches as store
from services.enrollment.files.usecases.receive_batch import Declared, receive_batch
from services.enrollment.files.usecases.show_results import results
from services.enrollment.partners.domain.errors import ContractNotRunning, LargerThanADay, NoContract, TooManyRows
from services.enrollment.partners.usecases.contracts import contract_of
from services.enrollment.policies.api.deps import PolicyDeps
from services.enrollment.products.domain.errors import ProductNotSold
from shared.db.pool import Database
from shared.values.ids import BatchId, ProductCode
from shared.web import paging
from shared.web.models import Identifier, ProductSlug, ReplyModel, RequestModel, Sha256Hex
from shared.web.resource import Call, Callers, Reply, Resource, StreamedReply
from shared.web.uploads import Upload

batches = Resource("enrollment batches", "Files of subscribers")

LARGEST_FILE = 2 * 1024**3
"""Bytes: about ten million rows of plain CSV."""

_RESULT_TYPES: Final[dict[ResultFormat, str]] = {
    "csv": "text/csv; charset=utf-8",
    "ndjson": "application/x-ndjson",
}
_LOOK_AGAIN_SECONDS: Final = 5


class BatchQuery(RequestModel):
    product_code: ProductSlug
    rows: Annotated[int | None, Field(ge=0, le=100_000_000)] = None
    """How many rows the file has, without the header; checked."""
    sha256: Sha256Hex | None = None
    """The file's SHA-256 in hex, of the bytes as they are sent, compressed where they are; checked."""
    kind: BatchKind = "enrollment"
    """What is to be done with the rows."""
    dry_run: bool = False
    """Judge and count every row, and enroll nobody. Whether a person is covered already is told too."""


class BatchPath(RequestModel):
    batch_id: Identifier


class BatchListQuery(paging.PageQuery):
    state: BatchState | None = None
    """Only batches in this state."""


class ResultsQuery(RequestModel):
    format: ResultFormat | None = None
    """csv or ndjson; without it, Accept decides, and csv is the usual one."""


class ResultsHeader(RequestModel):
    accept: Annotated[str, StringConstraints(max_length=500)] = "*/*"
    """text/csv or application/x-ndjson."""


class BatchView(ReplyModel):
    """One file and how far it is."""

    batch_id: str
    product_code: str
    kind: BatchKind
    format: str
    """csv, ndjson or parquet, as it was sent."""
    dry_run: bool
    """Nobody is enrolled; what is accepted would have been."""
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
    """Counted from 1, which is the header in CSV and the first row in NDJSON and Parquet."""
    partner_reference: str | None
    """Your number of the row; null where there is none, or where it is a person's number."""
    field: str
    code: str
    detail: str
    fix: str


@batches.post(
    "/v1/enrollment-batches",
    scope="batches:write",
    callers=Callers.PARTNERS,
    status=202,
    reply=BatchView,
    streams=tuple(CONTENT_TYPES),
    max_body=LARGEST_FILE,
    problems=(
        NoContract,
        ContractNotRunning,
        ProductNotSold,
        errors.NotSoldByFile,
        errors.UnreadableFile,
        errors.NotTheDeclaredFile,
        errors.NoRoom,
        TooManyRows,
        LargerThanADay,
    ),
)
def upload_batch(call: Call[PolicyDeps], query: BatchQuery) -> Reply[BatchView]:
    """Hand over a file of up to 2 GiB. It is taken in whole or not at all; good rows count even where others do not.

    CSV, NDJSON or Parquet, as Content-Type says; plain, gzip or zstd, by Content-Encoding or by its first bytes. CSV
    and NDJSON may be UTF-8 or GB18030. Columns, in any order, by these names or their Chinese ones: partner_reference,
    document_type, document_number, name, phone, birth_date and effective_date (may be missing or empty),
    consent_text_version, consent_given_at, consent_channel, consent_sha256.
    """
    batch = receive_batch(
        call.tx,
        call.request_stream.chunks(),
        ProductCode(query.product_code),
        Declared(query.rows, query.sha256, _sent(call.request_stream), query.kind, query.dry_run),
        tenant=call.caller.tenant,
        actor=call.caller.subject,
        vault=call.deps.vault,
        now=call.now,
    )
    return Reply(_view(batch), headers={"Location": f"/v1/enrollment-batches/{batch.batch_id}"})


@batches.get(
    "/v1/enrollment-batches",
    scope="batches:read",
    callers=Callers.PARTNERS,
    reply=paging.Page[BatchView],
    problems=(NoContract,),
)
def list_batches(call: Call[PolicyDeps], query: BatchListQuery) -> Reply[paging.Page[BatchView]]:
    """Your files, the newest first."""
    contract = contract_of(call.tx, call.caller.tenant)
    before, most = query.after(UUID), query.limit + 1
    found = store.page(call.tx, contract.partner_no, state=query.state, before=before, limit=most)
    return Reply(paging.Page[BatchView].cut(found, query, _view, lambda last: (last.batch_id,)))


@batches.get(
    "/v1/enrollment-batches/<batch_id>",
    scope="batches:read",
    callers=Callers.PARTNERS,
    reply=BatchView,
    problems=(NoContract, errors.UnknownBatch),
)
def show_batch(call: Call[PolicyDeps], path: BatchPath) -> Reply[BatchView]:
    """How far one of your files is."""
    return Reply(_view(_batch(call, path.batch_id)))


@batches.get(
    "/v1/enrollment-batches/<batch_id>/rejections",
    scope="batches:read",
    callers=Callers.PARTNERS,
    reply=paging.Page[RejectionView],
    problems=(NoContract, errors.UnknownBatch, errors.ResultsExpired),
)
def list_rejections(
    call: Call[PolicyDeps], path: BatchPath, query: paging.PageQuery
) -> Reply[paging.Page[RejectionView]]:
    """The rows that were not enrolled so far, by line, each with what is wrong and what to do.

    They are kept for a stated time after the batch ended; the batch and its counts stay.
    """
    batch = _batch_with_results(call, path.batch_id)
    found = store.rejections(call.tx, batch.batch_id, after_line=query.after(int, first=0), limit=query.limit + 1)
    return Reply(paging.Page[RejectionView].cut(found, query, _rejection, lambda last: (last.line,)))


@batches.get(
    "/v1/enrollment-batches/<batch_id>/results",
    scope="batches:read",
    callers=Callers.PARTNERS,
    reply="text/csv",
    problems=(NoContract, errors.UnknownBatch, errors.BatchNotDone, errors.ResultsExpired),
)
def download_results(
    call: Call[PolicyDeps], path: BatchPath, query: ResultsQuery, header: ResultsHeader
) -> StreamedReply:
    """What became of each row, once the batch is done: the rejected ones by line, then the accepted ones.

    As CSV or NDJSON (application/x-ndjson): line (of rejected rows, and of a dry run's), outcome, partner_reference,
    policy_id, field, code, detail, fix. In CSV a cell that a spreadsheet would calculate begins with an apostrophe.
    Rows that a dry run would accept have no policy_id, for nobody has a policy by it.
    Results are kept for a stated time after the batch ended; the batch and its counts stay.
    """
    batch = _batch_with_results(call, path.batch_id)
    if batch.state not in {"finished", "failed"}:
        raise errors.BatchNotDone(batch.batch_id, _LOOK_AGAIN_SECONDS)
    form = query.format or _preferred(header.accept)
    return StreamedReply(
        partial(_results, batch_id=batch.batch_id, form=form),
        _RESULT_TYPES[form],
        headers={
            "Content-Disposition": f'attachment; filename="{batch.batch_id}.results.{form}"',
            "X-Content-Type-Options": "nosniff",
        },
    )


def _results(database: Database, *, batch_id: BatchId, form: ResultFormat) -> Iterator[bytes]:
    return results(database, batch_id, form)


def _preferred(accept: str) -> ResultFormat:
    forms: dict[str, ResultFormat] = {"text/csv": "csv", "application/x-ndjson": "ndjson"}
    return forms[parse_accept_header(accept, MIMEAccept).best_match(forms, "text/csv")]


def _sent(upload: Upload) -> Sent:
    return Sent(CONTENT_TYPES[upload.content_type], upload.content_encoding, upload.charset)


def _batch(call: Call[PolicyDeps], batch_id: str) -> Batch:
    contract = contract_of(call.tx, call.caller.tenant)
    batch = store.batch(call.tx, BatchId(batch_id), partner_no=contract.partner_no)
    if batch is None:
        raise errors.UnknownBatch(batch_id)
    return batch


def _batch_with_results(call: Call[PolicyDeps], batch_id: str) -> Batch:
    batch = _batch(call, batch_id)
    if batch.results_expired_at is not None:
        raise errors.ResultsExpired(batch_id, batch.results_expired_at)
    return batch


def _view(batch: Batch) -> BatchView:
    return BatchView.of(batch, rows=batch.rows_total)


def _rejection(one: store.Rejection) -> RejectionView:
    return RejectionView.of(one.fault, line=one.line, partner_reference=one.partner_reference)
