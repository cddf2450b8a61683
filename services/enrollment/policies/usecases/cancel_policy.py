"""Ends one policy early because its partner asks: see end_policies."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from services.enrollment.partners.usecases.contracts import contract_of
from services.enrollment.people.domain.errors import UnknownPolicy
from services.enrollment.people.domain.policies import CancelReason, Policy
from services.enrollment.people.store import opt_outs
from services.enrollment.policies.domain.errors import NotInForce
from services.enrollment.policies.store import policies
from services.enrollment.policies.usecases.end_policies import end_policies, record_ends
from services.enrollment.policies.usecases.opt_out import holders_tokens, note_opt_outs
from services.enrollment.policies.usecases.vault import Vault
from shared.db.transaction import Tx
from shared.values.ids import PolicyId

CHANNEL: Final = "cancellation"
"""By which way a person opted out who is canceled for it."""


def cancel_policy(
    tx: Tx, policy_id: PolicyId, reason: CancelReason, *, tenant: str, actor: str, vault: Vault, now: datetime
) -> Policy:
    """The policy as it stands afterwards; a renewal that waits for its end is canceled with it.

    Whose reason is an opt-out is opted out: their other cover ends as well, and nobody enrolls them again.

    Raises:
        UnknownPolicy: there is none, or it is another partner's.
        NotInForce: it was canceled before, or its term is over.
        PersonForgotten: nothing says any more who it is that opts out.
    """
    contract = contract_of(tx, tenant)
    persons = holders_tokens(tx, policy_id, tenant=tenant, vault=vault) if reason == "opt_out" else ()
    if persons:
        opt_outs.shut(tx, persons)
    policy = policies.policy(tx, policy_id, partner_no=contract.partner_no, lock=True)
    if policy is None:
        raise UnknownPolicy(policy_id)
    ended = end_policies(tx, {policy_id: reason}, actor=actor, now=now)
    if not ended:
        raise NotInForce(policy_id, policy.state_at(now))
    record_ends(tx, ended, actor=actor, now=now)
    if persons:
        note_opt_outs(tx, [persons], channel=CHANNEL, actor=actor, now=now)
    canceled = policies.policy(tx, policy_id, partner_no=contract.partner_no)
    assert canceled is not None  # noqa: S101  # locked above
    return canceled
