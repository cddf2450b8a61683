"""``payout.payees.v1``: which accounts there are, and whose."""

from __future__ import annotations

from typing import Final

from services.fraud_detection.claims.store import payees
from shared.db.transaction import Tx
from shared.events.envelope import Envelope
from shared.events.payouts import PayeeAnnounced, PayeeErased
from shared.messaging.failures import Poison
from shared.messaging.subscription import Subscription, on
from shared.values.ids import is_token


def _announced(tx: Tx, envelope: Envelope[PayeeAnnounced]) -> None:
    announced = envelope.data
    _require(announced.version, announced.payee_token, *announced.name_tokens)
    payees.keep(tx, announced)


def _erased(tx: Tx, envelope: Envelope[PayeeErased]) -> None:
    erased = envelope.data
    _require(erased.version, erased.payee_token)
    payees.forget(tx, erased)


def _require(version: int, *tokens: str) -> None:
    if version < 1:
        raise Poison("its version is not positive")
    if not all(map(is_token, tokens)):
        raise Poison("a token in it is none")


PAYEES: Final = Subscription(
    name="payees",
    topics=(PayeeAnnounced.TOPIC,),
    handlers=on(PayeeAnnounced, _announced) | on(PayeeErased, _erased),
)
