"""What a partner is told of each row of its file, as CSV or NDJSON. Nothing of the person's stands in it.

A cell that a spreadsheet would take for a formula is made plain text, as OWASP advises against CSV injection: who opens
the file did not choose what another program wrote into its own reference.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

ResultFormat = Literal["csv", "ndjson"]

COLUMNS: Final = ("line", "outcome", "partner_reference", "policy_id", "field", "code", "detail", "fix")

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_PLAIN: Final = "'"


@dataclass(frozen=True, slots=True)
class Result:
    """One row's outcome. ``line`` is known of rejected rows and a dry run's; others are found by their reference."""

    line: int | None
    outcome: Literal["accepted", "rejected"]
    partner_reference: str | None
    policy_id: str | None = None
    field: str | None = None
    code: str | None = None
    detail: str | None = None
    fix: str | None = None


def neutralized(cell: str) -> str:
    """``cell``, with an apostrophe in front where a spreadsheet would calculate it."""
    return _PLAIN + cell if cell.startswith(_FORMULA) else cell


def head(form: ResultFormat) -> bytes:
    """What stands before the first result."""
    return (",".join(COLUMNS) + "\r\n").encode() if form == "csv" else b""


def rendered(results: Iterable[Result], form: ResultFormat) -> bytes:
    """The results one after another: CSV as RFC 4180 has it, or a JSON object a line."""
    if form == "ndjson":
        return b"".join(msgspec.json.encode(each) + b"\n" for each in results)
    lines = _Lines()
    csv.writer(lines).writerows(map(_cells, results))
    return "".join(lines.written).encode()


def _cells(result: Result) -> Sequence[str]:
    texts = (
        result.outcome,
        result.partner_reference,
        result.policy_id,
        result.field,
        result.code,
        result.detail,
        result.fix,
    )
    return ["" if result.line is None else str(result.line), *(neutralized(text or "") for text in texts)]


class _Lines:
    """What csv's writer writes to: rules know no files."""

    def __init__(self) -> None:
        self.written: list[str] = []

    def write(self, text: str) -> None:
        self.written.append(text)
