"""What a person does to a case: a verdict, or a request for documents. The one door to both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, assert_never

import msgspec

from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.decisions.domain.authority import LOWEST, Authority
from services.fraud_detection.decisions.store.decisions import DecisionRow
from services.fraud_detection.reviews.domain.verdicts import Verdict
from services.fraud_detection.reviews.store.proposals import ProposalRow
from services.fraud_detection.reviews.store.undoable import UndoableRow
from services.fraud_detection.reviews.usecases.ask_claimant import ask_claimant
from services.fraud_detection.reviews.usecases.decide_review import decide_review
from shared.db.transaction import Tx
from shared.process import metrics
from shared.values.evidence_kinds import EvidenceKind
from shared.values.ids import ClaimId, DecisionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """For documents; ``due_at`` is by when, if not by the usual date."""

    kinds: tuple[EvidenceKind, ...]
    due_at: datetime | None


Act: TypeAlias = Verdict | Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person by the pseudonymous subject of the token, and whether they hold the scope of senior persons.

    ``lowest`` is their authority where no other was set.
    """

    reviewer: str
    senior: bool
    lowest: Authority = LOWEST


def perform(
    tx: Tx,
    claim_id: ClaimId,
    act: Act,
    *,
    by: Actor,
    require_match: Callable[[int], None],
    personal_data: PersonalData,
    now: datetime,
    decision_id: DecisionId | None = None,
) -> DecisionRow | ProposalRow:
    """Decide, with events and all. ``decision_id`` is the decision's, if it has one already.

    What is above the person's authority is proposed.

    Raises:
        Whatever decide_review and ask_claimant raise.
    """
    match act:
        case Verdict():
            return decide_review(
                tx,
                claim_id,
                act,
                reviewer=by.reviewer,
                senior=by.senior,
                lowest=by.lowest,
                require_match=require_match,
                personal_data=personal_data,
                now=now,
                decision_id=decision_id,
            )
        case Request():
            return ask_claimant(
                tx,
                claim_id,
                act.kinds,
                due_at=act.due_at,
                reviewer=by.reviewer,
                senior=by.senior,
                require_match=require_match,
                now=now,
                decision_id=decision_id,
            )
        case _:
            assert_never(act)


def count(decision: DecisionRow) -> None:
    """Count what a person decided, once it is decided."""
    metrics.DECISIONS.labels(decision.outcome, "person").inc()


def in_writing(act: Act) -> str:
    """The act as text, for ``from_writing``."""
    return msgspec.json.encode(act).decode()


def from_writing(row: UndoableRow, text: str) -> Act:
    """The act that was kept as ``row``."""
    return msgspec.json.decode(text, type=Verdict) if row.kind == "verdict" else msgspec.json.decode(text, type=Request)
