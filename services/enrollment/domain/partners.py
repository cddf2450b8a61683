"""What a partner's contract allows. Who the partner is says its token's tenant; the HTTP edge reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.enrollment.domain.compensation import NO_COMPENSATION, Compensation
from services.enrollment.domain.errors import ContractNotRunning, ProductNotSold
from shared.values.ids import PartnerId, ProductCode

ContractState = Literal["active", "suspended", "wind_down"]


@dataclass(frozen=True, slots=True)
class Contract:
    """One partner's contract: from ``first_day`` through ``last_day`` it may sell ``products`` while ``active``."""

    partner_no: int
    """The database's short number; never leaves the service."""
    partner_id: PartnerId
    name: str
    first_day: date
    last_day: date
    back_dating_days: int
    """How many days before today cover may begin, because partners' files come late."""
    state: ContractState
    products: frozenset[ProductCode]
    compensation: Compensation = NO_COMPENSATION
    settlement_day: int = 10
    """Of the month after the one that is settled."""
    contact: str = ""
    webhook_types: frozenset[str] = frozenset()
    """What some server of the partner's wants to be told; nothing need be queued of any other type."""


def check_may_sell(contract: Contract, product_code: ProductCode, today: date) -> None:
    """Whether new cover of this product may be sold today at all.

    Raises:
        ContractNotRunning: suspended, winding down, not begun or over.
        ProductNotSold: not among the contract's products.
    """
    if contract.state != "active" or not contract.first_day <= today <= contract.last_day:
        raise ContractNotRunning(contract.partner_id, contract.state, contract.first_day, contract.last_day)
    if product_code not in contract.products:
        raise ProductNotSold(product_code)
