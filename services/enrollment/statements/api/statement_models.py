"""What requests and replies about statements are made of, and how each looks. The routes are statements'."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from services.enrollment.statements.domain.statements import (
    Dispute,
    DisputeReason,
    DisputeState,
    Settlement,
    SettlementState,
    Statement,
    StatementState,
    Sum,
)
from shared.values.clear_text import TextKind
from shared.web import paging
from shared.web.models import Day, Identifier, PartnerSlug, ReplyModel, RequestModel

Month = Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$"), Field(examples=["2026-11"])]
BankReference = Annotated[
    str, StringConstraints(pattern=r"^[!-~]{1,64}$"), TextKind.REFERENCE, Field(examples=["FT2026041000017"])
]
"""No blanks, so that one transfer has one reference. ISO 20022 allows 35 characters; some banks' serials are longer."""
SignedFen = Annotated[int, Field(ge=-(10**12), le=10**12)]


class StatementRequest(RequestModel):
    """Whose month is to be stated. The worker does so by itself when a month is over; this is for doing it by hand."""

    partner_id: PartnerSlug
    month: Month


class TotalView(ReplyModel):
    """The lines of one kind, or of all."""

    lines: int
    gross_premium_fen: int
    """With the tax that it contains."""
    total_taxes_and_levies_fen: int
    coverholder_commission_fen: int
    """Commission or fee: what the partner keeps."""
    net_premium_to_insurer_fen: int
    """What the partner owes; below zero, what it is owed."""


class SettlementView(ReplyModel):
    """That the net amount was paid, or is zero, as one person recorded and another decided."""

    state: SettlementState
    net_fen: int
    bank_reference: str | None
    """Null, as the value day, where the net amount is zero."""
    value_day: date | None
    recorded_at: datetime
    recorded_by: str
    decided_at: datetime | None
    decided_by: str | None


class StatementView(ReplyModel):
    """One partner's month. Its file never changes."""

    statement_id: str
    partner_id: str
    month: str
    currency: str
    state: StatementState
    started_at: datetime
    drawn_at: datetime | None
    due_day: date
    sha256: str | None
    """Of the CSV file; null while it is being drawn."""
    total: TotalView
    by_transaction_type: dict[str, TotalView]
    settlement: SettlementView | None


class StatementPath(RequestModel):
    statement_id: Identifier


class StatementQuery(paging.PageQuery):
    month: Month | None = None


class FileQuery(RequestModel):
    format: Literal["csv", "parquet"] = "csv"


class DisputeRequest(RequestModel):
    """What you do not accept."""

    policy_id: Identifier | None = None
    """A line's `certificate_reference`; the whole statement, if left out."""
    reason: DisputeReason
    expected_net_fen: SignedFen | None = None
    """What the net amount should be, if you know."""


class Adjustment(RequestModel):
    """What a later statement adds; below zero, what it takes off."""

    gross_premium_fen: SignedFen = 0
    total_taxes_and_levies_fen: SignedFen = 0
    coverholder_commission_fen: SignedFen = 0


class AnswerRequest(RequestModel):
    """The insurer's answer; it stands."""

    outcome: Literal["upheld", "rejected"]
    adjustment: Adjustment = Adjustment()


class DisputeView(ReplyModel):
    """One dispute."""

    dispute_id: str
    statement_id: str
    policy_id: str | None
    reason: DisputeReason
    expected_net_fen: int | None
    state: DisputeState
    raised_at: datetime
    answered_at: datetime | None
    answered_by: str | None
    adjustment: TotalView | None
    """Where it was upheld: what a later statement adds or takes off for it."""


class DisputePath(RequestModel):
    dispute_id: Identifier


class SettlementRequest(RequestModel):
    """What the bank shows for a statement."""

    net_fen: SignedFen
    """As the statement says: above zero received from the partner, below zero paid to it."""
    bank_reference: BankReference | None = None
    """Of the one transfer; capitals make no difference. Left out, as the value day, where the net amount is zero."""
    value_day: Day | None = None
    """Not before the month that is settled."""


def statement_view(statement: Statement, settlement: Settlement | None) -> StatementView:
    return StatementView.of(
        statement,
        month=f"{statement.month:%Y-%m}",
        total=total_view(statement.total),
        by_transaction_type={kind: total_view(one) for kind, one in statement.totals.items()},
        settlement=None if settlement is None else settlement_view(settlement),
    )


def total_view(total: Sum) -> TotalView:
    return TotalView(
        lines=total.lines,
        gross_premium_fen=total.premium,
        total_taxes_and_levies_fen=total.tax,
        coverholder_commission_fen=total.compensation,
        net_premium_to_insurer_fen=total.net,
    )


def settlement_view(settlement: Settlement) -> SettlementView:
    return SettlementView.of(settlement, net_fen=settlement.net)


def dispute_view(dispute: Dispute) -> DisputeView:
    adjustment = total_view(dispute.adjustment) if dispute.state == "upheld" else None
    return DisputeView.of(dispute, expected_net_fen=dispute.expected_net, adjustment=adjustment)
