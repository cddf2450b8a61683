"""Which rows of a dry run would have been done, by line. They name no policy, for there is none; nor a person."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final

from shared.db.transaction import Tx
from shared.values.ids import BatchId

_COPY: Final = "COPY dry_run_rows (batch_id, line, partner_reference) FROM STDIN"


def note(tx: Tx, batch_id: BatchId, rows: Sequence[tuple[int, str]]) -> None:
    """Remember lines and references of rows that would be done."""
    # No escapes: a reference is of letters, digits and . _ / : - alone.
    lines = [f"{batch_id}\t{line}\t{reference}\n" for line, reference in rows]
    if lines:
        tx.copy_in(_COPY, io.BytesIO("".join(lines).encode()))


_PAGE: Final = """
SELECT line, partner_reference FROM dry_run_rows WHERE batch_id = %s AND line > %s ORDER BY line LIMIT %s
"""


def page(tx: Tx, batch_id: BatchId, *, after_line: int, limit: int) -> list[tuple[int, str]]:
    """Some of them by line; none of a batch that was no dry run."""
    return tx.all(_PAGE, (batch_id, after_line, limit), into=tuple[int, str])


_SEEN: Final = "SELECT partner_reference FROM dry_run_rows WHERE batch_id = %s AND partner_reference = ANY(%s)"


def seen(tx: Tx, batch_id: BatchId, references: Sequence[str]) -> set[str]:
    """Those of these references that stand further up in the file, and would have been done there."""
    return set(tx.all(_SEEN, (batch_id, list(references)), into=str))
