"""What is settled with a partner for a month: the months, the lines of a statement, their sums, and when it is due.

Pure; amounts in fen. A line's fields follow Lloyd's coverholder reporting standards; docs/statements.md has each name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from services.enrollment.statements.domain.errors import MonthNotOver
from services.enrollment.statements.domain.line_digest import MODULUS
from shared.values.errors import InvalidField
from shared.values.ids import PartnerId, PolicyId
from shared.values.money import Currency, Fen
from shared.values.periods import Period

TransactionType = Literal["issued", "renewed", "endorsed", "canceled", "adjusted"]
SettlementState = Literal["recorded", "approved", "rejected"]
DisputeState = Literal["open", "upheld", "rejected"]
StatementState = Literal["drawing", "drawn", "settled"]
DisputeReason = Literal["policy_not_ours", "amount_wrong", "cancellation_missing", "compensation_wrong", "other"]
"""Codes and not free text: what people write about a policy tends to hold personal data."""

ZONE: Final = ZoneInfo("Asia/Shanghai")
"""Partners and insurer keep their books in China's time, whatever zone a product's cover follows."""
DRAWN_AFTER: Final = timedelta(hours=1)
"""A transaction that was begun in a month has long ended by then: it may take minutes, and none is booked later."""

DISPUTED_WITHIN: Final = timedelta(days=365)
"""After a statement was drawn, where it is settled: books are closed once a year, and a doubt should come before."""

COLUMNS: Final = (
    "reporting_period_start_date",
    "reporting_period_end_date",
    "coverholder_name",
    "class_of_business",
    "product_code",
    "product_version",
    "certificate_reference",
    "insured_reference",
    "risk_inception_date",
    "risk_expiry_date",
    "transaction_type",
    "transaction_reference",
    "effective_date_of_transaction",
    "booked_at",
    "original_currency",
    "gross_premium_fen",
    "total_taxes_and_levies_fen",
    "coverholder_commission_fen",
    "net_premium_to_insurer_fen",
)

_NOTHING: Final = Fen(0)
_MONTH: Final = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One transaction of one policy. Amounts are what it adds; below zero where something is given back."""

    transaction_type: TransactionType
    reference: str
    policy_id: str
    partner_reference: str
    product_code: str
    product_version: int
    class_of_business: str
    first_day: date
    last_day: date
    effective_day: date
    booked_at: datetime
    premium: Fen
    tax: Fen
    compensation: Fen


@dataclass(frozen=True, slots=True)
class Sum:
    """The lines of one kind, or of all. ``premium`` is gross: it contains ``tax``; ``digest`` tells which lines."""

    lines: int = 0
    premium: Fen = _NOTHING
    tax: Fen = _NOTHING
    compensation: Fen = _NOTHING
    digest: int = 0

    @property
    def net(self) -> Fen:
        """What the partner passes on: the premium it collected without what it keeps. The insurer pays the tax."""
        return Fen(self.premium - self.compensation)

    def __add__(self, other: Sum) -> Sum:
        return Sum(
            self.lines + other.lines,
            Fen(self.premium + other.premium),
            Fen(self.tax + other.tax),
            Fen(self.compensation + other.compensation),
            (self.digest + other.digest) % MODULUS,
        )


@dataclass(frozen=True, slots=True)
class Statement:
    """One partner's month. ``sha256`` is that of the CSV file; None while it is being drawn."""

    statement_id: str
    partner_no: int
    partner_id: PartnerId
    partner_name: str
    month: date
    currency: Currency
    state: StatementState
    started_at: datetime
    drawn_at: datetime | None
    due_day: date
    sha256: str | None
    totals: dict[TransactionType, Sum]

    @property
    def total(self) -> Sum:
        return sum(self.totals.values(), Sum())

    @property
    def disputed_until(self) -> date | None:
        """The last day on which it may be disputed; None as long as it is not settled."""
        if self.state != "settled" or self.drawn_at is None:
            return None
        return (self.drawn_at + DISPUTED_WITHIN).astimezone(ZONE).date()


@dataclass(frozen=True, slots=True)
class Settlement:
    """That the net amount of a statement was paid, as one person recorded it; another one approves.

    Where the net amount is zero, nothing was: there is neither a bank reference nor a value day.
    """

    settlement_id: str
    statement_id: str
    net: Fen
    bank_reference: str | None
    value_day: date | None
    state: SettlementState
    recorded_at: datetime
    recorded_by: str
    decided_at: datetime | None = None
    decided_by: str | None = None


@dataclass(frozen=True, slots=True)
class Dispute:
    """A line, or the whole of a statement, that a partner does not accept, and what it was upheld with."""

    dispute_id: str
    statement_id: str
    policy_id: PolicyId | None
    reason: DisputeReason
    expected_net: Fen | None
    """What the partner thinks the net amount should be."""
    state: DisputeState
    raised_at: datetime
    raised_by: str
    answered_at: datetime | None
    answered_by: str | None
    adjustment: Sum


def month_of(text: str, pointer: str) -> date:
    """The first day of the month that ``2026-11`` names.

    Raises:
        InvalidField: it names none.
    """
    found = _MONTH.fullmatch(text)
    if found is None:
        raise InvalidField(pointer, "This is no month.", "Write it as 2026-11.")
    return date(int(found[1]), int(found[2]), 1)


def month_before(now: datetime) -> date:
    """The month that was over most recently, where the books are kept."""
    return (now.astimezone(ZONE).date().replace(day=1) - timedelta(days=1)).replace(day=1)


def booked_in(month: date) -> Period:
    """From the month's first midnight to the next month's."""
    return Period(datetime.combine(month, time(), ZONE), datetime.combine(next_month(month), time(), ZONE))


def next_month(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def due_day(month: date, settlement_day: int) -> date:
    """The contract's settlement day of the month after."""
    return next_month(month).replace(day=settlement_day)


def check_over(month: date, now: datetime) -> None:
    """A statement is drawn when nothing can be booked into its month any more.

    Raises:
        MonthNotOver: it is too early.
    """
    earliest = booked_in(month).end + DRAWN_AFTER
    if now < earliest:
        raise MonthNotOver(f"{month:%Y-%m}", earliest.isoformat())


def fields(line: StatementLine, month: date, coverholder: str, currency: Currency) -> tuple[str | int, ...]:
    """A line's fields in the order of COLUMNS."""
    return (
        month.isoformat(),
        (next_month(month) - timedelta(days=1)).isoformat(),
        coverholder,
        line.class_of_business,
        line.product_code,
        line.product_version,
        line.policy_id,
        line.partner_reference,
        line.first_day.isoformat(),
        line.last_day.isoformat(),
        line.transaction_type,
        line.reference,
        line.effective_day.isoformat(),
        line.booked_at.astimezone(ZONE).isoformat(timespec="microseconds"),
        currency,
        line.premium,
        line.tax,
        line.compensation,
        line.premium - line.compensation,
    )
