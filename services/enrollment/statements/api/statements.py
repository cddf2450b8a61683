"""Statements over HTTP: a partner's month as a file, its disputes, and its settlement by two persons."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from services.enrollment.partners.domain.errors import NoContract, UnknownPartner
from services.enrollment.partners.usecases.contracts import contract_of, seen_by
from services.enrollment.statements.api.statement_models import (
    AnswerRequest,
    DisputePath,
    DisputeRequest,
    DisputeView,
    FileQuery,
    SettlementRequest,
    SettlementView,
    StatementPath,
    StatementQuery,
    StatementRequest,
    StatementView,
    dispute_view,
    settlement_view,
    statement_view,
)
from services.enrollment.statements.domain import errors
from services.enrollment.statements.domain.statements import Statement, Sum, month_of
from services.enrollment.statements.store import settlements
from services.enrollment.statements.store import statements as store
from services.enrollment.statements.usecases.dispute_statement import answer_dispute, raise_dispute
from services.enrollment.statements.usecases.draw_statements import start_statement
from services.enrollment.statements.usecases.settle_statement import decide_settlement, record_settlement
from services.enrollment.statements.usecases.statement_file import csv_file, parquet_file
from shared.values.ids import PartnerId, PolicyId
from shared.values.money import CNY, Fen
from shared.web import paging
from shared.web.resource import Call, Callers, Reply, Resource, StreamedReply

statements = Resource("statements", "What partners and insurer settle, month by month")

_FILES = {
    "csv": (csv_file, "text/csv; charset=utf-8"),
    "parquet": (parquet_file, "application/vnd.apache.parquet"),
}


@statements.get("/v1/statements", scope="statements:read", callers=Callers.BOTH, reply=paging.Page[StatementView])
def list_statements(call: Call[object], query: StatementQuery) -> Reply[paging.Page[StatementView]]:
    """Your statements; the insurer's finance sees those of all partners."""
    found = store.page(
        call.tx,
        partner_no=seen_by(call.tx, call.caller.tenant),
        month=None if query.month is None else month_of(query.month, "/month"),
        after=query.after(UUID),
        limit=query.limit + 1,
    )
    show = partial(_view, call)
    return Reply(paging.Page[StatementView].cut(found, query, show, lambda last: (last.statement_id,)))


@statements.post(
    "/v1/statements",
    scope="statements:write",
    callers=Callers.STAFF,
    status=202,
    reply=StatementView,
    problems=(UnknownPartner, errors.MonthNotOver, errors.StatementExists),
)
def draw_statement(call: Call[object], body: StatementRequest) -> Reply[StatementView]:
    """Have a month's statement drawn now, if the schedule has not done so yet."""
    month = month_of(body.month, "/month")
    begun = start_statement(call.tx, PartnerId(body.partner_id), month, CNY, actor=call.caller.subject, now=call.now)
    return Reply(_view(call, begun), headers={"Location": f"/v1/statements/{begun.statement_id}"})


@statements.get(
    "/v1/statements/<statement_id>",
    scope="statements:read",
    callers=Callers.BOTH,
    reply=StatementView,
    problems=(NoContract, errors.UnknownStatement),
)
def show_statement(call: Call[object], path: StatementPath) -> Reply[StatementView]:
    """One statement with its sums and its settlement."""
    return Reply(_view(call, _statement(call, path.statement_id)))


@statements.get(
    "/v1/statements/<statement_id>/file",
    scope="statements:read",
    callers=Callers.BOTH,
    reply="text/csv",
    problems=(NoContract, errors.UnknownStatement, errors.NotDrawnYet),
)
def download(call: Call[object], path: StatementPath, query: FileQuery) -> StreamedReply:
    """All lines as CSV, or as Parquet with `?format=parquet`. The CSV has the SHA-256 that the statement shows."""
    statement = _statement(call, path.statement_id)
    if statement.state == "drawing":
        raise errors.NotDrawnYet(statement.statement_id)

    name = f"statement-{statement.partner_id}-{statement.month:%Y-%m}.{query.format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    read, kind = _FILES[query.format]
    return StreamedReply(partial(read, statement_id=statement.statement_id), kind, headers)


@statements.get(
    "/v1/statements/<statement_id>/disputes",
    scope="statements:read",
    callers=Callers.BOTH,
    reply=paging.Page[DisputeView],
    problems=(NoContract, errors.UnknownStatement),
)
def list_disputes(call: Call[object], path: StatementPath, query: paging.PageQuery) -> Reply[paging.Page[DisputeView]]:
    """A statement's disputes, oldest first."""
    statement = _statement(call, path.statement_id)
    after = query.after(UUID, first=str(UUID(int=0)))
    found = settlements.disputes(call.tx, statement.statement_id, after=after, limit=query.limit + 1)
    return Reply(paging.Page[DisputeView].cut(found, query, dispute_view, lambda last: (last.dispute_id,)))


@statements.post(
    "/v1/statements/<statement_id>/disputes",
    scope="statements:dispute",
    callers=Callers.PARTNERS,
    reply=DisputeView,
    about="policy_id",
    problems=(
        NoContract,
        errors.UnknownStatement,
        errors.NotDrawnYet,
        errors.DisputeTooLate,
        errors.DisputedAlready,
        errors.NotOnTheStatement,
    ),
)
def dispute(call: Call[object], path: StatementPath, body: DisputeRequest) -> Reply[DisputeView]:
    """Say what of your statement you do not accept. Once it is settled you may still do so for a year."""
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
    return Reply(dispute_view(raised))


@statements.post(
    "/v1/statement-disputes/<dispute_id>/answer",
    scope="statements:write",
    callers=Callers.STAFF,
    status=200,
    reply=DisputeView,
    about="policy_id",
    problems=(errors.UnknownDispute, errors.AlreadyAnswered),
)
def answer(call: Call[object], path: DisputePath, body: AnswerRequest) -> Reply[DisputeView]:
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
    return Reply(dispute_view(answered))


@statements.post(
    "/v1/statements/<statement_id>/settlement",
    scope="statements:write",
    callers=Callers.STAFF,
    reply=SettlementView,
    problems=(
        errors.UnknownStatement,
        errors.NotDrawnYet,
        errors.NotTheNetAmount,
        errors.AlreadySettled,
        errors.BankReferenceUsed,
    ),
)
def settle(call: Call[object], path: StatementPath, body: SettlementRequest) -> Reply[SettlementView]:
    """Record that the net amount was paid, or that it is zero. Another person approves it."""
    recorded = record_settlement(
        call.tx,
        path.statement_id,
        Fen(body.net_fen),
        body.bank_reference,
        body.value_day,
        actor=call.caller.subject,
        now=call.now,
    )
    return Reply(settlement_view(recorded))


_DECISIONS = (
    errors.UnknownStatement,
    errors.NotDrawnYet,
    errors.NoSettlement,
    errors.ApproverRecordedIt,
    errors.DisputesOpen,
)


@statements.post(
    "/v1/statements/<statement_id>/settlement/approval",
    scope="statements:approve",
    callers=Callers.STAFF,
    status=200,
    reply=SettlementView,
    problems=_DECISIONS,
)
def approve_settlement(call: Call[object], path: StatementPath) -> Reply[SettlementView]:
    """Approve what a colleague recorded. The statement is settled, and stays so."""
    return _decided(call, path, approved=True)


@statements.post(
    "/v1/statements/<statement_id>/settlement/rejection",
    scope="statements:approve",
    callers=Callers.STAFF,
    status=200,
    reply=SettlementView,
    problems=_DECISIONS,
)
def reject_settlement(call: Call[object], path: StatementPath) -> Reply[SettlementView]:
    """Reject what a colleague recorded; it can be recorded again."""
    return _decided(call, path, approved=False)


def _decided(call: Call[object], path: StatementPath, *, approved: bool) -> Reply[SettlementView]:
    decided = decide_settlement(call.tx, path.statement_id, approved=approved, actor=call.caller.subject, now=call.now)
    return Reply(settlement_view(decided))


def _statement(call: Call[object], statement_id: str) -> Statement:
    found = store.statement(call.tx, statement_id, partner_no=seen_by(call.tx, call.caller.tenant))
    if found is None:
        raise errors.UnknownStatement(statement_id)
    return found


def _view(call: Call[object], statement: Statement) -> StatementView:
    return statement_view(statement, settlements.latest(call.tx, statement.statement_id))
