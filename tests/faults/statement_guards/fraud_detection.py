"""Of fraud_detection's statements."""

from __future__ import annotations

from typing import Final

from tests.faults.guard import Guard

_CLAIMS: Final = "services/fraud_detection/claims/store/claims.py"
_REVIEWS: Final = "services/fraud_detection/decisions/store/reviews.py"
_QUEUE: Final = "services/fraud_detection/reviews/store/queue.py"
_LEASES: Final = "services/fraud_detection/reviews/store/leases.py"
_QUEUING: Final = ("tests/services/fraud_detection/reviews/test_queue.py",)
_ASSIGNING: Final = ("tests/services/fraud_detection/reviews/test_assignments.py",)
_UNDOABLE: Final = "services/fraud_detection/reviews/store/undoable.py"
_UNDOING: Final = ("tests/services/fraud_detection/reviews/test_undoing.py",)
_BULK: Final = "services/fraud_detection/reviews/usecases/refuse_many.py"
_IN_BULK: Final = ("tests/services/fraud_detection/reviews/test_bulk.py",)
_CARING: Final = ("tests/services/fraud_detection/reviews/test_care.py",)
_MODELS: Final = "services/fraud_detection/models/store/models.py"
_CLAIM_DECISIONS: Final = "services/fraud_detection/decisions/store/decisions.py"
_CLAIM_PAYOUTS: Final = "services/fraud_detection/claims/store/payouts.py"
_COVERAGE: Final = "services/fraud_detection/coverage/store/coverage.py"
_FILING: Final = "services/fraud_detection/filing/domain/filing.py"
_NEWER_END: Final = """ON CONFLICT (policy_id) DO UPDATE
SET version = excluded.version, effective_to = excluded.effective_to, canceled_at = excluded.canceled_at"""
_CLAIM_TURNS: Final = ("tests/services/fraud_detection/test_turns.py",)
_CLAIMS_HTTP: Final = ("tests/services/fraud_detection/test_http.py",)
_REVIEWING: Final = ("tests/services/fraud_detection/reviews/test_reviews.py",)
_COVERING: Final = ("tests/services/fraud_detection/coverage/test_coverage.py",)
_CHANGING: Final = ("tests/services/fraud_detection/coverage/test_policy_changes.py",)
_DEDUCTIBLE: Final = ("tests/services/fraud_detection/test_annual_deductible.py",)
_PAST_CLAIMS: Final = "services/fraud_detection/models/store/past_claims.py"
_DATASETS: Final = ("tests/services/fraud_detection/models/test_datasets.py",)
_MODEL_TURNS: Final = ("tests/services/fraud_detection/models/test_turns.py",)

_DRAFTS: Final = "services/fraud_detection/claims/store/drafts.py"
_DRAFTING: Final = ("tests/services/fraud_detection/filing/test_drafts.py",)

_AMENDING: Final = ("tests/services/fraud_detection/filing/test_amendments.py",)

_TOLD_ANEW: Final = ("tests/services/fraud_detection/transfers/test_told_anew.py",)

GUARDS: Final = (
    Guard(
        "what a person had to look at is looked at again when it is told anew",
        "services/fraud_detection/decisions/domain/resembling.py",
        "    if other.claim_id in transfers.given_up and not other.passed_on:\n",
        "    if other.claim_id in transfers.given_up:\n",
        _TOLD_ANEW,
    ),
    Guard(
        "a transfer that is told anew is known by its reference",
        "services/fraud_detection/claims/store/transfers.py",
        "       coalesce(bool_or({SAME}), false) AS same_transfer,\n",
        "       false AS same_transfer,\n",
        _TOLD_ANEW,
    ),
    Guard(
        "what a person asked for goes back to a person",
        "services/fraud_detection/decisions/usecases/adjudicate.py",
        "        passed_on=case.passed_on,\n",
        "",
        _TOLD_ANEW,
    ),
    Guard(
        "what was amended while a person had it stays with one",
        "services/fraud_detection/decisions/domain/decision_policy.py",
        "if claim.amended_in_review and (by_rules is None or",
        "if claim.amended_in_review and related and (by_rules is None or",
        _AMENDING,
    ),
    Guard(
        "a transfer that is taken out of a claim is free for who waits for it",
        "services/fraud_detection/claims/store/transfers.py",
        "    add(tx, anew)\n    _fill_places(tx, persons)\n",
        "    add(tx, anew)\n",
        _AMENDING,
    ),
    Guard(
        "what was decided once is amended no more",
        "services/fraud_detection/filing/usecases/amend_claim.py",
        'if claim.state not in _MAY_BE_AMENDED or decided & {"approved", "refused"}:',
        "if claim.state not in _MAY_BE_AMENDED:",
        _AMENDING,
    ),
    Guard(
        "a draft is found by the client alone that made it",
        _DRAFTS,
        "tenant = %(tenant)s AND client_id = %(client_id)s AND lapses_at",
        "tenant = %(tenant)s AND %(client_id)s <> '' AND lapses_at",
        _DRAFTING,
    ),
    Guard(
        "a draft that two hand in at once is handed in once",
        _DRAFTS,
        '_LOCK: Final = f"{_FIND} FOR UPDATE"',
        '_LOCK: Final = f"{_FIND}"',
        _DRAFTING,
    ),
    Guard(
        "a draft goes with the person whose it is, whatever policy it names",
        _DRAFTS,
        "SELECT encode(person_token, 'hex') FROM coverage WHERE",
        "SELECT encode(phone_token, 'hex') FROM coverage WHERE",
        _DRAFTING,
    ),
    Guard(
        "the queue of reviews begins with who has waited longest",
        _QUEUE,
        "%(after_id)s::uuid))\nORDER BY waiting_since, claim_id LIMIT",
        "%(after_id)s::uuid))\nORDER BY claim_id LIMIT",
        _CLAIM_TURNS,
    ),
    Guard(
        "a case that one person holds is taken by no other",
        _LEASES,
        "WHERE review_leases.held_by = excluded.held_by OR review_leases.expires_at <= %(now)s",
        "WHERE %(now)s IS NOT NULL",
        _QUEUING,
    ),
    Guard(
        "a lease is of its holder alone to prolong",
        _LEASES,
        "WHERE claim_id = %(claim_id)s AND held_by = %(held_by)s AND expires_at < %(expires_at)s",
        "WHERE claim_id = %(claim_id)s AND %(held_by)s <> ''",
        _QUEUING,
    ),
    Guard(
        "nobody is given the appeal of what they decided",
        _QUEUE,
        "splitting.decision_id = whole.split_by))\n      AND by_person AND %(reviewer)s IN",
        "splitting.decision_id = whole.split_by))\n      AND by_person AND %(reviewer)s || 'x' IN",
        _QUEUING,
    ),
    Guard(
        "what was handed on is given to senior persons alone",
        _QUEUE,
        "AND (%(senior)s OR NOT EXISTS (",
        "AND (%(senior)s OR true OR NOT EXISTS (",
        _QUEUING,
    ),
    Guard(
        "what one person holds another does not decide",
        "services/fraud_detection/reviews/usecases/decide_review.py",
        "    require_free(tx, claim, reviewer, senior=senior, now=now)\n",
        "",
        _QUEUING,
    ),
    Guard(
        "what was assigned to one person nobody else is given",
        _QUEUE,
        "  AND (assigned_to IS NULL OR assigned_to = %(reviewer)s)\n",
        "",
        _ASSIGNING,
    ),
    Guard(
        "what was assigned to one person nobody else decides",
        "services/fraud_detection/reviews/usecases/hold_case.py",
        "    if assigned is not None and assigned.assigned_to != reviewer:",
        "    if assigned is None and reviewer == '':",
        _ASSIGNING,
    ),
    Guard(
        "an assignment is over on its date",
        "services/fraud_detection/reviews/store/assignments.py",
        "AND reviews.claim_id = ANY(%s::uuid[]) AND expires_at > %s",
        "AND reviews.claim_id = ANY(%s::uuid[]) AND expires_at > %s - interval '1 year'",
        _ASSIGNING,
    ),
    Guard(
        "only who decided takes it back",
        _UNDOABLE,
        "WHERE claim_id = %s AND decided_by = %s AND undo_until > %s RETURNING",
        "WHERE claim_id = %s AND %s <> '' AND undo_until > %s RETURNING",
        _UNDOING,
    ),
    Guard(
        "what was undone takes no effect",
        _UNDOABLE,
        'f"DELETE FROM undoable_decisions WHERE claim_id = %s AND undo_until <= %s RETURNING {_UNDOABLE}"',
        'f"SELECT {_UNDOABLE} FROM undoable_decisions WHERE claim_id = %s AND undo_until <= %s"',
        _UNDOING,
    ),
    Guard(
        "nothing is told while a decision may be taken back",
        "services/fraud_detection/reviews/usecases/undo_decision.py",
        "    with tx.attempt(keep=False):\n",
        "    with tx.attempt():\n",
        _UNDOING,
    ),
    Guard(
        "a claim that changed is not decided as it was",
        "services/fraud_detection/reviews/usecases/undo_decision.py",
        "        if version != row.version:\n",
        "        if version < 0:\n",
        _UNDOING,
    ),
    Guard(
        "on what is decided and may be undone nobody else decides",
        "services/fraud_detection/reviews/usecases/hold_case.py",
        "    if waits is not None:\n",
        "    if waits is not None and claim_id == '':\n",
        _UNDOING,
    ),
    Guard(
        "a bulk refuses no case that changed since its preview",
        _BULK,
        "if claim.version == pinned[claim.claim_id]]",
        "if claim.version > 0]",
        _IN_BULK,
    ),
    Guard(
        "a bulk is confirmed by the digest of its preview",
        _BULK,
        "if bulk is None or bulk.digest != said.digest:",
        "if bulk is None:",
        _IN_BULK,
    ),
    Guard(
        "a bulk is refused once",
        _BULK,
        "    if bulk.confirmed is not None:\n        return bulk\n",
        "",
        _IN_BULK,
    ),
    Guard(
        "what is refused within an attempt leaves the others as they are",
        "shared/db/pg_tx.py",
        "except (psycopg2.IntegrityError, FangzhaError):",
        "except psycopg2.IntegrityError:",
        ("tests/shared/db/test_pg_tx.py",),
    ),
    Guard(
        "where care is to be taken nobody is refused in bulk",
        "services/fraud_detection/reviews/store/bulks.py",
        "  AND NOT {FLAGGED}\n",
        "",
        _CARING,
    ),
    Guard(
        "who was scammed before is who was, not who claims twice at once",
        "services/fraud_detection/reviews/store/care.py",
        "AND other.occurred_at < claims.occurred_at AND other",
        "AND other",
        _CARING,
    ),
    Guard(
        "a refusal stands on what stands against the claim",
        "services/fraud_detection/reviews/domain/refusals.py",
        "    elif clause not in rules:",
        "    elif clause is None:",
        _REVIEWING,
    ),
    Guard(
        "what the machine proposes is no decision to the resident",
        "services/fraud_detection/filing/api/claim_view.py",
        "decision = None if newest is None or newest.outcome in _PROPOSED else newest",
        "decision = newest",
        _CLAIMS_HTTP,
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
        "AND claims.state = asked.from_state AND claims.version = asked.version",
        "AND claims.state = asked.from_state",
        _CLAIM_TURNS,
    ),
    Guard(
        "a claim takes no step from a state in which it is not",
        _CLAIMS,
        "AND claims.state = asked.from_state AND claims.version = asked.version",
        "AND claims.version = asked.version",
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
        "reported_at is not None and reported_at < discovered_at:",
        "reported_at is not None and reported_at < told.occurred_at:",
        _CLAIMS_HTTP,
    ),
    Guard(
        "a loss happens before it is discovered",
        _FILING,
        "discovered_at is not None and discovered_at < occurred_at:",
        "reported_at is not None and reported_at < occurred_at:",
        _CLAIMS_HTTP,
    ),
    Guard(
        "the model that was asked for first is trained first",
        _MODELS,
        "ORDER BY model.model_id FOR UPDATE",
        "ORDER BY model.model_id DESC FOR UPDATE",
        _MODEL_TURNS,
    ),
    Guard(
        "a trainer takes no model that another holds",
        _MODELS,
        "AND model.leased_until <= clock_timestamp()\n",
        "\n",
        _MODEL_TURNS,
    ),
    Guard(
        "a trainer that was overtaken holds nothing",
        _MODELS,
        "leased_until = clock_timestamp() + %s\nWHERE model_id = %s AND state = 'training' AND attempts = %s",
        "leased_until = clock_timestamp() + %s\nWHERE model_id = %s AND state = 'training' AND %s > 0",
        _MODEL_TURNS,
    ),
    Guard(
        "a trainer holds no model that was given up",
        _MODELS,
        "leased_until = clock_timestamp() + %s\nWHERE model_id = %s AND state = 'training' AND attempts = %s",
        "leased_until = clock_timestamp() + %s\nWHERE model_id = %s AND attempts = %s",
        _MODEL_TURNS,
    ),
    Guard(
        "a trainer that was overtaken gives nothing back",
        _MODELS,
        "leased_until = clock_timestamp()\nWHERE model_id = %s AND state = 'training' AND attempts = %s",
        "leased_until = clock_timestamp()\nWHERE model_id = %s AND state = 'training' AND %s > 0",
        _MODEL_TURNS,
    ),
    Guard(
        "a model of a trainer that was overtaken is not kept",
        _MODELS,
        "share = NULL\nWHERE model_id = %s AND state = 'training' AND attempts = %s",
        "share = NULL\nWHERE model_id = %s AND state = 'training' AND %s > 0",
        _MODEL_TURNS,
    ),
    Guard(
        "a trainer that was overtaken fails nothing",
        _MODELS,
        "AND state IN ('queued', 'training') AND attempts = %s",
        "AND state IN ('queued', 'training') AND %s > 0",
        _MODEL_TURNS,
    ),
    Guard(
        "a model that is over is not begun again",
        _MODELS,
        "clock_timestamp() + %s\nWHERE model_id = %s AND state IN ('queued', 'training')",
        "clock_timestamp() + %s\nWHERE model_id = %s",
        _MODEL_TURNS,
    ),
    Guard(
        "a model that is over is not canceled",
        _MODELS,
        "    share = NULL\nWHERE model_id = %s AND state IN ('queued', 'training')",
        "    share = NULL\nWHERE model_id = %s",
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
        "services/fraud_detection/decisions/store/limits.py",
        "ORDER BY version DESC LIMIT 1",
        "ORDER BY version LIMIT 1",
        _DEDUCTIBLE,
    ),
    Guard(
        "other claims count by their newest decisions",
        "services/fraud_detection/decisions/store/other_claims.py",
        "ORDER BY version DESC LIMIT 1",
        "ORDER BY version LIMIT 1",
        _CLAIM_TURNS,
    ),
    Guard(
        "who decides on a person decides alone on that one",
        "services/fraud_detection/decisions/store/turns.py",
        "SELECT pg_advisory_xact_lock(hashtextextended(",
        "SELECT pg_advisory_xact_lock_shared(hashtextextended(",
        _CLAIM_TURNS,
    ),
    Guard(
        "nobody waits for the model that another begins to train",
        _MODELS,
        "FOR UPDATE OF model SKIP LOCKED LIMIT 1",
        "FOR UPDATE OF model LIMIT 1",
        _MODEL_TURNS,
    ),
    Guard(
        "who begins to train a model begins it alone",
        _MODELS,
        "FOR UPDATE OF model SKIP LOCKED LIMIT 1",
        "LIMIT 1",
        _MODEL_TURNS,
    ),
    Guard(
        "models are promoted and rolled back one after the other",
        _MODELS,
        "SELECT version FROM model_registry FOR UPDATE",
        "SELECT version FROM model_registry",
        _MODEL_TURNS,
    ),
    Guard(
        "nobody waits for the person whom another forgets",
        "services/fraud_detection/coverage/store/erased_policies.py",
        "ORDER BY policy_id LIMIT %s FOR UPDATE SKIP LOCKED",
        "ORDER BY policy_id LIMIT %s FOR UPDATE",
        _CLAIM_TURNS,
    ),
    Guard(
        "claims are listed newest first",
        _CLAIMS,
        "ORDER BY claim_id DESC LIMIT",
        "ORDER BY claim_id LIMIT",
        _CLAIMS_HTTP,
    ),
    Guard(
        "models are listed newest first",
        _MODELS,
        "ORDER BY model.model_id DESC LIMIT",
        "ORDER BY model.model_id LIMIT",
        ("tests/services/fraud_detection/models/test_models_over_http.py",),
    ),
    Guard(
        "a claim's steps are told in their order",
        _CLAIMS,
        "FROM claim_steps WHERE claim_id = %s ORDER BY version",
        "FROM claim_steps WHERE claim_id = %s ORDER BY version DESC",
        _CLAIMS_HTTP,
    ),
    Guard(
        "a claim's decisions are told in their order",
        _CLAIM_DECISIONS,
        'FROM decisions WHERE claim_id = %s ORDER BY version"',
        'FROM decisions WHERE claim_id = %s ORDER BY version DESC"',
        _CLAIM_TURNS,
    ),
    Guard(
        "who uses a file again later changes nothing for the claim that had it first",
        _CLAIMS,
        "count(*) FILTER (WHERE other.added_at <= evidence.added_at) AS before",
        "count(*) AS before",
        ("tests/services/fraud_detection/models/test_as_of.py",),
    ),
    Guard(
        "datasets are listed newest first",
        _PAST_CLAIMS,
        "ORDER BY dataset_id DESC LIMIT",
        "ORDER BY dataset_id LIMIT",
        _DATASETS,
    ),
)
