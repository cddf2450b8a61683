"""Rows of a file that name a policy by the partner's reference: what removals and renewals read alike.

Which policy a reference means, and what becomes of it, is theirs to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from services.enrollment.files.intake import few_columns
from services.enrollment.files.store.batches import Rejection, Work
from services.enrollment.policies.domain.references import reference_to_show
from services.enrollment.policies.domain.rows import Fault, fault_of_reference


def named_rows(part: bytes, work: Work, rejected: list[Rejection]) -> Iterator[tuple[int, str, Mapping[str, str]]]:
    """Line, reference and cells of each row that can be looked up; the others are added to ``rejected``."""
    for line, row in few_columns.rows(part.decode(), work.header.split(","), work.first_line):
        if isinstance(row, Fault):
            rejected.append(Rejection(line, row))
            continue
        reference = row["partner_reference"]
        fault = fault_of_reference(reference)
        if fault is None:
            yield line, reference, row
        else:
            rejected.append(rejection(line, reference, fault))


def rejection(line: int, reference: str, why: Fault) -> Rejection:
    """The row is not done, and its reference is shown unless it may be somebody's number."""
    return Rejection(line, why, reference_to_show(reference))
