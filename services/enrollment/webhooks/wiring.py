"""Who has endpoints: who has a contract."""

from __future__ import annotations

from typing import Final

from services.enrollment.partners.store import endpoint_links
from services.enrollment.partners.usecases.contracts import contract_of
from shared.db.transaction import Tx
from shared.webhooks.domain.partners import Partners


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
