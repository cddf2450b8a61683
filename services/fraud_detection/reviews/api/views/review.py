"""A case as its reviewer sees it: everything that bears on it, scores included. Persons are tokens here too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.states import State
from services.fraud_detection.claims.store import amendments, appeals, claims
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.coverage.store import coverage
from services.fraud_detection.decisions.domain.cover_rules import RULE_VERSION
from services.fraud_detection.decisions.store import decisions, reviews
from services.fraud_detection.decisions.store.decisions import DecisionRow
from services.fraud_detection.decisions.store.reviews import ReviewKind, ReviewRow
from services.fraud_detection.filing.api.claim_view import ClaimView, told, view
from services.fraud_detection.filing.api.reason_view import ReasonView
from services.fraud_detection.filing.api.transfer_decisions import TransferDecisionView, transfer_decisions
from services.fraud_detection.reviews.api.views.care import CareView, care_views
from services.fraud_detection.reviews.api.views.cover import CoverView, ExclusionView, cover, exclusions
from services.fraud_detection.reviews.api.views.explanation import ScoreExplanationView, explanation_view
from services.fraud_detection.reviews.api.views.loss import LossFacts, loss
from services.fraud_detection.reviews.api.views.mandate import RepresentativeOfCase, representative
from services.fraud_detection.reviews.api.views.payee import PayeeView, payee
from services.fraud_detection.reviews.api.views.proposal import ProposalSummary, ProposalView, proposals_of
from services.fraud_detection.reviews.api.views.related import RelatedClaim, related
from services.fraud_detection.reviews.api.views.transfer import TransferView, transfer_views
from services.fraud_detection.reviews.api.views.work import (
    AssignmentView,
    EscalationView,
    LeaseView,
    NoteView,
    UndoableView,
    escalation_view,
    notes_of,
)
from services.fraud_detection.reviews.domain.care import CareFlag
from services.fraud_detection.reviews.store import assignments, care, leases, notes, proposals, undoable
from services.fraud_detection.reviews.store.proposals import ProposalRow
from shared.db.transaction import Tx
from shared.events.claims import Outcome
from shared.values.scam_types import ScamType
from shared.web.models import ReplyModel

_SIMILAR = (
    "person_claims",
    "phone_claims",
    "payee_claims",
    "payee_persons",
    "device_claims",
    "device_persons",
    "handler_claims",
    "handler_persons",
    "evidence_seen_elsewhere",
)


class FailedRuleView(ReasonView):
    """A rule that stands against the claim."""

    waivable: bool
    """Whether a person may approve in spite of it."""
    claim_id: str | None
    """The other claim, where the rule is about two."""


class ReviewItem(ReplyModel):
    """One claim in the queue."""

    claim_id: str
    version: int
    kind: ReviewKind
    waiting_since: datetime
    amount_fen: int
    liability: str
    scam_type: ScamType
    why: str | None
    score: float | None
    explanation: ScoreExplanationView | None
    rule_failures: list[FailedRuleView]
    evidence: dict[str, int]
    """How many documents of each kind."""
    care: list[CareFlag]
    """Why the insured is to be dealt with carefully; advice, and never a reason against the claim."""
    similar: dict[str, int]
    """Other claims and persons around this one, by what they share; without what this one does not name."""
    lease: LeaseView | None
    """Who works on it."""
    assigned_to: str | None
    """Whose it is by name."""
    undoable: UndoableView | None
    """What was decided and may still be taken back."""
    escalated: bool
    """It waits for a senior person."""
    proposal: ProposalSummary | None
    """An approval that waits for a second person."""


class EvidenceView(ReplyModel):
    kind: str
    sha256: str
    captured_at: datetime | None
    added_at: datetime
    other_claims: int
    """How many other claims hold the same file; none of a mandate, which is used again by nature."""


class FeatureValues(ReplyModel):
    """What was known in one round, and what the model saw."""

    round: int
    computed_at: datetime
    snapshot: dict[str, str | int | bool | None]
    """Null is what nobody told."""
    features: dict[str, float | None]
    """Null where one is missing."""
    specification: str | None
    """Which version of the declarations, `GET /v1/features`; null of what is older than these."""


class FullDecision(ReplyModel):
    """One decision with all that it rests on."""

    decision_id: str
    round: int
    version: int
    outcome: Outcome
    why: str | None
    amount_fen: int
    refused_fen: int
    """What of the loss is not accepted."""
    transfers: list[TransferDecisionView]
    """What was said of single transfers; empty where nothing was."""
    rule_version: str
    rule_failures: list[FailedRuleView]
    model_id: str | None
    model_sha256: str | None
    score: float | None
    explanation: ScoreExplanationView | None
    sandbox_value: str | None
    decided_by: str
    proposed_by: str | None
    """Who proposed what `decided_by` confirmed; null where one person's authority was enough."""
    clause: str | None
    told: list[ReasonView]
    """What the resident reads."""
    decided_at: datetime
    payable_from: datetime | None


class DecisionReply(FullDecision):
    """The decision. Where `undo_until` is told, nobody hears of it before: until then who decided may take it back.

    What is above your authority waits for a second person as `approval_proposed`.
    """

    outcome: Outcome | Literal["approval_proposed"]  # type: ignore[assignment]
    undo_until: datetime | None


class AppealView(ReplyModel):
    round: int
    reason: str
    """Empty once the person was erased."""
    filed_at: datetime


class StepView(ReplyModel):
    version: int
    from_state: str | None
    to_state: str
    at: datetime
    by_whom: str
    """A person or a channel by name, or what did it: `rules_and_model`, `payout`, `timer`."""
    why: str | None


class AmendmentView(ReplyModel):
    """What the claimant amended before the decision."""

    version: int
    """The claim's, by which its facts are as amended."""
    fields: list[str]
    amount_before_fen: int
    amount_after_fen: int
    amended_at: datetime
    amended_by: str


class CaseView(ReplyModel):
    """One claim with its whole trace."""

    claim: ClaimView
    """As the resident sees it."""
    state: State
    version: int
    open_review: Literal["review", "refusal_proposed", "appeal"] | None
    loss: LossFacts
    care: list[CareView]
    representative: RepresentativeOfCase | None
    """Who acts for the insured; null where nobody does."""
    payee: PayeeView
    transfers: list[TransferView]
    cover: CoverView | None
    exclusions: list[ExclusionView]
    """The product's and the claimed liability's own."""
    related: list[RelatedClaim]
    evidence: list[EvidenceView]
    features: list[FeatureValues]
    decisions: list[FullDecision]
    proposals: list[ProposalView]
    """Approvals above one person's authority: who proposed them, and what the second person did."""
    appeals: list[AppealView]
    amendments: list[AmendmentView]
    steps: list[StepView]
    notes: list[NoteView]
    """Of staff for staff."""
    lease: LeaseView | None
    """Who works on it."""
    assignment: AssignmentView | None
    """Whose it is by name."""
    undoable: UndoableView | None
    """What was decided and may still be taken back."""
    escalation: EscalationView | None


def items(tx: Tx, queue: Sequence[ReviewRow], *, now: datetime) -> list[ReviewItem]:
    """The queue's rows with what a person chooses by; nine queries for all."""
    ids = [row.claim_id for row in queue]
    found, heard = claims.many(tx, ids), decisions.latest_by_machine(tx, ids)
    kinds, snapshots = claims.evidence_kinds(tx, ids), decisions.latest_snapshots(tx, ids)
    held, escalated = leases.held(tx, ids, now=now), notes.escalated(tx, ids)
    decided, careful = undoable.of_claims(tx, ids), care.of_claims(tx, ids, now=now)
    assigned = {claim_id: row.assigned_to for claim_id, row in assignments.standing(tx, ids, now=now).items()}
    proposed = proposals.standing(tx, ids)
    return [
        ReviewItem.of(
            found[row.claim_id],
            kind=row.kind,
            waiting_since=row.waiting_since,
            evidence=kinds.get(row.claim_id, {}),
            care=careful[row.claim_id],
            similar=_similar(snapshots.get(row.claim_id, {})),
            lease=held.get(row.claim_id),
            assigned_to=assigned.get(row.claim_id),
            undoable=decided.get(row.claim_id),
            escalated=row.claim_id in escalated,
            proposal=proposed.get(row.claim_id),
            **_heard(heard.get(row.claim_id), found[row.claim_id]),
        )
        for row in queue
    ]


def case(tx: Tx, claim: Claim, personal_data: PersonalData, *, now: datetime) -> CaseView:
    """Everything on one claim."""
    claim_id = claim.claim_id
    waiting = reviews.open_of(tx, claim_id)
    found = coverage.find(tx, claim.policy_id)
    return CaseView.of(
        claim,
        claim=view(tx, claim, personal_data),
        open_review=waiting.kind if waiting else None,
        loss=loss(tx, claim, personal_data),
        care=care_views(care.of_claims(tx, [claim_id], now=now)[claim_id]),
        representative=representative(tx, claim_id, personal_data),
        payee=payee(tx, claim, found),
        transfers=transfer_views(tx, claim, personal_data),
        cover=None if found is None else cover(tx, claim, found),
        exclusions=[] if found is None else exclusions(tx, claim, found),
        related=[] if found is None else related(tx, claim, found),
        evidence=[
            EvidenceView.of(each.evidence, added_at=each.added_at, other_claims=each.other_claims)
            for each in claims.evidence(tx, [claim_id])[claim_id]
        ],
        features=[FeatureValues.of(each, features=each.values) for each in decisions.features(tx, claim_id)],
        decisions=fulls(tx, decisions.of_claim(tx, claim_id), personal_data),
        proposals=proposals_of(tx, claim_id, personal_data),
        appeals=[
            AppealView.of(each, reason=personal_data.open(tx, each.reason, claim_id, "appeal") if each.reason else "")
            for each in appeals.of_claim(tx, claim_id)
        ],
        amendments=[AmendmentView.of(each, fields=list(each.fields)) for each in amendments.of_claim(tx, claim_id)],
        steps=claims.steps(tx, claim_id),
        notes=notes_of(tx, claim_id, personal_data),
        lease=leases.held(tx, [claim_id], now=now).get(claim_id),
        assignment=assignments.standing(tx, [claim_id], now=now).get(claim_id),
        undoable=undoable.of_claims(tx, [claim_id]).get(claim_id),
        escalation=escalation_view(tx, notes.escalated(tx, [claim_id]).get(claim_id), personal_data),
    )


def full(tx: Tx, decision: DecisionRow, personal_data: PersonalData) -> FullDecision:
    """One decision as staff see it."""
    return fulls(tx, [decision], personal_data)[0]


def fulls(tx: Tx, made: Sequence[DecisionRow], personal_data: PersonalData) -> list[FullDecision]:
    """Several."""
    in_part = transfer_decisions(tx, [each.decision_id for each in made if each.outcome == "approved"], personal_data)
    return [
        FullDecision.of(
            each,
            rule_failures=each.failures,
            explanation=explanation_view(each),
            told=told(tx, each, personal_data, splits=any(of.open for of in in_part.get(each.decision_id, []))),
            transfers=in_part.get(each.decision_id, []),
        )
        for each in made
    ]


def decision_reply(tx: Tx, row: DecisionRow | ProposalRow, personal_data: PersonalData) -> DecisionReply:
    """What a person hears of what they just decided; of a proposal nothing is told to the resident."""
    if isinstance(row, DecisionRow):
        return DecisionReply.of(full(tx, row, personal_data), undo_until=None)
    return DecisionReply.of(
        row,
        decision_id=row.proposal_id,
        outcome="approval_proposed",
        why=None,
        rule_version=RULE_VERSION,
        rule_failures=[],
        model_id=None,
        model_sha256=None,
        score=None,
        explanation=None,
        transfers=transfer_decisions(tx, [row.proposal_id], personal_data).get(row.proposal_id, []),
        sandbox_value=None,
        decided_by=row.proposed_by,
        told=[],
        decided_at=row.proposed_at,
        payable_from=None,
        undo_until=None,
    )


def _heard(decision: DecisionRow | None, claim: Claim) -> dict[str, object]:
    """What the machine said, as fields of an item; of a claim that it did not get to see, why a person looks."""
    if decision is None:
        return {"why": claim.changed_why, "score": None, "explanation": None, "rule_failures": []}
    return {
        "why": decision.why,
        "score": decision.score,
        "explanation": explanation_view(decision),
        "rule_failures": decision.failures,
    }


def _similar(snapshot: Mapping[str, str | int | bool | None]) -> dict[str, int]:
    known = {name: snapshot.get(name) for name in _SIMILAR}
    return {name: int(value) for name, value in known.items() if value is not None}
