"""Statements over HTTP: a partner's month as a file, its disputes, and its settlement by two persons."""

from __future__ import annotations

from datetime import date, datetime
from functools import partial
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from services.enrollment.api.deps import Deps
from services.enrollment.domain import errors, statement_errors
from services.enrollment.domain.statements import (
    Dispute,
    DisputeReason,
    DisputeState,
    Settlement,
    SettlementState,
    Statement,
    StatementState,
    Sum,
    month_of,
)
from services.enrollment.store import settlements
from services.enrollment.store import statements as store
from services.enrollment.usecases.contracts import contract_of
from services.enrollment.usecases.dispute_statement import answer_dispute, raise_dispute
from services.enrollment.usecases.draw_statements import start_statement
from services.enrollment.usecases.settle_statement import decide_settlement, record_settlement
from services.enrollment.usecases.statement_file import csv_file, parquet_file
from shared.values.ids import PartnerId, PolicyId
from shared.values.money import CNY, Fen
from shared.web import paging
from shared.web.models import Day, Identifier, ReplyModel, RequestModel, ShortText
from shared.web.resource import Call, Reply, Resource, StreamedReply

statements = Resource("statements", "What partners and insurer settle, month by month")

STAFF = "statements:write"
"""Who holds it sees the statements of all partners; a partner sees its own."""

Month = Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$"), Field(examples=["2026-11"])]
_FILES = {
    "csv": (csv_file, "text/csv; charset=utf-8"),
    "parquet": (parquet_file, "application/vnd.apache.parquet"),
}
SignedFen = Annotated[int, Field(ge=-(10**12), le=10**12)]


class StatementRequest(RequestModel):
    """Whose month is to be stated. The worker does so by itself when a month is over; this is for doing it by hand."""

    partner_id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,39}$")]
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
    """That the net amount was paid, as one person recorded and another decided."""

    state: SettlementState
    net_fen: int
    bank_reference: str
    value_day: date
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
    adjustment: TotalView


class DisputePath(RequestModel):
    dispute_id: Identifier


class SettlementRequest(RequestModel):
    """What the bank shows for a statement."""

    net_fen: SignedFen
    """As the statement says: above zero received from the partner, below zero paid to it."""
    bank_reference: ShortText
    value_day: Annotated[Day, Field(strict=False)]


@statements.get("/v1/statements", scope="statements:read", reply=paging.Page[StatementView])
def list_statements(call: Call[Deps], query: StatementQuery) -> Reply[paging.Page[StatementView]]:
    """Your statements; the insurer's finance sees those of all partners."""
    after = paging.decode(query.cursor, UUID)
    found = store.page(
        call.tx,
        partner_no=_partner_no(call),
        month=None if query.month is None else month_of(query.month, "/month"),
        after=None if after is None else after[0],
        limit=query.limit + 1,
    )
    shown = found[: query.limit]
    cursor = paging.encode(shown[-1].statement_id) if len(found) > query.limit else None
    return Reply(paging.Page[StatementView](items=[_view(call, one) for one in shown], next_cursor=cursor))


@statements.post(
    "/v1/statements",
    scope=STAFF,
    status=202,
    reply=StatementView,
    problems=(errors.UnknownPartner, statement_errors.MonthNotOver, statement_errors.StatementExists),
)
def draw_statement(call: Call[Deps], body: StatementRequest) -> Reply[StatementView]:
    """Have a month's statement drawn now, if the schedule has not done so yet."""
    month = month_of(body.month, "/month")
    begun = start_statement(call.tx, PartnerId(body.partner_id), month, CNY, actor=call.caller.subject, now=call.now)
    return Reply(_view(call, begun), headers={"Location": f"/v1/statements/{begun.statement_id}"})


@statements.get(
    "/v1/statements/<statement_id>",
    scope="statements:read",
    reply=StatementView,
    problems=(errors.NoContract, statement_errors.UnknownStatement),
)
def show_statement(call: Call[Deps], path: StatementPath) -> Reply[StatementView]:
    """One statement with its sums and its settlement."""
    return Reply(_view(call, _statement(call, path.statement_id)))


@statements.get(
    "/v1/statements/<statement_id>/file",
    scope="statements:read",
    reply="text/csv",
    problems=(errors.NoContract, statement_errors.UnknownStatement, statement_errors.NotDrawnYet),
)
def download(call: Call[Deps], path: StatementPath, query: FileQuery) -> StreamedReply:
    """All lines as CSV, or as Parquet with `?format=parquet`. The CSV has the SHA-256 that the statement shows."""
    statement = _statement(call, path.statement_id)
    if statement.state == "drawing":
        raise statement_errors.NotDrawnYet(statement.statement_id)

    name = f"statement-{statement.partner_id}-{statement.month:%Y-%m}.{query.format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    read, kind = _FILES[query.format]
    return StreamedReply(partial(read, statement_id=statement.statement_id), kind, headers)


@statements.get(
    "/v1/statements/<statement_id>/disputes",
    scope="statements:read",
    reply=paging.Page[DisputeView],
    problems=(errors.NoContract, statement_errors.UnknownStatement),
)
def list_disputes(call: Call[Deps], path: StatementPath, query: paging.PageQuery) -> Reply[paging.Page[DisputeView]]:
    """A statement's disputes, oldest first."""
    statement = _statement(call, path.statement_id)
    after = paging.decode(query.cursor, UUID)
    found = settlements.disputes(
        call.tx, statement.statement_id, after=str(UUID(int=0) if after is None else after[0]), limit=query.limit + 1
    )
    shown = found[: query.limit]
    cursor = paging.encode(shown[-1].dispute_id) if len(found) > query.limit else None
    return Reply(paging.Page[DisputeView](items=[_dispute(one) for one in shown], next_cursor=cursor))


@statements.post(
    "/v1/statements/<statement_id>/disputes",
    scope="statements:dispute",
    reply=DisputeView,
    problems=(
        errors.NoContract,
        statement_errors.UnknownStatement,
        statement_errors.NotDrawnYet,
        statement_errors.AlreadySettled,
        statement_errors.NotOnTheStatement,
    ),
)
def dispute(call: Call[Deps], path: StatementPath, body: DisputeRequest) -> Reply[DisputeView]:
    """Say what of your statement you do not accept. It is answered before the statement is settled."""
    raised = raise_dispute(
        call.tx,
        path.statement_id,
        None if body.policy_id is None else PolicyId(body.policy_id),
        body.reason,
        None if body.expected_net_fen is None else Fen(body.expected_net_fen),
        partner_no=contract_of(call.tx, call.caller.tenant).partner_no,
        actor=call.caller.subject,
        now=call.now,
    )
    return Reply(_dispute(raised))


@statements.post(
    "/v1/statement-disputes/<dispute_id>/answer",
    scope=STAFF,
    status=200,
    reply=DisputeView,
    problems=(statement_errors.UnknownDispute, statement_errors.AlreadyAnswered),
)
def answer(call: Call[Deps], path: DisputePath, body: AnswerRequest) -> Reply[DisputeView]:
    """Uphold or reject a dispute. An adjustment becomes a line of this month's statement."""
    adjustment = Sum(
        1,
        Fen(body.adjustment.gross_premium_fen),
        Fen(body.adjustment.total_taxes_and_levies_fen),
        Fen(body.adjustment.coverholder_commission_fen),
    )
    answered = answer_dispute(
        call.tx,
        path.dispute_id,
        upheld=body.outcome == "upheld",
        adjustment=adjustment,
        actor=call.caller.subject,
        now=call.now,
    )
    return Reply(_dispute(answered))


@statements.post(
    "/v1/statements/<statement_id>/settlement",
    scope=STAFF,
    reply=SettlementView,
    problems=(
        statement_errors.UnknownStatement,
        statement_errors.NotDrawnYet,
        statement_errors.NotTheNetAmount,
        statement_errors.AlreadySettled,
    ),
)
def settle(call: Call[Deps], path: StatementPath, body: SettlementRequest) -> Reply[SettlementView]:
    """Record that the net amount was paid. Another person approves it."""
    recorded = record_settlement(
        call.tx,
        path.statement_id,
        Fen(body.net_fen),
        body.bank_reference,
        body.value_day,
        actor=call.caller.subject,
        now=call.now,
    )
    return Reply(_settlement(recorded))


_DECISIONS = (
    statement_errors.UnknownStatement,
    statement_errors.NotDrawnYet,
    statement_errors.NoSettlement,
    statement_errors.ApproverRecordedIt,
    statement_errors.DisputesOpen,
)


@statements.post(
    "/v1/statements/<statement_id>/settlement/approval",
    scope="statements:approve",
    status=200,
    reply=SettlementView,
    problems=_DECISIONS,
)
def approve_settlement(call: Call[Deps], path: StatementPath) -> Reply[SettlementView]:
    """Approve what a colleague recorded. The statement is settled, and stays so."""
    return _decided(call, path, approved=True)


@statements.post(
    "/v1/statements/<statement_id>/settlement/rejection",
    scope="statements:approve",
    status=200,
    reply=SettlementView,
    problems=_DECISIONS,
)
def reject_settlement(call: Call[Deps], path: StatementPath) -> Reply[SettlementView]:
    """Reject what a colleague recorded; it can be recorded again."""
    return _decided(call, path, approved=False)


def _decided(call: Call[Deps], path: StatementPath, *, approved: bool) -> Reply[SettlementView]:
    decided = decide_settlement(call.tx, path.statement_id, approved=approved, actor=call.caller.subject, now=call.now)
    return Reply(_settlement(decided))


def _partner_no(call: Call[Deps]) -> int | None:
    """Whose statements the caller sees; None: all."""
    if STAFF in call.caller.scopes or "statements:approve" in call.caller.scopes:
        return None
    return contract_of(call.tx, call.caller.tenant).partner_no


def _statement(call: Call[Deps], statement_id: str) -> Statement:
    found = store.statement(call.tx, statement_id, partner_no=_partner_no(call))
    if found is None:
        raise statement_errors.UnknownStatement(statement_id)
    return found


def _view(call: Call[Deps], statement: Statement) -> StatementView:
    settlement = settlements.latest(call.tx, statement.statement_id)
    return StatementView(
        statement_id=statement.statement_id,
        partner_id=statement.partner_id,
        month=f"{statement.month:%Y-%m}",
        currency=statement.currency,
        state=statement.state,
        started_at=statement.started_at,
        drawn_at=statement.drawn_at,
        due_day=statement.due_day,
        sha256=statement.sha256,
        total=_total(statement.total),
        by_transaction_type={kind: _total(one) for kind, one in statement.totals.items()},
        settlement=None if settlement is None else _settlement(settlement),
    )


def _total(total: Sum) -> TotalView:
    return TotalView(
        lines=total.lines,
        gross_premium_fen=total.premium,
        total_taxes_and_levies_fen=total.tax,
        coverholder_commission_fen=total.compensation,
        net_premium_to_insurer_fen=total.net,
    )


def _settlement(settlement: Settlement) -> SettlementView:
    return SettlementView(
        state=settlement.state,
        net_fen=settlement.net,
        bank_reference=settlement.bank_reference,
        value_day=settlement.value_day,
        recorded_at=settlement.recorded_at,
        recorded_by=settlement.recorded_by,
        decided_at=settlement.decided_at,
        decided_by=settlement.decided_by,
    )


def _dispute(dispute: Dispute) -> DisputeView:
    return DisputeView(
        dispute_id=dispute.dispute_id,
        statement_id=dispute.statement_id,
        policy_id=dispute.policy_id,
        reason=dispute.reason,
        expected_net_fen=dispute.expected_net,
        state=dispute.state,
        raised_at=dispute.raised_at,
        answered_at=dispute.answered_at,
        answered_by=dispute.answered_by,
        adjustment=_total(dispute.adjustment),
    )
