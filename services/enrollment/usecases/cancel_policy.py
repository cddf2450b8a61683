"""Ends a policy early: cover stops now, the unused premium is given back, and both are announced."""

from __future__ import annotations

from datetime import datetime

from services.enrollment.domain.cover import end_when_canceled, refund, zone_of
from services.enrollment.domain.errors import NotInForce, UnknownPolicy
from services.enrollment.domain.policies import CancelReason, Policy
from services.enrollment.store import policies, products
from services.enrollment.store.policies import Cancellation
from services.enrollment.usecases.contracts import contract_of
from shared.db import audit
from shared.db.transaction import Tx
from shared.events.policies import PolicyCanceled
from shared.messaging import outbox
from shared.values.ids import PolicyId
from shared.values.periods import Period


def cancel_policy(
    tx: Tx, policy_id: PolicyId, reason: CancelReason, *, tenant: str, actor: str, now: datetime
) -> Policy:
    """The policy as it stands afterwards.

    Raises:
        UnknownPolicy: there is none, or it is another partner's.
        NotInForce: it was canceled before, or its term is over.
    """
    contract = contract_of(tx, tenant)
    policy = policies.policy(tx, policy_id, partner_no=contract.partner_no, lock=True)
    if policy is None:
        raise UnknownPolicy(policy_id)
    if policy.state != "in_force":
        raise NotInForce(policy_id, policy.state)
    if policy.effective_to <= now:
        raise NotInForce(policy_id, "expired")
    sold = products.version(tx, policy.product_code, policy.product_version)
    cover = Period(policy.effective_from, policy.effective_to)
    given_back = refund(policy.premium, cover, zone_of(sold.terms), now=now, paid=policy.claims.paid)
    ends = end_when_canceled(cover, now)
    event = PolicyCanceled(
        policy_id=policy_id,
        version=policy.version + 1,
        partner_id=policy.partner_id,
        canceled_at=now,
        effective_to=ends,
        refund_fen=given_back,
        currency=policy.currency,
        reason=reason,
    )
    event_id = outbox.add(tx, event, subject=policy_id, now=now)
    policies.cancel(tx, policy_id, Cancellation(reason, now, ends, given_back, actor, event_id))
    audit.record(
        tx,
        actor=actor,
        action="policy.canceled",
        subject=policy_id,
        details={"reason": reason, "refund_fen": given_back},
        now=now,
    )
    canceled = policies.policy(tx, policy_id, partner_no=contract.partner_no)
    assert canceled is not None  # noqa: S101  # locked above
    return canceled
