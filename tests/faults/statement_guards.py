"""The guards within statements: what each names of an old state, a version, a lease or an order, and who notices."""

from __future__ import annotations

from typing import Final

from tests.faults.guard import Guard

_CLAIMS: Final = "services/fraud_detection/store/claims.py"
_REVIEWS: Final = "services/fraud_detection/store/reviews.py"
_MODELS: Final = "services/fraud_detection/store/models.py"
_CLAIM_DECISIONS: Final = "services/fraud_detection/store/decisions.py"
_CLAIM_PAYOUTS: Final = "services/fraud_detection/store/payouts.py"
_COVERAGE: Final = "services/fraud_detection/store/coverage.py"
_FILING: Final = "services/fraud_detection/domain/filing.py"

_PAYOUTS: Final = "services/payout/store/payouts.py"
_STATEMENT: Final = "services/payout/store/bank_statement.py"
_DECISIONS: Final = "services/payout/store/decisions.py"
_FORGETTING: Final = "services/payout/store/erasure.py"
_PAYEES: Final = "services/payout/store/payees.py"
_BATCHES: Final = "services/enrollment/files/store/batches.py"

_NEWER_END: Final = """ON CONFLICT (policy_id) DO UPDATE
SET version = excluded.version, effective_to = excluded.effective_to, canceled_at = excluded.canceled_at"""

_FILE_TURNS: Final = ("tests/services/enrollment/test_turns.py",)
_CLAIM_TURNS: Final = ("tests/services/fraud_detection/test_turns.py",)
_CLAIMS_HTTP: Final = ("tests/services/fraud_detection/test_http.py",)
_REVIEWING: Final = ("tests/services/fraud_detection/test_reviews.py",)
_COVERING: Final = ("tests/services/fraud_detection/test_coverage.py",)
_CHANGING: Final = ("tests/services/fraud_detection/test_policy_changes.py",)
_DEDUCTIBLE: Final = ("tests/services/fraud_detection/test_annual_deductible.py",)
_MODEL_TURNS: Final = ("tests/services/fraud_detection/models/test_turns.py",)
_PAYOUT_TURNS: Final = ("tests/services/payout/test_turns.py",)
_PAYING: Final = ("tests/services/payout/test_paying.py",)
_PAYOUT_ERASURE: Final = ("tests/services/payout/test_erasure.py",)

_FRAUD_DETECTION: Final = (
    Guard(
        "the queue of reviews begins with who has waited longest",
        _REVIEWS,
        "ORDER BY waiting_since, claim_id LIMIT",
        "ORDER BY claim_id LIMIT",
        _CLAIM_TURNS,
    ),
    Guard(
        "the end of a review is written once",
        _REVIEWS,
        "UPDATE reviews SET closed_at = %s WHERE claim_id = %s AND closed_at IS NULL",
        "UPDATE reviews SET closed_at = %s WHERE claim_id = %s",
        _CLAIM_TURNS,
    ),
    Guard(
        "two persons decide one claim one after the other",
        _CLAIMS,
        '_LOCK: Final = f"{_FIND} FOR UPDATE"',
        "_LOCK: Final = _FIND",
        _CLAIM_TURNS,
    ),
    Guard(
        "a claim that changed since it was read takes no step",
        _CLAIMS,
        "AND state = %(from)s AND version = %(version)s",
        "AND state = %(from)s",
        _CLAIM_TURNS,
    ),
    Guard(
        "a claim takes no step from a state in which it is not",
        _CLAIMS,
        "AND state = %(from)s AND version = %(version)s",
        "AND version = %(version)s",
        _CLAIM_TURNS,
    ),
    Guard(
        "a claim that changed since it was read is not touched",
        _CLAIMS,
        "UPDATE claims SET version = version + 1 WHERE claim_id = %s AND version = %s",
        "UPDATE claims SET version = version + 1 WHERE claim_id = %s AND %s > 0",
        _CLAIM_TURNS,
    ),
    Guard(
        "the event of a claim that changed since it was read is not named",
        _CLAIMS,
        '\nWHERE claim_id = %s AND version = %s"""',
        '\nWHERE claim_id = %s AND %s > 0"""',
        _CLAIM_TURNS,
    ),
    Guard(
        "a channel's clock is five minutes ahead at most",
        _FILING,
        "CLOCKS_APART: Final = timedelta(minutes=5)",
        "CLOCKS_APART: Final = timedelta(0)",
        ("tests/services/fraud_detection/test_adjudication.py",),
    ),
    Guard(
        "a loss is discovered before it is reported",
        _FILING,
        "if filing.reported_at < filing.discovered_at:",
        "if filing.reported_at < filing.occurred_at:",
        _CLAIMS_HTTP,
    ),
    Guard(
        "a loss happens before it is discovered",
        _FILING,
        "if filing.discovered_at < filing.occurred_at:",
        "if filing.reported_at < filing.occurred_at:",
        _CLAIMS_HTTP,
    ),
    Guard(
        "the model that was asked for first is trained first",
        _MODELS,
        "ORDER BY model_id FOR UPDATE SKIP",
        "ORDER BY model_id DESC FOR UPDATE SKIP",
        _MODEL_TURNS,
    ),
    Guard(
        "a trainer that was overtaken holds nothing",
        _MODELS,
        "AND state = 'training' AND attempts = %s FOR UPDATE",
        "AND state = 'training' AND %s > 0 FOR UPDATE",
        _MODEL_TURNS,
    ),
    Guard(
        "a trainer holds no model that was given up",
        _MODELS,
        "AND state = 'training' AND attempts = %s FOR UPDATE",
        "AND attempts = %s FOR UPDATE",
        _MODEL_TURNS,
    ),
    Guard(
        "a model that is over is not begun again",
        _MODELS,
        "attempts = attempts + 1\nWHERE model_id = %s AND state IN ('queued', 'training')",
        "attempts = attempts + 1\nWHERE model_id = %s",
        _MODEL_TURNS,
    ),
    Guard(
        "a model that failed does not become ready",
        _MODELS,
        "WHERE model_id = %s AND state = 'training'\n",
        "WHERE model_id = %s\n",
        _MODEL_TURNS,
    ),
    Guard(
        "a model fails once",
        _MODELS,
        "failure = %s, finished_at = %s\nWHERE model_id = %s AND state IN ('queued', 'training')",
        "failure = %s, finished_at = %s\nWHERE model_id = %s",
        _MODEL_TURNS,
    ),
    Guard(
        "the newest end of a policy counts, whichever came last",
        _COVERAGE,
        f"VALUES (%s, %s, %s, %s)\n{_NEWER_END}\nWHERE coverage_ends.version < excluded.version",
        f"VALUES (%s, %s, %s, %s)\n{_NEWER_END}",
        _COVERING,
    ),
    Guard(
        "of the ends of a policy in one event the newest counts",
        _COVERAGE,
        f"ORDER BY policy_id, version DESC\n{_NEWER_END}",
        f"ORDER BY policy_id, version\n{_NEWER_END}",
        _CHANGING,
    ),
    Guard(
        "an end of many policies takes the place of none that is newer",
        _COVERAGE,
        f"version DESC\n{_NEWER_END}\nWHERE coverage_ends.version < excluded.version",
        f"version DESC\n{_NEWER_END}",
        _CHANGING,
    ),
    Guard(
        "the insured's newest phone counts, whichever came last",
        _COVERAGE,
        "\nWHERE coverage_phones.version < excluded.version",
        "",
        _CHANGING,
    ),
    Guard(
        "the newest move of a policy counts, whichever came last",
        _COVERAGE,
        "\nWHERE coverage_partners.version < excluded.version",
        "",
        _CHANGING,
    ),
    Guard(
        "the newest state of a payout is shown, whichever came last",
        _CLAIM_PAYOUTS,
        "\nWHERE claim_payouts.version < excluded.version",
        "",
        _CLAIMS_HTTP,
    ),
    Guard(
        "the newest decision is shown on a claim",
        _CLAIM_DECISIONS,
        "WHERE claim_id = ANY(%s::uuid[]) ORDER BY claim_id, version DESC",
        "WHERE claim_id = ANY(%s::uuid[]) ORDER BY claim_id, version",
        _CLAIMS_HTTP,
    ),
    Guard(
        "the queue shows what the machine said last",
        _CLAIM_DECISIONS,
        "AND NOT by_person ORDER BY claim_id, version DESC",
        "AND NOT by_person ORDER BY claim_id, version",
        _CLAIM_TURNS,
    ),
    Guard(
        "the queue shows what was known last",
        _CLAIM_DECISIONS,
        "ORDER BY claim_id, round DESC",
        "ORDER BY claim_id, round",
        _CLAIM_TURNS,
    ),
    Guard(
        "what a person decided waits for nobody",
        _REVIEWS,
        "FROM reviews WHERE claim_id = %s AND closed_at IS NULL",
        "FROM reviews WHERE claim_id = %s",
        _REVIEWING,
    ),
    Guard(
        "a claim bears of the year's deductible what its newest decision says",
        "services/fraud_detection/store/limits.py",
        "ORDER BY version DESC LIMIT 1",
        "ORDER BY version LIMIT 1",
        _DEDUCTIBLE,
    ),
    Guard(
        "other claims count by their newest decisions",
        "services/fraud_detection/store/history.py",
        "ORDER BY version DESC LIMIT 1",
        "ORDER BY version LIMIT 1",
        _CLAIM_TURNS,
    ),
    Guard(
        "models are promoted and rolled back one after the other",
        _MODELS,
        "SELECT version FROM model_registry FOR UPDATE",
        "SELECT version FROM model_registry",
        _MODEL_TURNS,
    ),
)

_PAYOUT: Final = (
    Guard(
        "no step is taken from what a payout was before",
        _PAYOUTS,
        "AND state = %(old)s AND version = %(version)s",
        "AND state = %(old)s",
        _PAYOUT_TURNS,
    ),
    Guard(
        "a payout takes no step from a state in which it is not",
        _PAYOUTS,
        "AND state = %(old)s AND version = %(version)s",
        "AND version = %(version)s",
        _PAYOUT_TURNS,
    ),
    Guard(
        "who read a payout before it changed does not pause it",
        _PAYOUTS,
        'WHERE payout_id = %s AND version = %s"""',
        'WHERE payout_id = %s AND %s > 0"""',
        _PAYOUT_TURNS,
    ),
    Guard(
        "who has been owed longest is paid first",
        _PAYOUTS,
        "ORDER BY payable_from LIMIT 1",
        "ORDER BY payout_id LIMIT 1",
        _PAYOUT_TURNS,
    ),
    Guard(
        "nobody waits for what another worker sends",
        _PAYOUTS,
        "payable_from LIMIT 1 FOR UPDATE SKIP LOCKED",
        "payable_from LIMIT 1 FOR UPDATE",
        _PAYOUT_TURNS,
    ),
    Guard(
        "what is paid does not stand before what is due",
        _PAYOUTS,
        "WHERE state = 'scheduled' AND payable_from",
        "WHERE payable_from",
        _PAYOUT_TURNS,
    ),
    Guard(
        "an order is not sent again before its pause is over",
        _PAYOUTS,
        " AND not_before <= clock_timestamp()\n    ORDER BY payable_from",
        "\n    ORDER BY payable_from",
        _PAYOUT_TURNS,
    ),
    Guard(
        "the bank is asked about what may still be open alone",
        _PAYOUTS,
        "WHERE state IN ('sending', 'in_doubt', 'accepted') AND not_before <=",
        "WHERE not_before <=",
        _PAYOUT_TURNS,
    ),
    Guard(
        "the bank is not asked again before the pause is over",
        _PAYOUTS,
        "'accepted') AND not_before <= clock_timestamp()",
        "'accepted')",
        _PAYOUT_TURNS,
    ),
    Guard(
        "nobody asks about what a living worker sends",
        _PAYOUTS,
        "      AND (lease_until IS NULL OR lease_until <= clock_timestamp())\n",
        "",
        _PAYOUT_TURNS,
    ),
    Guard(
        "the bank is asked first about who has waited longest",
        _PAYOUTS,
        "ORDER BY not_before LIMIT 1",
        "LIMIT 1",
        _PAYOUT_TURNS,
    ),
    Guard(
        "nobody waits for what another worker asks about",
        _PAYOUTS,
        "not_before LIMIT 1 FOR UPDATE SKIP LOCKED",
        "not_before LIMIT 1 FOR UPDATE",
        _PAYOUT_TURNS,
    ),
    Guard(
        "a decision sees what the bank has just said",
        _PAYOUTS,
        "FROM payouts WHERE claim_id = %s FOR UPDATE",
        "FROM payouts WHERE claim_id = %s",
        _PAYOUT_TURNS,
    ),
    Guard(
        "an answer of the bank sees what was just decided",
        _PAYOUTS,
        '_BY_ID_LOCKED: Final = _BY_ID + " FOR UPDATE"',
        "_BY_ID_LOCKED: Final = _BY_ID",
        _PAYOUT_TURNS,
    ),
    Guard(
        "one worker reads the bank's statement",
        _STATEMENT,
        "FROM bank_statement FOR UPDATE SKIP LOCKED",
        "FROM bank_statement",
        _PAYOUT_TURNS,
    ),
    Guard(
        "the bank's statement is read forwards alone",
        _STATEMENT,
        ' WHERE read_up_to < %s"',
        ' WHERE %s > 0"',
        _PAYOUT_TURNS,
    ),
    Guard(
        "the newest decision on a claim counts, whichever came last",
        _DECISIONS,
        "ORDER BY version DESC LIMIT 1",
        "ORDER BY version LIMIT 1",
        _PAYING,
    ),
    Guard(
        "decisions on one claim are taken one after the other",
        _DECISIONS,
        "    tx.execute(_LOCK_CLAIM, (claim_id,))\n",
        "    assert tx\n",
        _PAYOUT_TURNS,
    ),
    Guard(
        "nobody waits for the payee whom another forgets",
        _FORGETTING,
        "LIMIT %s FOR UPDATE SKIP LOCKED",
        "LIMIT %s FOR UPDATE",
        _PAYOUT_TURNS,
    ),
    Guard(
        "whether a payee is still needed is told by the newest decision",
        _FORGETTING,
        "ORDER BY version DESC LIMIT 1)\n    IN",
        "ORDER BY version LIMIT 1)\n    IN",
        _PAYOUT_ERASURE,
    ),
    Guard(
        "a payout that is open keeps its payee",
        _FORGETTING,
        "p.state NOT IN ('paid', 'rejected', 'returned')",
        "false",
        _PAYOUT_ERASURE,
    ),
    Guard(
        "what is left of an erased payee is not opened",
        _PAYEES,
        "payee_token > %s AND erased_at IS NULL",
        "payee_token > %s",
        _PAYOUT_ERASURE,
    ),
)

_ENROLLMENT: Final = (
    Guard(
        "the file that came first is worked off first",
        _BATCHES,
        "ORDER BY received_at, batch_id LIMIT 100",
        "ORDER BY batch_id LIMIT 100",
        _FILE_TURNS,
    ),
    Guard(
        "the first part of a file that is left comes first",
        _BATCHES,
        "    ORDER BY n.part_no LIMIT 1)",
        "    ORDER BY n.part_no DESC LIMIT 1)",
        _FILE_TURNS,
    ),
    Guard(
        "a part of a file is done once",
        _BATCHES,
        'WHERE batch_id = %s AND part_no = %s AND sealed IS NOT NULL\n"""',
        'WHERE batch_id = %s AND part_no = %s\n"""',
        _FILE_TURNS,
    ),
    Guard(
        "a file that came to an end does not go on",
        _BATCHES,
        "WHERE batch_id = %(batch_id)s AND state IN ('received', 'processing')\nRETURNING",
        "WHERE batch_id = %(batch_id)s\nRETURNING",
        _FILE_TURNS,
    ),
    Guard(
        "a part that is done is not tried again",
        _BATCHES,
        "AND sealed IS NOT NULL RETURNING tries",
        "RETURNING tries",
        _FILE_TURNS,
    ),
    Guard(
        "a file that is done does not fail",
        _BATCHES,
        "WHERE batch_id = %s AND state IN ('received', 'processing')\n",
        "WHERE batch_id = %s\n",
        _FILE_TURNS,
    ),
    Guard(
        "what waits of a file is forgotten where the file failed alone",
        "services/enrollment/files/store/failed_batches.py",
        "b.state = 'failed' AND ",
        "",
        _FILE_TURNS,
    ),
)

STATEMENTS: Final = (*_ENROLLMENT, *_FRAUD_DETECTION, *_PAYOUT)
