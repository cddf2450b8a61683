"""Tell what insureds are called, masked, where a person who looks at a claim has to see it. Nobody else is told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from services.enrollment.policies.store import policies, told_names
from services.enrollment.policies.usecases.vault import Vault
from shared.db.transaction import Tx
from shared.events.policies import PolicyNamed
from shared.messaging import outbox
from shared.privacy.masking import mask_name

_AT_ONCE: Final = 50
"""In one transaction; each opens the record of a chunk, a thousand people's at the most."""


def tell_names(tx: Tx, *, vault: Vault, now: datetime) -> bool:
    """Tell the names that are asked for; True if there may be more. Of who was forgotten there is nothing to tell."""
    asked = told_names.take(tx, limit=_AT_ONCE)
    for policy_id in asked:
        policy = policies.of_any_partner(tx, policy_id)
        if policy is None or policy.erased:
            told_names.forget(tx, policy_id)
            continue
        insured = vault.insured(tx, policy)
        event = PolicyNamed(
            policy_id=policy_id,
            version=policy.version,
            name_token=vault.name(insured),
            name_masked=mask_name(insured.name),
            told_at=now.astimezone(UTC),
        )
        outbox.add(tx, event, subject=policy_id, now=now)
        told_names.told(tx, policy_id, policy.version)
    return len(asked) == _AT_ONCE
