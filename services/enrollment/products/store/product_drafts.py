"""Proposed product versions and what was decided of them. That two persons are needed the tables see to as well."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from services.enrollment.products.domain.drafts import Draft, DraftState
from shared.db.columns import Columns
from shared.db.transaction import Tx

_DRAFT: Final = Columns(Draft)
_ADD: Final = f"""
INSERT INTO product_drafts ({_DRAFT.names}, product_code) VALUES ({_DRAFT.places}, %(product_code)s)
"""


def add(tx: Tx, draft: Draft) -> None:
    tx.execute(_ADD, {**_DRAFT.values(draft), "product_code": draft.terms.product_code})


_SELECT: Final = f"SELECT {_DRAFT} FROM product_drafts"
_ONE: Final = f"{_SELECT} WHERE draft_id = %s"
_LOCKED: Final = f"{_ONE} FOR UPDATE"


def draft(tx: Tx, draft_id: str, *, lock: bool = False) -> Draft | None:
    """One draft; ``lock`` keeps others from deciding it until this transaction ends."""
    return tx.one(_LOCKED if lock else _ONE, (draft_id,), into=Draft)


_PAGE: Final = f"""{_SELECT}
WHERE (%(state)s IS NULL OR state = %(state)s) AND (%(code)s IS NULL OR product_code = %(code)s)
  AND (%(after)s IS NULL OR draft_id > %(after)s::uuid)
ORDER BY draft_id LIMIT %(limit)s
"""


def page(tx: Tx, *, state: DraftState | None, product_code: str | None, after: str | None, limit: int) -> list[Draft]:
    """Drafts by the time of their proposal, beginning after the one that ``after`` names."""
    parameters: dict[str, object] = {"state": state, "code": product_code, "after": after, "limit": limit}
    return tx.all(_PAGE, parameters, into=Draft)


_DECIDE: Final = """
UPDATE product_drafts SET state = %s, decided_at = %s, decided_by = %s, reason = %s
WHERE draft_id = %s AND state = 'proposed'
"""


def decide(tx: Tx, draft_id: str, state: DraftState, *, by: str, at: datetime, reason: str | None = None) -> bool:
    """Note the decision; False where there is one already."""
    return tx.execute(_DECIDE, (state, at, by, reason, draft_id)) == 1
