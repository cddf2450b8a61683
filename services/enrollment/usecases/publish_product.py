"""Publishes a product version, and at start the products and contracts that the service is shipped with."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from services.enrollment.domain.partners import PartnerTerms
from services.enrollment.domain.products import check_terms
from services.enrollment.store import partner_records, products
from shared.db import audit
from shared.db.transaction import Tx
from shared.events.products import ProductPublished
from shared.messaging import outbox
from shared.values.errors import InvalidField
from shared.values.ids import ProductCode


def publish_product(tx: Tx, terms: ProductPublished, *, actor: str, now: datetime) -> ProductPublished:
    """Store ``terms`` as the product's next version, whatever number they carry, and announce it.

    Raises:
        InvalidField, InvalidFields: the terms contradict themselves, or would begin in the past.
    """
    check_terms(terms)
    if terms.effective_from < now:
        raise InvalidField(
            "/effective_from", "The version would begin in the past.", "Leave it out for now, or send a later time."
        )
    product_id, newest = products.lock(tx, ProductCode(terms.product_code))
    return _publish(tx, product_id, msgspec.structs.replace(terms, product_version=newest + 1), actor=actor, now=now)


def install(
    tx: Tx, shipped: Iterable[ProductPublished], contracts: Iterable[PartnerTerms], *, actor: str, now: datetime
) -> list[ProductPublished]:
    """Publish the shipped versions that are not stored yet, each once for ever, and keep the contracts of the file."""
    published = []
    for terms in sorted(shipped, key=lambda each: each.product_version):
        check_terms(terms)
        product_id, newest = products.lock(tx, ProductCode(terms.product_code))
        if terms.product_version == newest + 1:
            published.append(_publish(tx, product_id, terms, actor=actor, now=now))
    for each in contracts:
        partner_records.put_from_file(tx, each, by=actor, now=now)
    return published


def _publish(tx: Tx, product_id: int, terms: ProductPublished, *, actor: str, now: datetime) -> ProductPublished:
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
