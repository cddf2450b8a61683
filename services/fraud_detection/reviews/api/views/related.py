"""The other claims on a claim's policy as its reviewer sees them: which are of the same event, and which may be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from services.fraud_detection.claims.domain.claims import Claim, OtherClaim
from services.fraud_detection.coverage.domain.cover import Coverage, Product
from services.fraud_detection.coverage.store import products
from services.fraud_detection.decisions.domain.one_event import is_of_one_event, may_be_one_event, named_by_persons
from services.fraud_detection.decisions.store import other_claims
from shared.db.transaction import Tx
from shared.web.models import ReplyModel

Relation = Literal["one_event", "may_be_one_event", "another_event"]


class RelatedClaim(ReplyModel):
    """Another claim on the same policy."""

    claim_id: str
    liability: str
    occurred_at: datetime
    discovered_at: datetime
    amount_fen: int
    approved_fen: int
    event_reference: str | None
    event_named: bool
    """Whether a person of the staff said which event it is."""
    relation: Relation
    """What was paid for `one_event` counts for its limits; `may_be_one_event` is for you to say."""


def related(tx: Tx, claim: Claim, found: Coverage) -> list[RelatedClaim]:
    """All of them, oldest first; none while the terms have not come."""
    product = products.find(tx, found.product_code, found.product_version)
    if product is None:
        return []
    others = other_claims.of_claims(tx, [claim], {claim.claim_id: [claim.policy_id]})[claim.claim_id]
    on_policy = [each for each in others if each.policy_id == claim.policy_id]
    on_policy.sort(key=lambda other: other.submitted_at)
    named = named_by_persons(claim, on_policy)
    return [RelatedClaim.of(each, relation=_relation(product, claim, each, named)) for each in on_policy]


def _relation(product: Product, claim: Claim, other: OtherClaim, named: Sequence[Claim | OtherClaim]) -> Relation:
    if is_of_one_event(product, claim, other, named):
        return "one_event"
    return "may_be_one_event" if may_be_one_event(product, claim, other) else "another_event"
