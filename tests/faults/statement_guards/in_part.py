"""Of approvals of some of a claim's transfers."""

from __future__ import annotations

from typing import Final

from tests.faults.guard import Guard

_STORE: Final = "services/fraud_detection/claims/store/transfers.py"
_SETTLING: Final = "services/fraud_detection/decisions/usecases/settle_transfers.py"
_MIGRATION: Final = "services/fraud_detection/migrations/0118_transfers_are_accepted_one_by_one.sql"
_TESTS: Final = ("tests/services/fraud_detection/transfers/test_in_part.py",)
_RULES: Final = ("tests/rules/fraud_detection/test_accepted_part.py",)

GUARDS: Final = (
    Guard(
        "no transfer accepted is a refusal",
        "services/fraud_detection/reviews/domain/refusals.py",
        "    elif (verdict.refused_lines | verdict.open_lines).issuperset(lines):\n",
        "    elif not lines:\n",
        _TESTS,
    ),
    Guard(
        "no machine takes back what a person did not accept",
        "services/fraud_detection/decisions/domain/decision_policy.py",
        "    if partly_refused:\n",
        "    if partly_refused and not claim:\n",
        _TESTS,
    ),
    Guard(
        "a transfer that is not accepted is not taken from the claim that was paid for it",
        _SETTLING,
        "case.transfers) if each.line not in refused\n",
        "case.transfers)\n",
        _TESTS,
    ),
    Guard(
        "who did not accept a transfer does not decide the claim that tells it anew",
        "services/fraud_detection/reviews/usecases/hold_case.py",
        "for each in (*before, *told_before)):",
        "for each in before):",
        _TESTS,
    ),
    Guard(
        "nor is given it",
        "services/fraud_detection/reviews/store/queue.py",
        "  AND NOT EXISTS ({_DECIDED_BEFORE})\n  AND NOT EXISTS ({_REFUSED_BEFORE})\n",
        "  AND NOT EXISTS ({_DECIDED_BEFORE})\n",
        _TESTS,
    ),
    Guard(
        "what came back of no transfer lessens each in proportion",
        "services/fraud_detection/decisions/domain/accepted_part.py",
        "    return accepted - of_no_transfer * accepted // in_all\n",
        "    return accepted - of_no_transfer\n",
        _RULES,
    ),
    Guard(
        "the database: only a person approves in part",
        _MIGRATION,
        "refused_fen > 0 AND by_person AND outcome = 'approved'",
        "refused_fen > 0",
        _TESTS,
    ),
    Guard(
        "the database: what is not accepted says why",
        _MIGRATION,
        "accepted = (clause IS NULL) AND accepted = (reasons IS NULL) AND accepted = (reasons_en IS NULL)",
        "clause <> ''",
        _TESTS,
    ),
)
