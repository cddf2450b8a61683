"""Disputes about statements, and settlements. That two persons settle is also a constraint of the table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from services.enrollment.statements.domain.statements import Dispute, DisputeReason, DisputeState, Settlement, Sum
from shared.db.transaction import Row, Tx
from shared.values.ids import PolicyId
from shared.values.money import Fen

_ADD_DISPUTE: Final = """
INSERT INTO statement_disputes (dispute_id, statement_id, policy_id, reason, expected_net_fen, raised_at, raised_by,
                                state)
VALUES (%s, %s, %s, %s, %s, %s, %s, 'open')
"""


def add_dispute(
    tx: Tx,
    dispute_id: str,
    *,
    statement_id: str,
    policy_id: PolicyId | None,
    reason: DisputeReason,
    expected_net: Fen | None,
    actor: str,
    now: datetime,
) -> None:
    tx.execute(_ADD_DISPUTE, (dispute_id, statement_id, policy_id, reason, expected_net, now, actor))


_OPEN_DISPUTE: Final = """
SELECT dispute_id FROM statement_disputes
WHERE statement_id = %s AND policy_id IS NOT DISTINCT FROM %s::uuid AND reason = %s AND state = 'open'
"""


def open_dispute(tx: Tx, statement_id: str, policy_id: PolicyId | None, reason: DisputeReason) -> str | None:
    """The dispute about the same that waits for its answer; None where there is none."""
    row = tx.one(_OPEN_DISPUTE, (statement_id, policy_id, reason))
    return None if row is None else str(row[0])


_DISPUTE: Final = """
SELECT x.dispute_id, x.statement_id, x.policy_id, x.reason, x.expected_net_fen, x.state, x.raised_at, x.raised_by,
       x.answered_at, x.answered_by, x.premium_fen, x.tax_fen, x.compensation_fen
FROM statement_disputes x
"""
_ONE: Final = _DISPUTE + "WHERE x.dispute_id = %s FOR UPDATE"
_OF_STATEMENT: Final = _DISPUTE + "WHERE x.statement_id = %s AND x.dispute_id > %s::uuid ORDER BY x.dispute_id LIMIT %s"
_OPEN: Final = "SELECT count(*) FROM statement_disputes WHERE statement_id = %s AND state = 'open'"


def lock_dispute(tx: Tx, dispute_id: str) -> Dispute | None:
    """One dispute, for this transaction alone to answer."""
    row = tx.one(_ONE, (dispute_id,))
    return None if row is None else _dispute(row)


def disputes(tx: Tx, statement_id: str, *, after: str, limit: int) -> list[Dispute]:
    """A statement's disputes in the order in which they were raised."""
    return [_dispute(row) for row in tx.all(_OF_STATEMENT, (statement_id, after, limit))]


def open_disputes(tx: Tx, statement_id: str) -> int:
    row = tx.one(_OPEN, (statement_id,))
    return 0 if row is None else int(row[0])


_ANSWER: Final = """
UPDATE statement_disputes SET state = %s, answered_at = %s, answered_by = %s, premium_fen = %s, tax_fen = %s,
       compensation_fen = %s
WHERE dispute_id = %s AND state = 'open'
"""


def answer(tx: Tx, dispute_id: str, state: DisputeState, adjustment: Sum, *, actor: str, now: datetime) -> None:
    parameters = (state, now, actor, adjustment.premium, adjustment.tax, adjustment.compensation, dispute_id)
    tx.execute(_ANSWER, parameters)


_RECORD: Final = """
INSERT INTO statement_settlements (settlement_id, statement_id, net_fen, bank_reference, value_day, state, recorded_at,
                                   recorded_by)
VALUES (%s, %s, %s, %s, %s, 'recorded', %s, %s)
ON CONFLICT DO NOTHING
"""


def record(
    tx: Tx,
    settlement_id: str,
    *,
    statement_id: str,
    net: Fen,
    bank_reference: str | None,
    value_day: date | None,
    actor: str,
    now: datetime,
) -> bool:
    """Note a settlement; False where the statement has one already, or its bank reference settles another one."""
    return tx.execute(_RECORD, (settlement_id, statement_id, net, bank_reference, value_day, now, actor)) == 1


_LATEST: Final = """
SELECT settlement_id, statement_id, net_fen, bank_reference, value_day, state, recorded_at, recorded_by, decided_at,
       decided_by
FROM statement_settlements WHERE statement_id = %s ORDER BY settlement_id DESC LIMIT 1
"""
_DECIDE: Final = """
UPDATE statement_settlements SET state = %s, decided_at = %s, decided_by = %s
WHERE settlement_id = %s AND state = 'recorded'
"""


def latest(tx: Tx, statement_id: str) -> Settlement | None:
    """The newest settlement of a statement: a rejected one may be followed by another."""
    row = tx.one(_LATEST, (statement_id,))
    if row is None:
        return None
    return Settlement(
        settlement_id=row[0],
        statement_id=row[1],
        net=Fen(row[2]),
        bank_reference=row[3],
        value_day=row[4],
        state=row[5],
        recorded_at=row[6],
        recorded_by=row[7],
        decided_at=row[8],
        decided_by=row[9],
    )


def decide(tx: Tx, settlement_id: str, *, approved: bool, actor: str, now: datetime) -> None:
    tx.execute(_DECIDE, ("approved" if approved else "rejected", now, actor, settlement_id))


def _dispute(row: Row) -> Dispute:
    return Dispute(
        dispute_id=row[0],
        statement_id=row[1],
        policy_id=None if row[2] is None else PolicyId(row[2]),
        reason=row[3],
        expected_net=None if row[4] is None else Fen(row[4]),
        state=row[5],
        raised_at=row[6],
        raised_by=row[7],
        answered_at=row[8],
        answered_by=row[9],
        adjustment=Sum(1, Fen(row[10]), Fen(row[11]), Fen(row[12])),
    )
