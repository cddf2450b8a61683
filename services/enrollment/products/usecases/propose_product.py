"""Proposes a product's first or next version. Nothing is sold under it until another person approves it."""

from __future__ import annotations

from datetime import datetime

import msgspec

from services.enrollment.products.domain.drafts import Draft
from services.enrollment.products.domain.products import check_terms
from services.enrollment.products.store import product_drafts, products
from shared.db import audit
from shared.db.transaction import Tx
from shared.events.products import ProductPublished
from shared.process.new_ids import new_id
from shared.values.errors import InvalidField
from shared.values.ids import ProductCode


def propose_product(tx: Tx, terms: ProductPublished, *, begins_when_approved: bool, actor: str, now: datetime) -> Draft:
    """A draft of ``terms`` as the next version, whatever number they carry.

    Raises:
        InvalidField, InvalidFields: the terms contradict themselves, or would begin in the past.
    """
    check_terms(terms)
    if not begins_when_approved and terms.effective_from < now:
        raise InvalidField(
            "/effective_from",
            "The version would begin in the past.",
            "Leave it out to begin when it is approved, or send a later time.",
        )
    newest = products.newest(tx, ProductCode(terms.product_code))
    draft = Draft(
        draft_id=new_id(),
        terms=msgspec.structs.replace(terms, product_version=newest + 1),
        begins_when_approved=begins_when_approved,
        based_on=newest,
        state="proposed",
        proposed_at=now,
        proposed_by=actor,
    )
    product_drafts.add(tx, draft)
    audit.record(
        tx,
        actor=actor,
        action="product.proposed",
        subject=draft.draft_id,
        details={"product_code": terms.product_code, "version": newest + 1},
        now=now,
    )
    return draft
