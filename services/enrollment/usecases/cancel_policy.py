"""Ends one policy early because its partner asks: see end_policies."""

from __future__ import annotations

from datetime import datetime

from services.enrollment.domain.errors import NotInForce, UnknownPolicy
from services.enrollment.domain.policies import CancelReason, Policy
from services.enrollment.store import policies
from services.enrollment.usecases.contracts import contract_of
from services.enrollment.usecases.end_policies import end_policies
from shared.db import audit
from shared.db.transaction import Tx
from shared.values.ids import PolicyId


def cancel_policy(
    tx: Tx, policy_id: PolicyId, reason: CancelReason, *, tenant: str, actor: str, now: datetime
) -> Policy:
    """The policy as it stands afterwards; a renewal that waited for its end is canceled with it.

    Raises:
        UnknownPolicy: there is none, or it is another partner's.
        NotInForce: it was canceled before, or its term is over.
    """
    contract = contract_of(tx, tenant)
    policy = policies.policy(tx, policy_id, partner_no=contract.partner_no, lock=True)
    if policy is None:
        raise UnknownPolicy(policy_id)
    ended = end_policies(tx, {policy_id: reason}, actor=actor, now=now)
    if not ended:
        raise NotInForce(policy_id, policy.state_at(now))
    for each in ended:
        audit.record(
            tx,
            actor=actor,
            action="policy.canceled",
            subject=each.policy_id,
            details={"reason": reason, "refund_fen": each.refund.premium},
            now=now,
        )
    canceled = policies.policy(tx, policy_id, partner_no=contract.partner_no)
    assert canceled is not None  # noqa: S101  # locked above
    return canceled
