"""What a risk would cost under the product as it is sold now. Nothing is stored: the policy is priced anew, alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.enrollment.products.domain.errors import ProductNotSold
from services.enrollment.products.domain.pricing import Price, Risk, price
from services.enrollment.products.store import products
from shared.db.transaction import Tx
from shared.events.products import ProductPublished
from shared.values.documents import HolderKind
from shared.values.errors import InvalidField
from shared.values.ids import ProductCode


@dataclass(frozen=True, slots=True)
class Quote:
    """A price and the terms that it holds for."""

    terms: ProductPublished
    price: Price


def quote_cover(tx: Tx, product_code: ProductCode, kind: HolderKind, risk: Risk, *, now: datetime) -> Quote:
    """The price now.

    Raises:
        ProductNotSold: there is no such product now.
        InvalidField, InvalidFields: the product insures others, or asks for other answers and items.
        NotInsurable: the risk's grade is not insured.
    """
    sold = products.sold_now(tx, product_code, now)
    if sold is None:
        raise ProductNotSold(product_code)
    if sold.terms.insured_kind != kind:
        raise InvalidField(
            "/insured_kind",
            "The product insures others.",
            f"Send {sold.terms.insured_kind}, or choose another product.",
        )
    return Quote(sold.terms, price(sold.terms, risk))
