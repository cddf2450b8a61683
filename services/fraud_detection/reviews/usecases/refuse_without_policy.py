"""A person refuses a claim whose policy enrollment never told of. There are no terms to hold it against."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.states import APPEALS
from services.fraud_detection.claims.store import appeals, claims
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.decisions.domain.cover_rules import RULE_VERSION, FailedRule
from services.fraud_detection.decisions.domain.sentences import sentence
from services.fraud_detection.decisions.store import decisions, reviews
from services.fraud_detection.decisions.store.decisions import DecisionRow
from services.fraud_detection.reviews.domain.errors import CoverRuleStands
from services.fraud_detection.reviews.domain.refusals import reason_faults
from services.fraud_detection.reviews.domain.verdicts import Verdict
from shared.db import audit
from shared.db.transaction import Tx
from shared.process.new_ids import new_id
from shared.values.errors import InvalidField, InvalidFields
from shared.values.ids import DecisionId
from shared.values.money import Fen

POLICY_UNKNOWN: Final = "policy_unknown"


def refuse_without_policy(
    tx: Tx, claim: Claim, verdict: Verdict, *, reviewer: str, personal_data: PersonalData, now: datetime
) -> DecisionRow:
    """Record the refusal. No event says it: nobody else knows of the policy.

    Raises:
        CoverRuleStands: it is approved.
        InvalidFields: the refusal has no reasons, or names another clause.
    """
    if verdict.outcome == "approve":
        raise CoverRuleStands(claim.claim_id, POLICY_UNKNOWN)
    faults = [*reason_faults(verdict)]
    if verdict.ground != POLICY_UNKNOWN:
        faults.append(InvalidField("/clause", "There are no terms to refuse it by.", f"Send {POLICY_UNKNOWN}."))
    if faults:
        raise InvalidFields(tuple(faults))
    text_zh, text_en = sentence(POLICY_UNKNOWN)
    row = DecisionRow(
        decision_id=DecisionId(new_id()),
        claim_id=claim.claim_id,
        round=claim.round,
        version=claim.version + 1,
        outcome="refused",
        why=POLICY_UNKNOWN,
        amount_fen=Fen(0),
        deductible_fen=Fen(0),
        event_deductible_fen=Fen(0),
        failures=(FailedRule(code=POLICY_UNKNOWN, clause=POLICY_UNKNOWN, text_zh=text_zh, text_en=text_en),),
        rule_version=RULE_VERSION,
        model_id=None,
        model_sha256=None,
        score=None,
        score_reasons=(),
        sandbox_value=None,
        by_person=True,
        decided_by=reviewer,
        clause=verdict.ground,
        reasons=personal_data.seal(tx, verdict.reasons_zh or "", claim.claim_id, "reasons"),
        reasons_en=personal_data.seal(tx, verdict.reasons_en or "", claim.claim_id, "reasons_en"),
        found_zh=None,
        found_en=None,
        decided_at=now,
        payable_from=None,
    )
    no_appeal_left = appeals.count(tx, claim.claim_id) >= APPEALS
    due_at = now if no_appeal_left else None
    claims.step(tx, claim, "refused", now=now, by=reviewer, why=POLICY_UNKNOWN, due_at=due_at)
    decisions.add(tx, [row])
    reviews.close(tx, claim.claim_id, now=now)
    audit.record(
        tx,
        actor=reviewer,
        action="claim.refused",
        subject=claim.claim_id,
        details={"decision_id": row.decision_id, "clause": row.clause, "amount_fen": row.amount_fen},
        now=now,
    )
    return row
