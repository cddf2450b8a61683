"""A partner's dispute about a statement, and the insurer's answer; what is upheld is adjusted in a later month."""

from __future__ import annotations

from datetime import datetime

from services.enrollment.statements.domain.adjustments import check_adjustment
from services.enrollment.statements.domain.errors import (
    AlreadyAnswered,
    DisputedAlready,
    DisputeTooLate,
    NotDrawnYet,
    NotOnTheStatement,
    UnknownDispute,
    UnknownStatement,
)
from services.enrollment.statements.domain.statements import ZONE, Dispute, DisputeReason, DisputeState, Sum
from services.enrollment.statements.store import settlements, statement_policies, statements
from shared.db import audit
from shared.db.transaction import Tx
from shared.process.new_ids import new_id
from shared.values.errors import InvalidField
from shared.values.ids import PolicyId
from shared.values.money import Fen


def raise_dispute(
    tx: Tx,
    statement_id: str,
    policy_id: PolicyId | None,
    reason: DisputeReason,
    expected_net: Fen | None,
    *,
    partner_no: int,
    actor: str,
    now: datetime,
) -> Dispute:
    """A dispute that waits for an answer.

    Raises:
        UnknownStatement: there is none of this partner.
        NotDrawnYet, DisputeTooLate: it is too early, or too late.
        NotOnTheStatement: the policy has no line on it.
        DisputedAlready: the same waits for its answer.
    """
    statement = statements.statement(tx, statement_id, partner_no=partner_no, lock=True)
    if statement is None:
        raise UnknownStatement(statement_id)
    if statement.state == "drawing":
        raise NotDrawnYet(statement_id)
    last_day = statement.disputed_until
    if last_day is not None and now.astimezone(ZONE).date() > last_day:
        raise DisputeTooLate(statement_id, last_day.isoformat())
    if policy_id is not None and not statement_policies.has_line(tx, statement, policy_id):
        raise NotOnTheStatement(policy_id)
    waiting = settlements.open_dispute(tx, statement_id, policy_id, reason)
    if waiting is not None:
        raise DisputedAlready(waiting)
    dispute_id = new_id()
    dispute = Dispute(
        dispute_id=dispute_id,
        statement_id=statement_id,
        policy_id=policy_id,
        reason=reason,
        expected_net=expected_net,
        state="open",
        raised_at=now,
        raised_by=actor,
        answered_at=None,
        answered_by=None,
        adjustment=Sum(lines=1),
    )
    settlements.add_dispute(tx, dispute)
    details: dict[str, str | int | None] = {"statement_id": statement_id, "reason": reason}
    audit.record(tx, actor=actor, action="statement.disputed", subject=dispute_id, details=details, now=now)
    return _dispute(tx, dispute_id)


def answer_dispute(tx: Tx, dispute_id: str, *, upheld: bool, adjustment: Sum, actor: str, now: datetime) -> Dispute:
    """The dispute as answered. ``adjustment`` becomes a line of the statement of the month of ``now``.

    Raises:
        UnknownDispute: there is none.
        AlreadyAnswered: an answer stands.
        InvalidField: a rejected dispute adjusts nothing, and an upheld one no more than can be.
    """
    dispute = _dispute(tx, dispute_id)
    if dispute.state != "open":
        raise AlreadyAnswered(dispute_id, dispute.state)
    amounts = (adjustment.premium, adjustment.tax, adjustment.compensation)
    if not upheld and any(amounts):
        raise InvalidField("/adjustment", "A rejected dispute adjusts nothing.", "Leave it out, or uphold the dispute.")
    if upheld:
        policy_id = dispute.policy_id
        check_adjustment(adjustment, None if policy_id is None else statement_policies.charged(tx, policy_id))
    state: DisputeState = "upheld" if upheld else "rejected"
    settlements.answer(tx, dispute_id, state, adjustment, actor=actor, now=now)
    details: dict[str, str | int | None] = {
        "premium_fen": adjustment.premium,
        "tax_fen": adjustment.tax,
        "compensation_fen": adjustment.compensation,
    }
    audit.record(tx, actor=actor, action=f"statement.dispute_{state}", subject=dispute_id, details=details, now=now)
    return _dispute(tx, dispute_id)


def _dispute(tx: Tx, dispute_id: str) -> Dispute:
    dispute = settlements.lock_dispute(tx, dispute_id)
    if dispute is None:
        raise UnknownDispute(dispute_id)
    return dispute
