"""Who has endpoints: whoever may file claims, by a number of its own."""

from __future__ import annotations

from typing import Final

from services.fraud_detection.webhooks.store import channels
from shared.db.transaction import Tx
from shared.webhooks.domain.partners import Partners


class _Channels:
    """The backends that file claims."""

    def number_of(self, tx: Tx, tenant: str) -> int:
        return channels.number_of(tx, tenant)

    def hold(self, tx: Tx, partner_no: int) -> None:
        channels.hold(tx, partner_no)

    def note_types(self, tx: Tx, partner_no: int) -> None:
        """Nothing is kept of them: who tells a claim's step asks the endpoints themselves."""


CHANNELS: Final[Partners] = _Channels()
