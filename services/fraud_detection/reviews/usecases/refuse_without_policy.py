"""A person refuses a claim whose policy enrollment never told of. There are no terms to hold it against."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.store import claims
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.decisions.domain.cover_rules import FailedRule
from services.fraud_detection.decisions.domain.sentences import sentence
from services.fraud_detection.decisions.store import decisions, reviews
from services.fraud_detection.decisions.store.decisions import DecisionRow
from services.fraud_detection.reviews.domain.errors import CoverRuleStands
from services.fraud_detection.reviews.domain.refusals import reason_faults
from services.fraud_detection.reviews.domain.verdicts import Verdict
from services.fraud_detection.reviews.usecases.persons_decision import (
    audit_decision,
    over_at,
    persons_decision,
    sealed_words,
)
from shared.db.transaction import Tx
from shared.values.errors import InvalidField, InvalidFields
from shared.values.ids import DecisionId

POLICY_UNKNOWN: Final = "policy_unknown"


def refuse_without_policy(
    tx: Tx,
    claim: Claim,
    verdict: Verdict,
    *,
    reviewer: str,
    personal_data: PersonalData,
    now: datetime,
    decision_id: DecisionId | None = None,
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
    row = persons_decision(
        claim,
        "refused",
        by=reviewer,
        now=now,
        before=None,
        failures=(FailedRule(code=POLICY_UNKNOWN, clause=POLICY_UNKNOWN, text_zh=text_zh, text_en=text_en),),
        why=POLICY_UNKNOWN,
        clause=verdict.ground,
        words=sealed_words(tx, personal_data, claim.claim_id, verdict),
        decision_id=decision_id,
    )
    claims.step(tx, claim, "refused", now=now, by=reviewer, why=POLICY_UNKNOWN, due_at=over_at(tx, row, now=now))
    decisions.add(tx, [row])
    reviews.close(tx, claim.claim_id, now=now)
    audit_decision(tx, row, now=now)
    return row
