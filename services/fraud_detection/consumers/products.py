"""``enrollment.products.v1``: the terms that claims are held against."""

from __future__ import annotations

from typing import Final

from services.fraud_detection.store import products
from shared.db.transaction import Tx
from shared.events.envelope import Envelope
from shared.events.products import ProductPublished
from shared.messaging.failures import Poison
from shared.messaging.subscription import Subscription


def _published(tx: Tx, envelope: Envelope) -> None:
    match envelope.data:
        case ProductPublished() as product:
            products.keep(tx, product)
        case other:
            raise Poison(f"it holds {type(other).__name__}")


PRODUCTS: Final = Subscription(
    name="products", topics=(ProductPublished.TOPIC,), handlers={ProductPublished: _published}
)
