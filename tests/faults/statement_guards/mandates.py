"""Of who acts for an insured: that a person looks at the mandate, and who is paid."""

from __future__ import annotations

from typing import Final

from tests.faults.guard import Guard

_POLICY: Final = "services/fraud_detection/decisions/domain/decision_policy.py"
_DOUBTS: Final = "services/fraud_detection/decisions/domain/payee_doubts.py"
_TAKING: Final = "services/fraud_detection/reviews/usecases/take_limits.py"
_CHECKING: Final = "services/fraud_detection/reviews/usecases/check_mandate.py"
_KEPT: Final = "services/fraud_detection/claims/store/representatives.py"
_TELLING: Final = "services/fraud_detection/filing/domain/representing.py"
_ERASURE: Final = "services/fraud_detection/claims/store/erasure.py"
_MIGRATION: Final = "services/fraud_detection/migrations/0119_who_acts_for_an_insured.sql"
_FILING: Final = ("tests/services/fraud_detection/filing/test_representatives.py",)
_REVIEWS: Final = ("tests/services/fraud_detection/reviews/test_mandates.py",)
_LATER: Final = ("tests/services/fraud_detection/reviews/test_mandates_later.py",)
_CLAIMS: Final = "services/fraud_detection/claims/store/claims.py"
_OTHERS: Final = "services/fraud_detection/decisions/store/other_claims.py"
_RULES: Final = (
    "tests/rules/fraud_detection/test_decision_policy.py",
    "tests/rules/fraud_detection/test_payee_doubts.py",
)

GUARDS: Final = (
    Guard(
        "the machine approves for nobody whose mandate no person looked at",
        _POLICY,
        "        or _by_mandate(claim, payee_doubts, mandate_open=mandate_open)\n",
        "",
        _REVIEWS,
    ),
    Guard(
        "who acts is looked at once the account is known",
        _POLICY,
        " if mandate_open and not _awaits_payee(claim, doubts) else None",
        " if mandate_open else None",
        _RULES,
    ),
    Guard(
        "no person approves by a mandate that does not hold",
        _TAKING,
        "    if case.mandate_open:\n",
        "    if case.mandate_open and not case.claim:\n",
        _REVIEWS,
    ),
    Guard(
        "an agent is not paid",
        _TAKING,
        '    if "payee_is_agent" in case.payee_doubts:\n        raise PayeeIsAgent(case.claim.claim_id)\n',
        "",
        _REVIEWS,
    ),
    Guard(
        "a guardian is paid once a person found that they are it",
        _DOUBTS,
        " and acting is not None and _is_paid(acting))",
        ")",
        _RULES,
    ),
    Guard(
        "the newest word on a mandate counts",
        _KEPT,
        "ORDER BY version DESC LIMIT 1)",
        "ORDER BY version LIMIT 1)",
        _REVIEWS,
    ),
    Guard(
        "a mandate is asked for with the other papers",
        "services/fraud_detection/decisions/domain/cover_rules.py",
        '*(("mandate",) if represented else ())',
        '*(("mandate",) if represented and not terms else ())',
        _REVIEWS,
    ),
    Guard(
        "a case that another holds is checked by that one",
        _CHECKING,
        "    require_free(tx, claim, reviewer, senior=senior, now=now)\n",
        "",
        _REVIEWS,
    ),
    Guard(
        "who decided on a claim says nothing of its mandate any more",
        _CHECKING,
        "    require_another_person(tx, claim_id, before, reviewer)\n",
        "",
        _REVIEWS,
    ),
    Guard(
        "of several mandates a word names the one that was looked at",
        _CHECKING,
        "    if asked is None and len(kept) == 1:\n",
        "    if asked is None and kept:\n",
        _REVIEWS,
    ),
    Guard(
        "the machine approves by no mandate that ended",
        "services/fraud_detection/decisions/usecases/adjudicate.py",
        "case.mandate_open or case.mandate_ended(now)",
        "case.mandate_open",
        _LATER,
    ),
    Guard(
        "a guardian's account that was named after the word on the mandate is looked at",
        _KEPT,
        "why = 'another_account'",
        "why = ''",
        _LATER,
    ),
    Guard(
        "nobody approves an account that no key tells from the agent's",
        _TAKING,
        '    if "payee_agent_unknown" in case.payee_doubts:\n        raise PayeeMayBeAgent(case.claim.claim_id)\n',
        "",
        _LATER,
    ),
    Guard(
        "a new word on the mandate compares the agent's name under today's key",
        _CHECKING,
        "    if acting.name:\n",
        "    if not acting.name:\n",
        _LATER,
    ),
    Guard(
        "a mandate that was found wanting is not washed away by withdrawing",
        _OTHERS,
        " AND NOT holds))",
        " AND NOT holds AND version = 0))",
        ("tests/services/fraud_detection/transfers/test_told_anew.py",),
    ),
    Guard(
        "a mandate that is used again proves no loss",
        _OTHERS,
        "              AND 'mandate' NOT IN (mine.kind, theirs.kind))",
        ")",
        _LATER,
    ),
    Guard(
        "a mandate that is used again was seen nowhere",
        _CLAIMS,
        "      AND 'mandate' NOT IN (other.kind, evidence.kind)\n",
        "",
        _LATER,
    ),
    Guard(
        "one file may be the mandate too, whichever it was told as first",
        _CLAIMS,
        "kind = CASE evidence.kind WHEN 'mandate' THEN excluded.kind ELSE evidence.kind END",
        "kind = evidence.kind",
        _LATER,
    ),
    Guard(
        "what was proposed stands no more once the mandate is spoken of anew",
        _CHECKING,
        "    version = claims.touch(tx, claim)\n",
        "    version = claim.version\n",
        _REVIEWS,
    ),
    Guard(
        "nobody represents themselves",
        "services/fraud_detection/filing/usecases/keep_representatives.py",
        "    if personal_data.is_one_of(document, insured):\n        raise is_the_insured()\n",
        "",
        _FILING,
    ),
    Guard(
        "a mandate that ended lets nobody file",
        _TELLING,
        "if is_past(told.valid_until, now):",
        "if is_past(told.valid_until, now) and not told.name:",
        _FILING,
    ),
    Guard(
        "an erased insured's agent stays known for as long as the account is",
        _ERASURE,
        "CASE WHEN left(payee_token, 2) = '00' THEN nobody ELSE name_token END AS name_token",
        "nobody AS name_token",
        _FILING,
    ),
    Guard(
        "the database: an agent's mandate ends",
        _MIGRATION,
        "CHECK (role = 'guardian' OR valid_until IS NOT NULL)",
        "CHECK (role <> '')",
        _FILING,
    ),
    Guard(
        "the database: what holds was looked at",
        _MIGRATION,
        "CHECK (NOT holds OR document_sha256 IS NOT NULL)",
        "CHECK (version > 0)",
        _REVIEWS,
    ),
)
