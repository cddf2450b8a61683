"""Decide a submitted claim: rules, features, the model's opinion, decision, limit. Which one is domain's."""

from __future__ import annotations

from datetime import datetime
from typing import Final, assert_never

from services.fraud_detection.claims.domain.errors import UnknownClaim
from services.fraud_detection.claims.store import claims
from services.fraud_detection.coverage.domain.cover import LimitUse
from services.fraud_detection.decisions.domain.cover_rules import RULE_VERSION, FailedRule
from services.fraud_detection.decisions.domain.decision_policy import (
    Approve,
    AskDocuments,
    Decision,
    NoOpinion,
    Opinion,
    ProposeRefusal,
    Review,
    decide,
)
from services.fraud_detection.decisions.domain.payable import NOTHING_PAYABLE, Payable
from services.fraud_detection.decisions.store import decisions, limits
from services.fraud_detection.decisions.store.decisions import MACHINE, DecisionRow
from services.fraud_detection.decisions.usecases.case_file import CaseFile, collect, snapshot
from services.fraud_detection.decisions.usecases.opinions import FindChampion, ask
from services.fraud_detection.decisions.usecases.record_decision import payable_from, record
from services.fraud_detection.models.domain import features
from shared.db.transaction import Tx
from shared.events.claims import ClaimSubmitted, Outcome
from shared.process import metrics
from shared.process.new_ids import new_id
from shared.values.ids import ClaimId, DecisionId

_TRIES: Final = 3
"""Each try but the first means that another claim took of the same limit in between; a third such is no coincidence."""


def adjudicate(tx: Tx, submitted: ClaimSubmitted, *, find_champion: FindChampion, now: datetime) -> Outcome | None:
    """Decide the claim's present round once; None if that is done already, or a newer round came.

    Raises:
        UnknownClaim: the event names none of ours.
        Unready: a fact that the decision needs has not arrived.
    """
    claim = claims.lock(tx, ClaimId(submitted.claim_id))
    if claim is None:
        raise UnknownClaim(submitted.claim_id)
    if claim.state != "submitted" or claim.round != submitted.round:
        return None
    case = collect(tx, claim)
    known = snapshot(tx, case, limits.use(tx, claim))
    vector = features.compute(known)
    opinion = _opinion(tx, case, find_champion, vector)
    decision, failed, taken = _decide(tx, case, opinion)
    decisions.add_features(
        tx, claim.claim_id, claim.round, snapshot=known, names=features.FEATURES, vector=vector, now=now
    )
    row = _row(case, decision, failed=failed, taken=taken, opinion=opinion, now=now)
    record(tx, case, row, now=now)
    # In business time, as both ends are; a sandbox that is moved in between shows it.
    metrics.DECISION_SECONDS.observe(max(0.0, (now - submitted.submitted_at).total_seconds()))
    return row.outcome


def _opinion(tx: Tx, case: CaseFile, find_champion: FindChampion, vector: tuple[float, ...]) -> Opinion | NoOpinion:
    """The model is asked about residents alone: it learned from their claims."""
    if case.coverage.erased:
        return NoOpinion("policy_erased")
    if case.product.insured_kind == "organization":
        return NoOpinion("organization")
    return ask(tx, find_champion, vector)


def _decide(tx: Tx, case: CaseFile, opinion: Opinion | NoOpinion) -> tuple[Decision, tuple[FailedRule, ...], Payable]:
    """The decision, with the limit reserved if it approves."""
    failed: tuple[FailedRule, ...] = ()
    for _ in range(_TRIES):
        use = limits.use(tx, case.claim)
        failed = case.failed_rules(use)
        taken = case.payable(use)
        decision = decide(case.product, case.claim, failed, taken.amount_fen, opinion, related=case.related)
        if not isinstance(decision, Approve):
            return decision, failed, NOTHING_PAYABLE
        if reserve(tx, case, taken, use):
            return decision, failed, taken
    return Review("limit_contended"), failed, NOTHING_PAYABLE


def reserve(tx: Tx, case: CaseFile, taken: Payable, use: LimitUse) -> bool:
    """Take the amount of the annual limits; False if another claim took of the policy's since ``use`` was read."""
    return limits.reserve(tx, case.product, case.claim, taken, seen=use)


def _outcome(decision: Decision) -> tuple[Outcome, str | None, tuple[FailedRule, ...]]:
    """The outcome, why a person looks, and the rules that the resident is told."""
    match decision:
        case Approve():
            return "approved", None, ()
        case Review(why=why):
            return "review", why, ()
        case AskDocuments(failed=failed):
            return "documents_requested", None, failed
        case ProposeRefusal(failed=failed):
            return "refusal_proposed", None, failed
    assert_never(decision)


def _row(
    case: CaseFile,
    decision: Decision,
    *,
    failed: tuple[FailedRule, ...],
    taken: Payable,
    opinion: Opinion | NoOpinion,
    now: datetime,
) -> DecisionRow:
    outcome, why, told = _outcome(decision)
    heard = opinion if isinstance(opinion, Opinion) else None
    claim = case.claim
    return DecisionRow(
        decision_id=DecisionId(new_id()),
        claim_id=claim.claim_id,
        round=claim.round,
        version=claim.version + 1,
        outcome=outcome,
        why=why,
        amount_fen=taken.amount_fen,
        deductible_fen=taken.deductible_fen,
        event_deductible_fen=taken.event_deductible_fen,
        failures=told or failed,
        rule_version=RULE_VERSION,
        model_id=heard.model_id if heard else None,
        model_sha256=heard.sha256 if heard else None,
        score=heard.probability if heard else None,
        score_reasons=heard.reasons if heard else (),
        sandbox_value=claim.sandbox_value,
        by_person=False,
        decided_by=MACHINE,
        clause=None,
        reasons=None,
        decided_at=now,
        payable_from=payable_from(case.product, claim.reported_at, now=now) if outcome == "approved" else None,
    )
