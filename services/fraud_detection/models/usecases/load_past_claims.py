"""Keep a file of labelled past claims, all of it or nothing. How a line is read is the API's."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from services.fraud_detection.models.domain.features import SPECIFICATION
from services.fraud_detection.models.store import past_claims
from services.fraud_detection.models.store.past_claims import Dataset, PastClaim
from shared.db import audit
from shared.db.transaction import Tx
from shared.process.new_ids import new_id
from shared.values.errors import InvalidField, InvalidFields

PAGE: Final = 1000
MOST_FAULTS: Final = 50
"""Enough to see what is wrong with a file; the rest of it is then not read."""


def load_past_claims(
    tx: Tx, lines: Iterable[PastClaim | InvalidField], *, sha256: Callable[[], str], uploaded_by: str, now: datetime
) -> Dataset:
    """Store the claims page by page; ``sha256`` is asked when all were read.

    Raises:
        InvalidFields: the first MOST_FAULTS faults; the caller rolls back what was stored before them.
    """
    dataset_id = new_id()
    faults: list[InvalidField] = []
    page: list[PastClaim] = []
    rows = dishonest = 0
    for each in lines:
        if isinstance(each, InvalidField):
            faults.append(each)
            if len(faults) == MOST_FAULTS:
                break
            continue
        rows, dishonest = rows + 1, dishonest + each.dishonest
        page.append(each)
        if len(page) == PAGE:
            if not faults:
                past_claims.add_rows(tx, dataset_id, page)
            page = []
    if faults:
        raise InvalidFields(tuple(faults))
    if not rows:
        raise InvalidField("", "There is no past claim in it.", "Send one JSON object a line.")
    past_claims.add_rows(tx, dataset_id, page)
    dataset = Dataset(
        dataset_id=dataset_id,
        uploaded_by=uploaded_by,
        uploaded_at=now,
        source="upload",
        sha256=sha256(),
        feature_spec=SPECIFICATION,
        rows=rows,
        dishonest=dishonest,
    )
    past_claims.add_dataset(tx, dataset)
    details: dict[str, str | int | None] = {"rows": rows, "dishonest": dishonest, "sha256": dataset.sha256}
    audit.record(tx, actor=uploaded_by, action="past_claims.loaded", subject=dataset_id, details=details, now=now)
    return dataset
