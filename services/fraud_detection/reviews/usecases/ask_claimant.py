"""A person asks the claimant for documents, once and for all of them together, or for the police's paper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from services.fraud_detection.claims.domain.errors import IllegalStep
from services.fraud_detection.claims.domain.states import WAITS, State, legal_after
from services.fraud_detection.coverage.store.products import Terms
from services.fraud_detection.decisions.domain.cover_rules import asks_for
from services.fraud_detection.decisions.store.decisions import DecisionRow
from services.fraud_detection.decisions.usecases.before_the_split import before_the_split
from services.fraud_detection.decisions.usecases.case_file import collect, hold
from services.fraud_detection.decisions.usecases.record_decision import record
from services.fraud_detection.reviews.domain.errors import AskedBefore
from services.fraud_detection.reviews.store import leases
from services.fraud_detection.reviews.usecases.hold_case import require_free
from services.fraud_detection.reviews.usecases.lock_case import lock_waiting
from services.fraud_detection.reviews.usecases.persons_decision import persons_decision
from services.fraud_detection.reviews.usecases.propose_approval import require_no_proposal
from shared.db import audit
from shared.db.transaction import Tx
from shared.values.errors import InvalidField
from shared.values.evidence_kinds import EvidenceKind
from shared.values.ids import ClaimId, DecisionId

OF_THE_POLICE: Final[frozenset[EvidenceKind]] = frozenset({"police_receipt"})
"""Where only such are missing, the police are waited for, and longer."""


def ask_claimant(
    tx: Tx,
    claim_id: ClaimId,
    kinds: Sequence[EvidenceKind],
    *,
    due_at: datetime | None,
    reviewer: str,
    senior: bool = False,
    require_match: Callable[[int], None],
    now: datetime,
    decision_id: DecisionId | None = None,
) -> DecisionRow:
    """Ask for these kinds by ``due_at``, if not by the usual date. What comes goes back to a person.

    Raises:
        UnknownClaim: there is none.
        VersionMismatch: by ``require_match``: the claim changed since the person read it.
        NoOpenReview: nothing waits for a person.
        HeldByAnother, SeniorDecides: by ``require_free``.
        ProposalWaits: an approval waits for a second person.
        IllegalStep: its policy is not known.
        AskedBefore: a person asked already (Insurance Law of the PRC, art. 22: once and completely), on this claim or
            on one that it was split off.
        InvalidField: the date has passed, or is later than the claimant may be kept waiting.
    """
    claim, before = lock_waiting(tx, claim_id, require_match)
    if not before:
        # It came to a person because its policy is not known: there are no terms by which anything could be missing.
        raise IllegalStep(claim_id, claim.state, "documents_requested", ", ".join(legal_after(claim.state)))
    told_before = (*before, *before_the_split(tx, claim_id))
    if any(each.by_person and each.outcome == "documents_requested" for each in told_before):
        raise AskedBefore(claim_id)
    require_free(tx, claim, reviewer, senior=senior, now=now)
    require_no_proposal(tx, claim)
    leases.give_back(tx, claim_id)
    asked = tuple(dict.fromkeys(kinds))
    to: State = "waiting_for_police" if OF_THE_POLICE.issuperset(asked) else "documents_requested"
    if due_at is not None and not now < due_at <= now + WAITS[to]:
        fix = f"Send a time within the next {WAITS[to].days} days, or leave it out."
        raise InvalidField("/due_at", "The date has passed, or is too far off.", fix)
    case = collect(tx, hold(tx, [claim]), Terms())[claim_id]
    missing = (asks_for(case.product, asked),)
    row = persons_decision(
        claim,
        "documents_requested",
        by=reviewer,
        now=now,
        before=before[-1],
        failures=missing,
        decision_id=decision_id,
    )
    record(tx, [(case, row)], now=now, due_at=due_at, to=to)
    details = {"decision_id": row.decision_id, "kinds": ", ".join(asked)}
    audit.record(tx, actor=reviewer, action="claim.documents_requested", subject=claim_id, details=details, now=now)
    return row
