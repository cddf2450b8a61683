"""Who has endpoints, as the service says it: the caller of a request by its number, held while its endpoints change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from shared.db.transaction import Tx


class Partners(Protocol):
    """The service's callers that may be told; a number is one service's own."""

    def number_of(self, tx: Tx, tenant: str) -> int:
        """The caller's. Raises what the service answers to who may have no endpoints."""
        ...

    def hold(self, tx: Tx, partner_no: int) -> None:
        """Have nobody else change this partner's endpoints until the transaction ends; before any change."""
        ...

    def note_types(self, tx: Tx, partner_no: int) -> None:
        """After each change, under ``hold``: keep which types some endpoint asks for, where the service does."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks for something of its endpoints; ``actor`` is the person or client, by the subject of the token."""

    partners: Partners
    tenant: str
    actor: str

    def number(self, tx: Tx) -> int:
        """As ``Partners.number_of``."""
        return self.partners.number_of(tx, self.tenant)
