"""A claim as it is kept: its facts. Its states stand in states, what was decided elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.fraud_detection.claims.domain.states import State
from services.fraud_detection.coverage.domain.cover import FRAUD_LOSS, NO_FEN
from shared.values.evidence_kinds import EvidenceKind
from shared.values.ids import ClaimId, DecisionId, PolicyId, TokenHex
from shared.values.money import Fen
from shared.values.scam_types import ScamType

HOME: Final = "CN"
"""Where a loss happened unless the claim says another country (ISO 3166-1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherCover:
    """Another insurer's cover of the same loss, as told: its sum insured for it, and what it paid so far.

    ``insurer`` is empty once the person was erased.
    """

    insurer: str
    sum_insured_fen: Fen
    paid_fen: Fen = NO_FEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One claim. ``round`` counts its decisions by the machine: filed, completed by documents, appealed.

    ``version`` grows with every change and is the ETag. Persons, phones, devices and handlers are tokens.
    """

    claim_id: ClaimId
    tenant: str
    version: int
    round: int
    state: State
    policy_id: PolicyId
    person_token: TokenHex
    phone_token: TokenHex
    payee_token: TokenHex
    device_token: TokenHex | None
    handler_token: TokenHex | None
    scam_type: ScamType
    occurred_at: datetime
    discovered_at: datetime
    reported_at: datetime
    submitted_at: datetime
    amount_fen: Fen
    currency: str
    recovered_fen: Fen
    other_insurance_fen: Fen
    description_chars: int
    sandbox_value: str | None = None
    appealed: bool = False
    """Its present round is an appeal."""
    liability: str = FRAUD_LOSS
    """Which of the product's liabilities it is made under."""
    territory: str = HOME
    event_reference: str | None = None
    """What the event is called that it is a loss of: by whoever files it, or by the person who looked at it."""
    event_named: bool = False
    """A person of the insurer's staff called it so."""
    told_scam_type: ScamType | None = None
    """What kind of scam the claimant told, where the police say that it was another: theirs is ``scam_type``."""
    item_reference: str | None = None
    """Which of the things that the policy lists it is about."""
    person_wanted: bool = False
    """The claimant asked that a person decides."""
    amended_in_review: bool = False
    """Amended after the machine had passed it on to a person: it approves the claim no more."""
    other_covers: tuple[OtherCover, ...] = ()
    """Which other insurers cover the loss too; ``other_insurance_fen`` is what they paid."""
    changed_at: datetime
    """The last step: when, ..."""
    changed_by: str
    """... by whom, a person by the subject of the token, ..."""
    changed_why: str | None = None
    """... and why."""
    due_at: datetime | None = None
    """By when whoever is waited for must have acted."""
    split_from: ClaimId | None = None
    """The claim that it was split off, whose undisputed part was paid first; ..."""
    split_root: ClaimId | None = None
    """... the first of all that it is a part of; ..."""
    split_by: DecisionId | None = None
    """... and the approval that left its transfers open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One document, known by its SHA-256; the document itself stays with the channel that took it."""

    kind: EvidenceKind
    sha256: str
    captured_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherClaim:
    """Another claim of the same person or policies, as far as the question whether both are of one loss needs it.

    ``approved_fen`` is what it was approved for, ``event_deductible_fen`` what it bore of its event's deductible;
    ``by_claimant``: the same person claims; ``passed_on``: a person had to look at it for what it itself is.
    """

    claim_id: ClaimId
    scam_type: ScamType
    occurred_at: datetime
    discovered_at: datetime
    submitted_at: datetime
    amount_fen: Fen
    payee_token: TokenHex
    shares_evidence: bool
    approved: bool
    approved_fen: Fen = NO_FEN
    event_deductible_fen: Fen = NO_FEN
    policy_id: PolicyId | None = None
    liability: str = FRAUD_LOSS
    by_claimant: bool = True
    passed_on: bool = False
    event_reference: str | None = None
    event_named: bool = False
    split_root: ClaimId | None = None


def are_parts_of_one(claim: Claim | OtherClaim, other: Claim | OtherClaim) -> bool:
    """Whether both were one claim when they were filed."""
    return (claim.split_root or claim.claim_id) == (other.split_root or other.claim_id)
