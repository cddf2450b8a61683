"""What a partner's contract allows. Who the partner is says its token's tenant; the HTTP edge reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

from services.enrollment.partners.domain.errors import ContractNotRunning
from services.enrollment.partners.domain.file_keys import FileKey
from services.enrollment.products.domain.compensation import NO_COMPENSATION, Compensation
from services.enrollment.products.domain.errors import ProductNotSold
from shared.values.ids import PartnerId, ProductCode

ContractState = Literal["active", "suspended", "wind_down"]
SuspensionReason = Literal[
    "partner_request", "payment_overdue", "data_quality", "suspected_fraud", "regulator", "other"
]
"""Codes and not free text: what is written about people in a hurry does not belong in an audit trail."""
ManagedBy = Literal["file", "http"]
ConsentTexts = Literal["any", "registered"]
"""Whether the text that a person agreed to must be one that is published here."""

ZONE: Final = ZoneInfo("Asia/Shanghai")
"""Whose days a contract is asked about where no product is at hand."""

MOST_COMPENSATION: Final = 100_000_000


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
    consent_texts: ConsentTexts = "any"
    webhook_types: frozenset[str] = frozenset()
    """What some server of the partner's wants to be told; nothing need be queued of any other type."""

    def runs_on(self, day: date) -> bool:
        """Whether the day is within the contract's period, whatever its state."""
        return self.first_day <= day <= self.last_day


@dataclass(frozen=True, slots=True)
class Quota:
    """How much a partner may send; None: as much as it likes."""

    enrollments_a_minute: int | None = None
    """Single enrollments that are tried; a file counts by its rows."""
    rows_a_day: int | None = None
    """Rows of files that are taken in; a day is one of Shanghai."""


@dataclass(frozen=True, slots=True)
class PartnerTerms:
    """All that a contract says. Enrolling reads the ``contract`` alone."""

    contract: Contract
    quota: Quota = Quota()
    file_keys: tuple[FileKey, ...] = ()


@dataclass(frozen=True, slots=True)
class ContractEntry:
    """What the operator's file says of one partner; its ``partner_no`` is the database's to give, and 0 here."""

    terms: PartnerTerms
    suspension_reason: SuspensionReason = "other"
    """Where the contract is to be suspended."""


@dataclass(frozen=True, slots=True)
class WindDown:
    """How far the end of working with a partner is. ``draining``: enrollments that began before it are let finish."""

    transfer_to: PartnerId | None
    state: Literal["draining", "listing", "done"]
    started_at: datetime
    finished_at: datetime | None
    listed: int
    """Policies whose insured are to be told."""
    transferred: int


@dataclass(frozen=True, slots=True)
class PartnerRecord:
    """A contract as stored: ``managed_by`` says whether the operator's file may still change it."""

    terms: PartnerTerms
    version: int
    managed_by: ManagedBy
    wind_down: WindDown | None
    suspension_reason: SuspensionReason | None


def check_may_sell(contract: Contract, product_code: ProductCode, today: date) -> None:
    """Whether new cover of this product may be sold today at all.

    Raises:
        ContractNotRunning: suspended, winding down, not begun or over.
        ProductNotSold: not among the contract's products.
    """
    if contract.state != "active" or not contract.runs_on(today):
        raise ContractNotRunning(contract.partner_id, contract.state, contract.first_day, contract.last_day)
    if product_code not in contract.products:
        raise ProductNotSold(product_code)
