"""Covers that share a loss."""

from __future__ import annotations

import msgspec

from services.enrollment.products.store import products
from services.enrollment.products.usecases.decide_draft import approve_draft
from services.enrollment.products.usecases.propose_product import propose_product
from tests.services.enrollment.builders import NOW, PRODUCT
from tests.services.enrollment.policies.lifecycle import Office


def let_covers_share_a_loss(office: Office) -> None:
    """From now on each partner may sell the product to the same person."""
    with office.database.transaction() as tx:
        alone = products.version(tx, PRODUCT, 1).terms
        clauses = alone.clauses | {"loss_paid_already": "4.6"}
        terms = msgspec.structs.replace(alone, stacking="pro_rata", clauses=clauses)
        draft = propose_product(tx, terms, begins_when_approved=True, actor="one", now=NOW)
        approve_draft(tx, draft.draft_id, actor="another", now=NOW)
