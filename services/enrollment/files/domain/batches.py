"""A batch of subscribers and how far it is. Splitting and judging its rows are intake's and rows' work."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.enrollment.files.domain.file_columns import BatchKind
from shared.values.ids import BatchId, PartnerId, ProductCode

BatchState = Literal["received", "processing", "finished", "failed"]


@dataclass(frozen=True, slots=True)
class Batch:
    """One uploaded file. ``rows_total`` was counted on arrival; lines that are empty are not rows."""

    batch_id: BatchId
    partner_id: PartnerId
    product_code: ProductCode
    kind: BatchKind
    format: str
    """As it was sent: csv, ndjson or parquet."""
    dry_run: bool
    """Its rows are judged and counted, and nothing is enrolled."""
    state: BatchState
    rows_total: int
    rows_read: int
    accepted: int
    rejected: int
    working_seconds: float
    received_at: datetime
    finished_at: datetime | None
    sha256: str
    failure: str | None
    results_expired_at: datetime | None
    """Since when what its rows were told is not told any more, for it is kept no longer."""

    @property
    def rows_per_second(self) -> float | None:
        """The rate so far while it was worked on; None before the first part is done."""
        return round(self.rows_read / self.working_seconds, 1) if self.working_seconds > 0 else None

    @property
    def seconds_left(self) -> int | None:
        """How long the rest takes at that rate; None where that is unknown."""
        if self.state == "finished":
            return 0
        if self.state == "failed" or not self.rows_per_second:
            return None
        return math.ceil((self.rows_total - self.rows_read) / self.rows_per_second)
