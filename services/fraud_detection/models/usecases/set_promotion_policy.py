"""Set what a promotion may allow. What is proposed under an older policy is proposed again."""

from __future__ import annotations

from services.fraud_detection.models.store import models, promotions
from services.fraud_detection.models.store.promotions import NewPolicy, PolicyRow
from shared.db import audit
from shared.db.transaction import Tx


def set_promotion_policy(tx: Tx, policy: NewPolicy) -> PolicyRow:
    """The policy with its number; nobody promotes meanwhile."""
    models.lock_registry(tx)
    promotions.set_policy(tx, policy)
    kept = promotions.policy(tx)
    details: dict[str, str | int | None] = {
        "most_approve_below": str(policy.most_approve_below),
        "most_auto_approve_limit_fen": policy.most_auto_approve_limit_fen,
        "most_auto_approve_loss_limit_fen": policy.most_auto_approve_loss_limit_fen,
        "reason": policy.reason,
    }
    subject, action = str(kept.number), "model.promotion_policy_set"
    audit.record(tx, actor=policy.set_by, action=action, subject=subject, details=details, now=policy.set_at)
    return kept
