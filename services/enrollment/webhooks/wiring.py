"""The courier that enrollment's processes make of the settings, and who has endpoints: who has a contract."""

from __future__ import annotations

from typing import Final

from services.enrollment.partners.store import endpoint_links
from services.enrollment.partners.usecases.contracts import contract_of
from services.enrollment.settings import Settings
from shared.courier.addresses import parse_networks
from shared.courier.post import Courier
from shared.db.transaction import Tx
from shared.webhooks.domain.partners import Partners


def courier_of(settings: Settings) -> Courier:
    """Who may call the servers that the settings allow."""
    return Courier(
        parse_networks(settings.webhook_private_networks),
        plain_http=settings.webhook_plain_http,
        ca_file=None if settings.webhook_ca_file is None else str(settings.webhook_ca_file),
    )


class _WithContract:
    """The partners, and what their contracts say of the types that are asked for."""

    def number_of(self, tx: Tx, tenant: str) -> int:
        """Raises NoContract: the tenant is no partner."""
        return contract_of(tx, tenant).partner_no

    def hold(self, tx: Tx, partner_no: int) -> None:
        endpoint_links.hold(tx, partner_no)

    def note_types(self, tx: Tx, partner_no: int) -> None:
        endpoint_links.note_types(tx, partner_no)


PARTNERS: Final[Partners] = _WithContract()
