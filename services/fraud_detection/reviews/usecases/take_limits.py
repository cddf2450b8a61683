"""What an approval by a person would pay, by the rules as they stand now; and taking it of the limits."""

from __future__ import annotations

from typing import Final

from services.fraud_detection.coverage.domain.cover import LimitUse
from services.fraud_detection.decisions.domain.payable import Payable
from services.fraud_detection.decisions.store import limits
from services.fraud_detection.decisions.usecases.adjudicate import reserve
from services.fraud_detection.decisions.usecases.case_file import CaseFile
from services.fraud_detection.reviews.domain.errors import (
    CoverRuleStands,
    LimitUsedUp,
    MandateOpen,
    PayeeIsAgent,
    PayeeMayBeAgent,
    PayeeUnknown,
)
from shared.db.transaction import Tx

TRIES: Final = 3
"""Each but the first means that another claim took of the policy in between."""


def would_pay(tx: Tx, case: CaseFile) -> tuple[Payable, LimitUse]:
    """What is payable on the claim, and what was used when it was asked. Whose account it is the person has seen.

    Raises:
        MandateOpen: somebody acts for the insured, and no person found that they may.
        PayeeIsAgent, PayeeMayBeAgent: the account bears the agent's name, or nobody can tell whether it does.
        PayeeUnknown: payout announced no such account, so nothing could be paid.
        CoverRuleStands: a rule that no person may waive stands against it.
    """
    if case.mandate_open:
        checked = case.acting is not None and case.acting.mandate_holds is not None
        raise MandateOpen(case.claim.claim_id, "does not hold" if checked else "was not checked by a person")
    if "payee_is_agent" in case.payee_doubts:
        raise PayeeIsAgent(case.claim.claim_id)
    if "payee_agent_unknown" in case.payee_doubts:
        raise PayeeMayBeAgent(case.claim.claim_id)
    if "payee_unknown" in case.payee_doubts:
        raise PayeeUnknown(case.claim.claim_id)
    use = limits.use(tx, [case.claim])[case.claim.claim_id]
    standing = [each.code for each in case.failed_rules(use) if not each.waivable]
    if standing:
        raise CoverRuleStands(case.claim.claim_id, ", ".join(standing))
    return case.payable(use), use


def take(tx: Tx, case: CaseFile, agreed: Payable) -> bool:
    """Take what the person ``agreed`` to pay of the limits; False where something else would be paid by now.

    Raises:
        MandateOpen, PayeeIsAgent, PayeeMayBeAgent, PayeeUnknown, CoverRuleStands: as would_pay.
        LimitUsedUp: other claims took of the policy at this very moment.
    """
    for _ in range(TRIES):
        payable, use = would_pay(tx, case)
        if payable != agreed:
            return False
        if reserve(tx, [(case, payable, use)]):
            return True
    raise LimitUsedUp(case.claim.policy_id)
