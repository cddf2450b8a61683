"""Publishes a product version, and at start the products and contracts that the service is shipped with.

Versions that are not shipped are proposed by one person and approved by another: propose_product, decide_draft.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from services.enrollment.domain.partners import ContractEntry
from services.enrollment.domain.products import check_terms
from services.enrollment.store import products
from services.enrollment.usecases.follow_contracts import follow_contracts
from shared.db import audit
from shared.db.transaction import Tx
from shared.events.products import ProductPublished
from shared.messaging import outbox
from shared.values.ids import ProductCode


def install(
    tx: Tx, shipped: Iterable[ProductPublished], contracts: Iterable[ContractEntry], *, actor: str, now: datetime
) -> list[ProductPublished]:
    """Publish the shipped versions that are not stored yet, each once for ever, and keep the contracts of the file."""
    published = []
    for terms in sorted(shipped, key=lambda each: each.product_version):
        check_terms(terms)
        product_id, newest = products.lock(tx, ProductCode(terms.product_code))
        if terms.product_version == newest + 1:
            published.append(publish(tx, product_id, terms, actor=actor, now=now))
    follow_contracts(tx, contracts, actor=actor, now=now)
    return published


def publish(tx: Tx, product_id: int, terms: ProductPublished, *, actor: str, now: datetime) -> ProductPublished:
    """Store checked terms as the version whose number they carry, and announce it; the caller locked the product."""
    event_id = outbox.add(tx, terms, subject=terms.product_code, now=now)
    products.add_version(tx, product_id, terms, published_at=now, published_by=actor, event_id=event_id)
    audit.record(
        tx,
        actor=actor,
        action="product.published",
        subject=terms.product_code,
        details={"version": terms.product_version},
        now=now,
    )
    return terms
