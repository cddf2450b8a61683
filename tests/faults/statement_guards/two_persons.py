"""Of approvals above one person's authority."""

from __future__ import annotations

from typing import Final

from tests.faults.guard import Guard

_CONFIRMING: Final = "services/fraud_detection/reviews/usecases/confirm_proposal.py"
_DECIDING: Final = "services/fraud_detection/reviews/usecases/decide_review.py"
_APPROVING: Final = "services/fraud_detection/reviews/usecases/approve_case.py"
_PROPOSALS: Final = "services/fraud_detection/reviews/store/proposals.py"
_MIGRATION: Final = "services/fraud_detection/migrations/0114_two_persons_for_large_approvals.sql"
_TESTS: Final = ("tests/services/fraud_detection/reviews/test_two_persons.py",)
_TRANSFERS: Final = ("tests/services/fraud_detection/transfers/test_transfers.py",)

GUARDS: Final = (
    Guard(
        "an approval above its person's authority waits for a second one",
        _APPROVING,
        "        if not (alone and is_within(authority, payable.amount_fen, whole)):\n",
        "        if not alone:\n",
        _TESTS,
    ),
    Guard(
        "one transfer is not paid twice by one person's word that it is two",
        _APPROVING,
        "        if not (alone and is_within(authority, payable.amount_fen, whole)):\n",
        "        if not is_within(authority, payable.amount_fen, whole):\n",
        _TRANSFERS,
    ),
    Guard(
        "nobody decides beside what waits for a second person",
        _DECIDING,
        "    require_no_proposal(tx, claim)\n",
        "",
        _TESTS,
    ),
    Guard(
        "nobody confirms what they proposed",
        _CONFIRMING,
        "    if proposal.proposed_by == reviewer:\n",
        "    if not reviewer:\n",
        _TESTS,
    ),
    Guard(
        "who confirms has authority enough",
        _CONFIRMING,
        "    if not is_within(authorities.of_person(tx, reviewer, lowest), proposal.amount_fen, whole):\n",
        "    if not whole:\n",
        _TESTS,
    ),
    Guard(
        "who decided an earlier round confirms no later one",
        _CONFIRMING,
        "before, reviewer, proposal.proposed_by)",
        "before, proposal.proposed_by)",
        _TESTS,
    ),
    Guard(
        "who proposed an earlier approval decides no later one",
        "services/fraud_detection/decisions/store/decisions.py",
        "frozenset({self.decided_by} | ({self.proposed_by} if self.proposed_by else set()))",
        "frozenset({self.decided_by})",
        _TESTS,
    ),
    Guard(
        "what is confirmed pays what was proposed",
        _CONFIRMING,
        "    if not take(tx, case, agreed):\n",
        "    if not take(tx, case, agreed) and not agreed:\n",
        _TESTS,
    ),
    Guard(
        "a proposal on a claim that changed since stands no more",
        _PROPOSALS,
        "AND approval_proposals.version = claims.version AND claim_id",
        "AND claim_id",
        _TESTS,
    ),
    Guard(
        "what one person proposed is given to who may confirm it",
        "services/fraud_detection/reviews/store/queue.py",
        "  AND NOT EXISTS ({_STANDS} AND NOT ({_MAY_CONFIRM}))\n",
        "",
        _TESTS,
    ),
    Guard(
        "nobody says how much they may approve themselves",
        "services/fraud_detection/reviews/usecases/set_authority.py",
        "    if person == supervisor:\n        raise OwnAuthority\n    before = authorities.lock(tx, person)\n    row",
        "    before = authorities.lock(tx, person)\n    row",
        _TESTS,
    ),
    Guard(
        "the database: nobody says how much they may approve themselves",
        _MIGRATION,
        "CONSTRAINT nobody_sets_their_own_authority CHECK (set_by <> person)",
        "CONSTRAINT nobody_sets_their_own_authority CHECK (set_by <> '')",
        _TESTS,
    ),
    Guard(
        "the database: nobody confirms what they proposed",
        _MIGRATION,
        "CHECK (ending <> 'confirmed' OR ended_by <> proposed_by)",
        "CHECK (ending <> '')",
        _TESTS,
    ),
    Guard(
        "the database: nobody decides alone what was proposed",
        _MIGRATION,
        "CHECK (proposed_by <> decided_by) NOT VALID",
        "CHECK (proposed_by <> '') NOT VALID",
        _TESTS,
    ),
    Guard(
        "unique key: one open proposal of a claim",
        _MIGRATION,
        "CREATE UNIQUE INDEX one_open_proposal_per_claim",
        "CREATE INDEX one_open_proposal_per_claim",
        _TESTS,
    ),
)
