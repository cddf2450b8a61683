"""Disputes about statements, and settlements. That two persons settle is also a constraint of the table."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from services.enrollment.statements.domain.statements import Dispute, DisputeReason, DisputeState, Settlement, Sum
from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import PolicyId

_DISPUTE_COLUMNS: Final = Columns(
    Dispute,
    expected_net="expected_net_fen",
    adjustment={
        "lines": "1",
        "premium": "premium_fen",
        "tax": "tax_fen",
        "compensation": "compensation_fen",
        "digest": "0",
    },
)
_ADD_DISPUTE: Final = f"""
INSERT INTO statement_disputes ({_DISPUTE_COLUMNS.names}) VALUES ({_DISPUTE_COLUMNS.places})
"""


def add_dispute(tx: Tx, dispute: Dispute) -> None:
    tx.execute(_ADD_DISPUTE, _DISPUTE_COLUMNS.values(dispute))


_OPEN_DISPUTE: Final = """
SELECT dispute_id FROM statement_disputes
WHERE statement_id = %s AND policy_id IS NOT DISTINCT FROM %s::uuid AND reason = %s AND state = 'open'
"""


def open_dispute(tx: Tx, statement_id: str, policy_id: PolicyId | None, reason: DisputeReason) -> str | None:
    """The dispute about the same that waits for its answer; None where there is none."""
    return tx.one(_OPEN_DISPUTE, (statement_id, policy_id, reason), into=str)


_DISPUTE: Final = f"SELECT {_DISPUTE_COLUMNS} FROM statement_disputes"
_ONE: Final = f"{_DISPUTE} WHERE dispute_id = %s FOR UPDATE"
_OF_STATEMENT: Final = f"{_DISPUTE} WHERE statement_id = %s AND dispute_id > %s::uuid ORDER BY dispute_id LIMIT %s"
_OPEN: Final = "SELECT count(*) FROM statement_disputes WHERE statement_id = %s AND state = 'open'"


def lock_dispute(tx: Tx, dispute_id: str) -> Dispute | None:
    """One dispute, for this transaction alone to answer."""
    return tx.one(_ONE, (dispute_id,), into=Dispute)


def disputes(tx: Tx, statement_id: str, *, after: str, limit: int) -> list[Dispute]:
    """A statement's disputes in the order in which they were raised."""
    return tx.all(_OF_STATEMENT, (statement_id, after, limit), into=Dispute)


def open_disputes(tx: Tx, statement_id: str) -> int:
    return tx.the(_OPEN, (statement_id,), into=int)


_ANSWER: Final = """
UPDATE statement_disputes SET state = %s, answered_at = %s, answered_by = %s, premium_fen = %s, tax_fen = %s,
       compensation_fen = %s
WHERE dispute_id = %s AND state = 'open'
"""


def answer(tx: Tx, dispute_id: str, state: DisputeState, adjustment: Sum, *, actor: str, now: datetime) -> None:
    parameters = (state, now, actor, adjustment.premium, adjustment.tax, adjustment.compensation, dispute_id)
    tx.execute(_ANSWER, parameters)


_SETTLEMENT: Final = Columns(Settlement, net="net_fen")
_RECORD: Final = f"""
INSERT INTO statement_settlements ({_SETTLEMENT.names}) VALUES ({_SETTLEMENT.places}) ON CONFLICT DO NOTHING
"""


def record(tx: Tx, settlement: Settlement) -> bool:
    """Note a settlement; False where the statement has one already, or its bank reference settles another one."""
    return tx.execute(_RECORD, _SETTLEMENT.values(settlement)) == 1


_LATEST: Final = f"""
SELECT {_SETTLEMENT} FROM statement_settlements
WHERE statement_id = %s ORDER BY settlement_id DESC LIMIT 1
"""
_DECIDE: Final = """
UPDATE statement_settlements SET state = %s, decided_at = %s, decided_by = %s
WHERE settlement_id = %s AND state = 'recorded'
"""


def latest(tx: Tx, statement_id: str) -> Settlement | None:
    """The newest settlement of a statement: a rejected one may be followed by another."""
    return tx.one(_LATEST, (statement_id,), into=Settlement)


def decide(tx: Tx, settlement_id: str, *, approved: bool, actor: str, now: datetime) -> None:
    tx.execute(_DECIDE, ("approved" if approved else "rejected", now, actor, settlement_id))
