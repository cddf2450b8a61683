"""Product terms as they were published."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final, TypeAlias

import msgspec

from services.fraud_detection.coverage.domain.cover import Product
from shared.db.transaction import Tx
from shared.events.products import ProductPublished
from shared.values.ids import ProductCode

Version: TypeAlias = tuple[ProductCode, int]
"""Code and version of a product."""

_KEEP: Final = """
INSERT INTO products (product_code, product_version, terms) VALUES (%s, %s, %s)
ON CONFLICT (product_code, product_version) DO NOTHING"""

_MANY: Final = """
SELECT product_code, product_version, terms::text
FROM products JOIN unnest(%s::text[], %s::integer[]) AS asked (product_code, product_version)
USING (product_code, product_version)"""
_FIND: Final = "SELECT terms::text FROM products WHERE product_code = %s AND product_version = %s"


def keep(tx: Tx, product: Product) -> None:
    """Remember a version; one that is known already stays as it is."""
    terms = json.dumps(msgspec.to_builtins(product), ensure_ascii=False)
    tx.execute(_KEEP, (product.product_code, product.product_version, terms))


def find(tx: Tx, code: str, version: int) -> Product | None:
    terms = tx.one(_FIND, (code, version), into=str)
    return None if terms is None else msgspec.json.decode(terms, type=ProductPublished)


class Terms:
    """Terms that were read once: those of a version never change. Those that have not come are asked for each time."""

    def __init__(self) -> None:
        self._known: dict[Version, Product] = {}

    def of(self, tx: Tx, versions: Iterable[Version]) -> dict[Version, Product]:
        """The terms of these versions, as far as they are here."""
        asked = set(versions)
        unknown = sorted(asked - self._known.keys())
        if unknown:
            codes, numbers = ([version[place] for version in unknown] for place in (0, 1))
            for code, number, terms in tx.all(_MANY, (codes, numbers)):
                self._known[code, number] = msgspec.json.decode(terms, type=ProductPublished)
        return {version: self._known[version] for version in asked if version in self._known}
