"""A part of a file with few columns to rows: those that take insureds off, and those that renew.

What they may hold the rules say; the rows of an enrollment are parse's.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence

from services.enrollment.files.intake.line_faults import fault_of
from services.enrollment.files.intake.lines import BLANK
from services.enrollment.policies.domain.rows import Fault


def rows(text: str, header: Sequence[str], first_line: int) -> Iterator[tuple[int, dict[str, str] | Fault]]:
    """Every line that is not empty, with its number in the file; a Fault where it is no row at all."""
    for number, line in enumerate(text.split("\n"), start=first_line):
        if not line.strip(BLANK):
            continue
        try:
            fields = next(csv.reader([line.rstrip("\r")], strict=True))
        except csv.Error:
            fields = []
        if len(fields) == len(header):
            yield number, {name: field.strip() for name, field in zip(header, fields, strict=True)}
        else:
            yield number, fault_of(line, len(header))
