"""What the other services announce of a policy's claims and payouts, in whatever order it comes."""

from __future__ import annotations

from services.enrollment.policies.store import outcomes
from tests.services.enrollment.builders import decided, paid
from tests.services.enrollment.policies.lifecycle import Office


def test_an_older_decision_on_a_claim_that_comes_late_changes_nothing(office: Office) -> None:
    newest = decided(office.enroll(1).policy_id, version=2, outcome="approved", amount_fen=100)
    older = decided(newest.policy_id, claim_id=newest.claim_id, version=1, outcome="review")
    with office.database.transaction() as tx:
        assert [outcomes.note_claim(tx, each) for each in (newest, older)] == [True, False]
        assert tx.all("SELECT outcome, amount_fen FROM claim_outcomes") == [("approved", 100)]


def test_an_older_state_of_a_payout_that_comes_late_changes_nothing(office: Office) -> None:
    newest = paid(office.enroll(1).policy_id, version=2)
    older = paid(newest.policy_id, payout_id=newest.payout_id, claim_id=newest.claim_id, version=1, state="scheduled")
    with office.database.transaction() as tx:
        assert [outcomes.note_payout(tx, each) for each in (newest, older)] == [True, False]
        assert tx.all("SELECT state FROM payout_states") == [("paid",)]
