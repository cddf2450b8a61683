"""What fraud detection says of claims, on ``claims.submitted.v1`` and ``claims.decisions.v1``."""

from __future__ import annotations

from typing import ClassVar, Literal

from shared.events.envelope import Event, Moment

Outcome = Literal["approved", "review", "documents_requested", "refusal_proposed", "refused"]


class ClaimSubmitted(Event, frozen=True, kw_only=True):
    """A claim is ready to be decided: first filed, completed by documents, or appealed. ``round`` counts these."""

    TYPE: ClassVar[str] = "claims.submitted"
    TOPIC: ClassVar[str] = "claims.submitted.v1"

    claim_id: str
    round: int
    policy_id: str
    submitted_at: Moment


class ClaimDecided(Event, frozen=True, kw_only=True):
    """One decision on a claim.

    ``version`` is the claim's and grows with each decision. ``amount_fen`` is what is to be paid (0 unless approved).
    ``payee_token`` names the account in payout's vault. ``payable_from`` is when the recovery wait is over.
    ``decided_by`` is ``rules_and_model`` or the pseudonymous subject of the person who decided.
    """

    TYPE: ClassVar[str] = "claims.decided"
    TOPIC: ClassVar[str] = "claims.decisions.v1"

    claim_id: str
    decision_id: str
    version: int
    outcome: Outcome
    policy_id: str
    partner_id: str
    product_code: str
    product_version: int
    person_token: str
    payee_token: str
    amount_fen: int
    currency: str
    cover_limit_fen: int
    reason_codes: list[str]
    clauses: list[str]
    rule_version: str
    model_id: str | None
    model_sha256: str | None
    decided_by: str
    decided_at: Moment
    payable_from: Moment | None = None
