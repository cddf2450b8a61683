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
    ``refused_fen`` is what of the loss an approval does not accept, of transfers that a person refused.
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
    refused_fen: int = 0


class ClaimStopped(Event, frozen=True, kw_only=True):
    """An approval is taken back: its payout is not sent, or if that failed it is owed no more.

    Whether the money had left before, payout says by the payout's state. ``version`` is the claim's, above that of the
    decision taken back. ``reason``: withdrawn, recovered (to be decided anew on less), another_account, closed.
    """

    TYPE: ClassVar[str] = "claims.stopped"
    TOPIC: ClassVar[str] = "claims.decisions.v1"

    stop_id: str
    claim_id: str
    version: int
    decision_id: str
    policy_id: str
    currency: str
    reason: Literal["withdrawn", "recovered", "another_account", "closed"]
    stopped_at: Moment


class ClaimRecovered(Event, frozen=True, kw_only=True):
    """Of a loss that was paid for, money came back. ``insurers_fen`` of it is the insurer's, up to what it paid."""

    TYPE: ClassVar[str] = "claims.recovered"
    TOPIC: ClassVar[str] = "claims.decisions.v1"

    recovery_id: str
    claim_id: str
    decision_id: str
    policy_id: str
    amount_fen: int
    insurers_fen: int
    currency: str
    recovered_at: Moment
