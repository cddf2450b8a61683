"""Proposed product versions and what was decided of them. That two persons are needed the tables see to as well."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from services.enrollment.products.domain.drafts import Draft, DraftState
from shared.db.transaction import Row, Tx
from shared.events.products import ProductPublished

_ADD: Final = """
INSERT INTO product_drafts (draft_id, product_code, based_on, terms, begins_when_approved, state, proposed_at,
                            proposed_by)
VALUES (%s, %s, %s, %s::jsonb, %s, 'proposed', %s, %s)
"""


def add(tx: Tx, draft: Draft) -> None:
    tx.execute(
        _ADD,
        (
            draft.draft_id,
            draft.terms.product_code,
            draft.based_on,
            msgspec.json.encode(draft.terms).decode(),
            draft.begins_when_approved,
            draft.proposed_at,
            draft.proposed_by,
        ),
    )


_SELECT: Final = """
SELECT draft_id, terms, begins_when_approved, based_on, state, proposed_at, proposed_by, decided_at, decided_by, reason
FROM product_drafts
"""
_ONE: Final = _SELECT + "WHERE draft_id = %s"
_LOCKED: Final = _ONE + " FOR UPDATE"


def draft(tx: Tx, draft_id: str, *, lock: bool = False) -> Draft | None:
    """One draft; ``lock`` keeps others from deciding it until this transaction ends."""
    row = tx.one(_LOCKED if lock else _ONE, (draft_id,))
    return None if row is None else _draft(row)


_PAGE: Final = (
    _SELECT
    + """
WHERE (%(state)s IS NULL OR state = %(state)s) AND (%(code)s IS NULL OR product_code = %(code)s)
  AND (%(after)s IS NULL OR draft_id > %(after)s::uuid)
ORDER BY draft_id LIMIT %(limit)s
"""
)


def page(tx: Tx, *, state: DraftState | None, product_code: str | None, after: str | None, limit: int) -> list[Draft]:
    """Drafts by the time of their proposal, beginning after the one that ``after`` names."""
    parameters: dict[str, object] = {"state": state, "code": product_code, "after": after, "limit": limit}
    return [_draft(row) for row in tx.all(_PAGE, parameters)]


_DECIDE: Final = """
UPDATE product_drafts SET state = %s, decided_at = %s, decided_by = %s, reason = %s
WHERE draft_id = %s AND state = 'proposed'
"""


def decide(tx: Tx, draft_id: str, state: DraftState, *, by: str, at: datetime, reason: str | None = None) -> bool:
    """Note the decision; False where there is one already."""
    return tx.execute(_DECIDE, (state, at, by, reason, draft_id)) == 1


def _draft(row: Row) -> Draft:
    return Draft(
        draft_id=row[0],
        terms=msgspec.convert(row[1], ProductPublished),
        begins_when_approved=row[2],
        based_on=row[3],
        state=row[4],
        proposed_at=row[5],
        proposed_by=row[6],
        decided_at=row[7],
        decided_by=row[8],
        reason=row[9],
    )
