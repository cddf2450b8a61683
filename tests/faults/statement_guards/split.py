"""Of claims whose undisputed part is paid first."""

from __future__ import annotations

from typing import Final

from tests.faults.guard import Guard

_SPLITTING: Final = "services/fraud_detection/reviews/usecases/split_claim.py"
_QUEUE: Final = "services/fraud_detection/reviews/store/queue.py"
_MIGRATION: Final = "services/fraud_detection/migrations/0120_a_claim_is_split.sql"
_ONE_EVENT: Final = "services/fraud_detection/decisions/domain/one_event.py"
_TESTS: Final = ("tests/services/fraud_detection/transfers/test_split.py",)
_CARRIED: Final = ("tests/services/fraud_detection/transfers/test_split_carries.py",)
_RULES: Final = ("tests/rules/fraud_detection/test_split_part.py",)

GUARDS: Final = (
    Guard(
        "unique key: one claim is split off by a decision",
        _MIGRATION,
        "CREATE UNIQUE INDEX one_split_per_decision ON claims (split_by) WHERE split_by IS NOT NULL;",
        "",
        _TESTS,
    ),
    Guard(
        "the database: what is split off says of what and by which decision",
        _MIGRATION,
        "(split_from IS NULL) = (split_root IS NULL) AND (split_from IS NULL) = (split_by IS NULL)",
        "claim_id IS NOT NULL",
        _TESTS,
    ),
    Guard(
        "the database: what stays open is not accepted",
        _MIGRATION,
        "CHECK (NOT (open AND accepted))",
        "CHECK (open IN (true, false))",
        _TESTS,
    ),
    Guard(
        "what is open leaves the amounts of the claim that is paid first",
        _SPLITTING,
        "    splits.leave(tx, first, row.version)\n",
        "",
        _TESTS,
    ),
    Guard(
        "what is split off always waits for a person",
        "services/fraud_detection/decisions/domain/decision_policy.py",
        "    if claim.split_from is not None:\n",
        "    if claim.split_from is not None and not claim:\n",
        _RULES,
    ),
    Guard(
        "parts of one claim bear the event's deductible and limits once",
        _ONE_EVENT,
        "    return are_parts_of_one(claim, other) and not are_told_apart(claim, other)\n",
        "    return False and are_parts_of_one(claim, other) and not are_told_apart(claim, other)\n",
        _RULES,
    ),
    Guard(
        "a name that a person gives one part's event is that of the parts which nobody named",
        "services/fraud_detection/decisions/domain/sharing.py",
        "if is_of_one_event(product, claim, each, named)]",
        "if is_of_one_event(product, claim, each)]",
        _RULES,
    ),
    Guard(
        "parts of one claim use up one sub-limit, whatever the police say of one of them",
        "services/fraud_detection/decisions/domain/sharing.py",
        " or are_parts_of_one(claim, each)]",
        "]",
        _RULES,
    ),
    Guard(
        "what came back of no transfer goes along in proportion",
        "services/fraud_detection/decisions/domain/accepted_part.py",
        "    goes = of_no_transfer - (of_no_transfer * _lost(staying) // in_all if in_all else 0)\n",
        "    goes = 0\n",
        _RULES,
    ),
    Guard(
        "what another insurer paid of a split claim is parted while nobody else changes a part",
        "services/fraud_detection/claims/store/splits.py",
        "        locked = claims.lock_many(tx, ids)",
        "        locked = claims.many(tx, ids)",
        ("tests/services/fraud_detection/transfers/test_split_covers.py",),
    ),
    Guard(
        "nobody approves in parts what takes two persons",
        "services/fraud_detection/reviews/usecases/approve_case.py",
        "        pays_fen=Fen(pays_fen + sum(each.approved_fen for each in whole.parts)),\n",
        "        pays_fen=pays_fen,\n",
        _TESTS,
    ),
    Guard(
        "nor is shown what they may not confirm of a part",
        _QUEUE,
        "approval_proposals.amount_fen + (SELECT coalesce(sum(reservations.amount_fen), 0) {_PARTS})",
        "approval_proposals.amount_fen",
        _TESTS,
    ),
    Guard(
        "who decided on the whole does not decide a part of it",
        "services/fraud_detection/reviews/usecases/hold_case.py",
        "    told_before = (*retold, *before_the_split(tx, claim_id))\n",
        "    told_before = tuple(retold)\n",
        _TESTS,
    ),
    Guard(
        "nor is given it, however often it was split",
        _QUEUE,
        "SELECT part.split_from, part.split_by FROM whole JOIN claims AS part USING (claim_id)\n",
        "SELECT part.split_from, part.split_by FROM whole JOIN claims AS part"
        " ON part.claim_id = whole.claim_id AND whole.split_by IS NULL\n",
        _CARRIED,
    ),
    Guard(
        "a part of what was handed on is a senior person's",
        _SPLITTING,
        "        notes.escalate(tx, sealed.escalation(handed_on, off.round))\n",
        "        sealed.escalation(handed_on, off.round)\n",
        _CARRIED,
    ),
    Guard(
        "a part of a last appeal is a senior person's, and has no further appeal",
        _SPLITTING,
        "    for each in appeals.of_claim(tx, claim.claim_id):\n",
        "    for each in appeals.of_claim(tx, off.claim_id):\n",
        _CARRIED,
    ),
    Guard(
        "a part of a claim that was decided on is not amended",
        "services/fraud_detection/filing/usecases/amend_claim.py",
        "(*decisions.of_claim(tx, claim_id), *before_the_split(tx, claim_id))",
        "decisions.of_claim(tx, claim_id)",
        _CARRIED,
    ),
    Guard(
        "documents are asked for once of a claim and its parts",
        "services/fraud_detection/reviews/usecases/ask_claimant.py",
        "    told_before = (*before, *before_the_split(tx, claim_id))\n",
        "    told_before = before\n",
        _CARRIED,
    ),
    Guard(
        "an approval holds the person's transfers before it takes of limits",
        "services/fraud_detection/reviews/usecases/approve_case.py",
        "    transfers.hold(tx, claim.claim_id)\n",
        "",
        _CARRIED,
    ),
    Guard(
        "so does a second person's",
        "services/fraud_detection/reviews/usecases/confirm_proposal.py",
        "    transfers.hold(tx, claim_id)\n",
        "",
        _CARRIED,
    ),
)
