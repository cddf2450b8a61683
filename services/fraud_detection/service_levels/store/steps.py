"""The steps of claims, as the clocks read them. Their table is written by claims."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.fraud_detection.claims.domain.clocks import Reached
from services.fraud_detection.claims.domain.states import State
from services.fraud_detection.claims.store import courses
from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import ClaimId
from shared.values.money import Fen

_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True)
class Course:
    """One claim with its steps. ``finding``: it was refused for what a person found; ``in_scope``: see series."""

    claim_id: ClaimId
    state: State
    lost_fen: Fen
    paid_fen: Fen
    finding: bool
    in_scope: bool
    steps: tuple[Reached, ...]


_COURSE: Final = Columns(
    Course,
    claim_id="claims.claim_id",
    lost_fen="greatest(0, claims.amount_fen - recovered_fen - other_insurance_fen)",
    paid_fen="coalesce(held.amount_fen, 0)",
    finding="coalesce(last.found, false)",
    in_scope="coalesce(last.outcome = 'approved' OR last.found, false)",
    steps=courses.STEPS,
)
_PAGE: Final = f"""
SELECT {_COURSE}
FROM claims
LEFT JOIN reservations AS held ON held.claim_id = claims.claim_id AND held.released_at IS NULL
LEFT JOIN LATERAL (
    SELECT outcome, found_zh IS NOT NULL AS found FROM decisions
    WHERE decisions.claim_id = claims.claim_id AND outcome IN ('approved', 'refused') ORDER BY version DESC LIMIT 1
) AS last ON true
WHERE claims.claim_id > %(after)s::uuid AND {{}} ORDER BY claims.claim_id LIMIT {_AT_ONCE}"""
_FILED: Final = _PAGE.format("submitted_at >= %(begin)s AND submitted_at < %(end)s")
_OPEN: Final = _PAGE.format("state NOT IN ('paid', 'recovered', 'refused', 'withdrawn', 'lapsed', 'closed')")
_FIRST: Final = "00000000-0000-0000-0000-000000000000"


def filed_between(tx: Tx, begin: datetime, end: datetime) -> Iterator[Course]:
    """The claims filed from ``begin`` until before ``end``, a page at a time."""
    yield from _all(tx, _FILED, {"begin": begin, "end": end})


def still_open(tx: Tx) -> Iterator[Course]:
    """The claims on which a clock may run."""
    yield from _all(tx, _OPEN, {})


def _all(tx: Tx, query: str, values: dict[str, object]) -> Iterator[Course]:
    after: str = _FIRST
    while page := tx.all(query, {**values, "after": after}, into=Course):
        yield from page
        after = page[-1].claim_id
