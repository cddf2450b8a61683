"""Tells each row's outcome of a batch that is done, page by page, each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from services.enrollment.files.domain.results import Result, ResultFormat, head, rendered
from services.enrollment.files.store import batches, dry_runs
from services.enrollment.files.store.results import accepted
from shared.db.pool import Database
from shared.values.ids import BatchId

_ROWS_AT_ONCE: Final = 5000
_CHUNKS_AT_ONCE: Final = 5
"""Of up to 1,000 policies each: a megabyte in memory at most, however large the batch is."""


def results(database: Database, batch_id: BatchId, form: ResultFormat) -> Iterator[bytes]:
    """The rejected rows by line, then the accepted ones in the order of their policies, or of a dry run by line."""
    yield head(form)
    yield from _rejected(database, batch_id, form)
    yield from _accepted(database, batch_id, form)
    yield from _of_dry_run(database, batch_id, form)


def _rejected(database: Database, batch_id: BatchId, form: ResultFormat) -> Iterator[bytes]:
    after = 0
    while True:
        with database.transaction() as tx:
            page = batches.rejections(tx, batch_id, after_line=after, limit=_ROWS_AT_ONCE)
        if not page:
            return
        after = page[-1].line
        yield rendered(
            (
                Result(
                    line=one.line,
                    outcome="rejected",
                    partner_reference=one.partner_reference,
                    field=one.fault.field,
                    code=one.fault.code,
                    detail=one.fault.detail,
                    fix=one.fault.fix,
                )
                for one in page
            ),
            form,
        )


def _accepted(database: Database, batch_id: BatchId, form: ResultFormat) -> Iterator[bytes]:
    after: str | None = None
    while True:
        with database.transaction() as tx:
            page, after = accepted(tx, batch_id, after=after, chunks=_CHUNKS_AT_ONCE)
        if after is None:
            return
        yield rendered((Result(None, "accepted", reference, policy_id) for reference, policy_id in page), form)


def _of_dry_run(database: Database, batch_id: BatchId, form: ResultFormat) -> Iterator[bytes]:
    after = 0
    while True:
        with database.transaction() as tx:
            page = dry_runs.page(tx, batch_id, after_line=after, limit=_ROWS_AT_ONCE)
        if not page:
            return
        after = page[-1][0]
        yield rendered((Result(line, "accepted", reference) for line, reference in page), form)
