"""Product terms as they were published."""

from __future__ import annotations

import json
from typing import Final

import msgspec

from services.fraud_detection.coverage.domain.cover import Product
from shared.db.transaction import Tx
from shared.events.products import ProductPublished

_KEEP: Final = """
INSERT INTO products (product_code, product_version, terms) VALUES (%s, %s, %s)
ON CONFLICT (product_code, product_version) DO NOTHING"""

_FIND: Final = "SELECT terms::text FROM products WHERE product_code = %s AND product_version = %s"


def keep(tx: Tx, product: Product) -> None:
    """Remember a version; one that is known already stays as it is."""
    terms = json.dumps(msgspec.to_builtins(product), ensure_ascii=False)
    tx.execute(_KEEP, (product.product_code, product.product_version, terms))


def find(tx: Tx, code: str, version: int) -> Product | None:
    terms = tx.one(_FIND, (code, version), into=str)
    return None if terms is None else msgspec.json.decode(terms, type=ProductPublished)
