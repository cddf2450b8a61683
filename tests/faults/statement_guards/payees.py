"""Of accounts: what payout tells of them, what fraud detection keeps, and what it lets pass."""

from __future__ import annotations

from typing import Final

from tests.faults.guard import Guard

_VAULT: Final = "services/payout/store/payees.py"
_KNOWN: Final = "services/fraud_detection/claims/store/payees.py"
_CLAIMS: Final = "services/fraud_detection/claims/store/claims.py"
_SHARED: Final = "services/fraud_detection/decisions/store/payee_claims.py"
_COVERAGE: Final = "services/fraud_detection/coverage/store/coverage.py"
_POLICY: Final = "services/fraud_detection/decisions/domain/decision_policy.py"
_TOLD: Final = "services/enrollment/policies/store/told_names.py"
_ANNOUNCING: Final = ("tests/services/payout/test_announced_payees.py",)
_KEEPING: Final = ("tests/services/fraud_detection/claims/test_payees.py",)
_DOUBTING: Final = ("tests/services/fraud_detection/test_payee_doubts.py",)
_NAMING: Final = ("tests/services/enrollment/policies/test_told_names.py",)

GUARDS: Final = (
    Guard(
        "nobody refuses for an account that is known",
        "services/fraud_detection/reviews/usecases/decide_review.py",
        'frozenset({"payee_unknown", "payee_is_agent"}.intersection(case.payee_doubts))',
        'frozenset({"payee_unknown", "payee_is_agent"})',
        _DOUBTING,
    ),
    Guard(
        "who asked to be forgotten is asked for no account",
        "services/fraud_detection/filing/api/claim_view.py",
        " and claim.policy_id not in around.erased\n",
        "\n",
        _DOUBTING,
    ),
    Guard(
        "a payee that was announced is not announced by the job again",
        _VAULT,
        " AND NOT announced_under @> %(keys)s::smallint[]",
        "",
        _ANNOUNCING,
    ),
    Guard(
        "an erased payee is not announced",
        _VAULT,
        "WHERE erased_at IS NULL AND NOT announced_under",
        "WHERE NOT announced_under",
        _ANNOUNCING,
    ),
    Guard(
        "the newest word on an account stands",
        _KNOWN,
        "WHERE payees.version < excluded.version",
        "WHERE payees.version > 0",
        _KEEPING,
    ),
    Guard(
        "the end of an account that came anew is not taken for its own",
        _KNOWN,
        "WHERE payee_token = %s AND version <= %s",
        "WHERE payee_token = %s AND %s > 0",
        _KEEPING,
    ),
    Guard(
        "a name counts by the policy's version",
        _COVERAGE,
        "WHERE known.version <= excluded.version",
        "WHERE known.version > 0",
        _KEEPING,
    ),
    Guard(
        "a corrected name loses the mask of the one before",
        _COVERAGE,
        "CASE WHEN known.version = excluded.version THEN known.name_masked END",
        "known.name_masked",
        _KEEPING,
    ),
    Guard(
        "the machine looks whose account it is",
        _POLICY,
        "        or _by_payee(claim, payee_doubts)\n",
        "",
        _DOUBTING,
    ),
    Guard(
        "an account is waited for once",
        _POLICY,
        ' and claim.changed_why != "waiting_for_payee_over"',
        "",
        _DOUBTING,
    ),
    Guard(
        "two claims of one insured may name one account",
        _SHARED,
        " AND theirs.person_token <> own.person_token",
        "",
        _DOUBTING,
    ),
    Guard(
        "a claim is not woken before its account is known",
        _CLAIMS,
        "AND EXISTS (SELECT FROM payees WHERE payees.payee_token = claims.payee_token)",
        "",
        _DOUBTING,
    ),
    Guard(
        "nobody approves what payout could not pay",
        "services/fraud_detection/reviews/usecases/take_limits.py",
        '    if "payee_unknown" in case.payee_doubts:\n        raise PayeeUnknown(case.claim.claim_id)\n',
        "",
        _DOUBTING,
    ),
    Guard(
        "a name that was told is told again once it is corrected, and only then",
        _TOLD,
        "WHERE told_version IS NULL ORDER BY",
        "ORDER BY",
        _NAMING,
    ),
)
