"""Settles a drawn statement: one person records what the bank shows, another one approves or rejects it."""

from __future__ import annotations

from datetime import date, datetime

from services.enrollment.statements.domain.errors import (
    AlreadySettled,
    ApproverRecordedIt,
    BankReferenceUsed,
    DisputesOpen,
    NoSettlement,
    NotDrawnYet,
    NotTheNetAmount,
    UnknownStatement,
)
from services.enrollment.statements.domain.statements import ZONE, Settlement, Statement
from services.enrollment.statements.store import settlements, statements
from shared.db import audit
from shared.db.transaction import Tx
from shared.process.new_ids import new_id
from shared.values.errors import InvalidField
from shared.values.money import Fen


def record_settlement(
    tx: Tx,
    statement_id: str,
    net: Fen,
    bank_reference: str | None,
    value_day: date | None,
    *,
    actor: str,
    now: datetime,
) -> Settlement:
    """What waits for another person's approval. A net amount of zero is settled by no transfer: then both are None.

    Raises:
        UnknownStatement, NotDrawnYet: there is nothing to settle.
        NotTheNetAmount: it is not what the statement says.
        InvalidField: the transfer is not told, or there can be none, or its day is not one on which this was paid.
        AlreadySettled, BankReferenceUsed: it is, or waits for approval; or this money settles another statement.
    """
    statement = _drawn(tx, statement_id)
    if net != statement.total.net:
        raise NotTheNetAmount(statement.total.net, net)
    _check_transfer(statement, bank_reference, value_day, now)
    waiting = settlements.latest(tx, statement_id)
    if waiting is not None and waiting.state != "rejected":
        raise AlreadySettled(statement_id)
    settlement = Settlement(
        settlement_id=new_id(),
        statement_id=statement_id,
        net=net,
        bank_reference=bank_reference,
        value_day=value_day,
        state="recorded",
        recorded_at=now,
        recorded_by=actor,
    )
    if not settlements.record(tx, settlement):
        raise BankReferenceUsed
    _audit(tx, "statement.settlement_recorded", statement_id, actor=actor, now=now)
    return _latest(tx, statement_id)


def _check_transfer(statement: Statement, bank_reference: str | None, value_day: date | None, now: datetime) -> None:
    owed = statement.total.net != 0
    for pointer, told in (("/bank_reference", bank_reference), ("/value_day", value_day)):
        if owed and told is None:
            raise InvalidField(pointer, "The transfer is not told.", "Send what the bank shows.")
        if not owed and told is not None:
            raise InvalidField(pointer, "The net amount is zero, and no transfer settles it.", "Leave it out.")
    if value_day is None:
        return
    if value_day > now.astimezone(ZONE).date():
        raise InvalidField("/value_day", "This day has not come.", "Record it when the bank shows the transfer.")
    if value_day < statement.month:
        raise InvalidField(
            "/value_day",
            "This day is before the month that is settled.",
            f"Record the transfer that settles {statement.month:%Y-%m}.",
        )


def decide_settlement(tx: Tx, statement_id: str, *, approved: bool, actor: str, now: datetime) -> Settlement:
    """The settlement as another person decided; a rejected one is followed by a new one.

    Raises:
        UnknownStatement, NotDrawnYet: there is no such statement, or it is not drawn.
        NoSettlement: none waits.
        ApproverRecordedIt: it takes two persons.
        DisputesOpen: the partner's doubts are to be answered first.
    """
    statement = _drawn(tx, statement_id)
    waiting = settlements.latest(tx, statement_id)
    if waiting is None or waiting.state != "recorded":
        raise NoSettlement(statement_id)
    if waiting.recorded_by == actor:
        raise ApproverRecordedIt
    still_open = settlements.open_disputes(tx, statement_id)
    if approved and still_open:
        raise DisputesOpen(statement_id, still_open)
    settlements.decide(tx, waiting.settlement_id, approved=approved, actor=actor, now=now)
    if approved:
        statements.settle(tx, statement.statement_id)
    action = "statement.settled" if approved else "statement.settlement_rejected"
    _audit(tx, action, statement_id, actor=actor, now=now)
    return _latest(tx, statement_id)


def _drawn(tx: Tx, statement_id: str) -> Statement:
    statement = statements.statement(tx, statement_id, partner_no=None, lock=True)
    if statement is None:
        raise UnknownStatement(statement_id)
    if statement.state == "drawing":
        raise NotDrawnYet(statement_id)
    return statement


def _latest(tx: Tx, statement_id: str) -> Settlement:
    found = settlements.latest(tx, statement_id)
    assert found is not None  # noqa: S101  # written just above
    return found


def _audit(tx: Tx, action: str, statement_id: str, *, actor: str, now: datetime) -> None:
    audit.record(tx, actor=actor, action=action, subject=statement_id, details={}, now=now)
