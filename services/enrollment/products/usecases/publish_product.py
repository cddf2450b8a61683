"""Publishes a product version, and at start the products that the service is shipped with.

Versions that are not shipped are proposed by one person and approved by another: propose_product, decide_draft.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from services.enrollment.products.domain.product_comparison import compare
from services.enrollment.products.domain.products import check_terms
from services.enrollment.products.store import products, service_fees
from shared.db import audit
from shared.db.transaction import Tx
from shared.events.products import ProductPublished
from shared.messaging import outbox
from shared.process.logs import get_logger
from shared.values.errors import InvalidField
from shared.values.ids import ProductCode

log = get_logger()


def install_products(
    tx: Tx, shipped: Iterable[ProductPublished], *, actor: str, now: datetime
) -> list[ProductPublished]:
    """Publish the shipped versions that are not stored yet, each once for ever.

    Raises:
        InvalidField, InvalidFields: terms that are not acceptable, or a version without the one before it.
    """
    service_fees.hold_fees(tx)
    published = []
    for terms in sorted(shipped, key=lambda each: each.product_version):
        check_terms(terms)
        product_id, newest = products.lock(tx, ProductCode(terms.product_code))
        if terms.product_version == newest + 1:
            published.append(publish(tx, product_id, terms, actor=actor, now=now))
        else:
            _compare_with_stored(tx, terms, newest)
    return published


def _compare_with_stored(tx: Tx, terms: ProductPublished, newest: int) -> None:
    """A version never changes: a file that says otherwise has no effect, which whoever changed it must be told."""
    code, number = ProductCode(terms.product_code), terms.product_version
    stored = products.find(tx, code, number)
    if stored is None:
        raise InvalidField(
            "/product_version",
            f"There is version {number} of {code} in a file, and the newest one stored is {newest}.",
            f"Number it {newest + 1}, or ship those between them too.",
        )
    changes = compare(stored, terms)
    if changes:
        log.warning("shipped_product_differs", file=f"{code}.{number}.json", changes=[each.term for each in changes])


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
