"""Product versions as stored. Whether terms are acceptable is the domain's to say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from services.enrollment.products.domain.products import sold_at
from shared.db.transaction import Tx
from shared.events.products import ProductPublished
from shared.values.ids import EventId, ProductCode


@dataclass(frozen=True, slots=True)
class SoldProduct:
    """A product version with the database's short number of its product."""

    product_id: int
    terms: ProductPublished


_ADD_PRODUCT = "INSERT INTO products (product_code) VALUES (%s) ON CONFLICT DO NOTHING"
_LOCK_PRODUCT = "SELECT product_id FROM products WHERE product_code = %s FOR UPDATE"
_NEWEST = "SELECT coalesce(max(version), 0) FROM product_versions WHERE product_id = %s"


def lock(tx: Tx, product_code: ProductCode) -> tuple[int, int]:
    """The product's number and its newest version (0: none yet), nobody else publishing until this transaction ends."""
    number = tx.one(_LOCK_PRODUCT, (product_code,), into=int)
    if number is None:
        tx.execute(_ADD_PRODUCT, (product_code,))
        number = tx.the(_LOCK_PRODUCT, (product_code,), into=int)
    return number, tx.the(_NEWEST, (number,), into=int)


_NEWEST_BY_CODE = """
SELECT coalesce(max(v.version), 0) FROM product_versions v JOIN products p USING (product_id) WHERE p.product_code = %s
"""


def newest(tx: Tx, product_code: ProductCode) -> int:
    """The number of the product's newest version; 0 where there is none."""
    return tx.the(_NEWEST_BY_CODE, (product_code,), into=int)


_ADD_VERSION = """
INSERT INTO product_versions (product_id, version, terms, published_at, published_by, event_id)
VALUES (%s, %s, %s::jsonb, %s, %s, %s)
"""


def add_version(
    tx: Tx, product_id: int, terms: ProductPublished, *, published_at: datetime, published_by: str, event_id: EventId
) -> None:
    """Store a version; the table refuses a second one of the same number."""
    body = msgspec.json.encode(terms).decode()
    tx.execute(_ADD_VERSION, (product_id, terms.product_version, body, published_at, published_by, event_id))


_PAGE = """
SELECT p.product_id, v.terms FROM product_versions v JOIN products p USING (product_id)
WHERE (p.product_code, v.version) > (%s, %s)
ORDER BY p.product_code, v.version LIMIT %s
"""


def page(tx: Tx, *, after: tuple[str, int], limit: int) -> list[ProductPublished]:
    """Versions of all products by code and number, beginning after ``after``."""
    return [one.terms for one in tx.all(_PAGE, (*after, limit), into=SoldProduct)]


_VERSIONS = """
SELECT p.product_id, v.terms FROM product_versions v JOIN products p USING (product_id)
WHERE p.product_code = %(code)s AND (%(by)s::timestamptz IS NULL OR v.published_at <= %(by)s) ORDER BY v.version
"""


def sold_now(
    tx: Tx, product_code: ProductCode, now: datetime, *, published_by: datetime | None = None
) -> SoldProduct | None:
    """The version that a policy is sold under at ``now``, of those published until ``published_by``."""
    known = tx.all(_VERSIONS, {"code": product_code, "by": published_by}, into=SoldProduct)
    terms = sold_at((one.terms for one in known), now)
    return None if terms is None else SoldProduct(known[0].product_id, terms)


def versions(tx: Tx, product_code: ProductCode) -> list[ProductPublished]:
    """All versions of a product by number; none where there is no such product."""
    return [one.terms for one in tx.all(_VERSIONS, {"code": product_code, "by": None}, into=SoldProduct)]


_BY_CODE = """
SELECT p.product_id, v.terms FROM product_versions v JOIN products p USING (product_id)
WHERE p.product_code = %s AND v.version = %s
"""
_BY_NUMBER = "SELECT product_id, terms FROM product_versions WHERE product_id = %s AND version = %s"


def find(tx: Tx, product_code: ProductCode, number: int) -> ProductPublished | None:
    """One version, where somebody asks for it; None where there is none."""
    sold = tx.one(_BY_CODE, (product_code, number), into=SoldProduct)
    return None if sold is None else sold.terms


def version(tx: Tx, product: ProductCode | int, number: int) -> SoldProduct:
    """One version that something stored names, so that it exists: by the product's code or the database's number."""
    return tx.the(_BY_CODE if isinstance(product, str) else _BY_NUMBER, (product, number), into=SoldProduct)


_KNOWN: Final = "SELECT product_code FROM products WHERE product_code = ANY(%s)"


def known_codes(tx: Tx, codes: Iterable[ProductCode]) -> frozenset[ProductCode]:
    """Those of ``codes`` that are products, published or proposed."""
    return frozenset(tx.all(_KNOWN, (sorted(codes),), into=ProductCode))
