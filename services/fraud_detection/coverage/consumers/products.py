"""``enrollment.products.v1``: the terms that claims are held against."""

from __future__ import annotations

from typing import Final

from services.fraud_detection.coverage.store import products
from shared.db.transaction import Tx
from shared.events.envelope import Envelope
from shared.events.products import ProductPublished
from shared.messaging.subscription import Subscription, on


def _published(tx: Tx, envelope: Envelope[ProductPublished]) -> None:
    products.keep(tx, envelope.data)


PRODUCTS: Final = Subscription(
    name="products", topics=(ProductPublished.TOPIC,), handlers=on(ProductPublished, _published)
)
