"""What becomes of a claim between filing and its end: who waits for whom, until when, and what each step gives back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

import psycopg2
import pytest

from deploy.local.places import CHECKOUT
from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.drawing import diagram, table
from services.fraud_detection.claims.domain.errors import IllegalStep, NotAppealable, PolicyErased
from services.fraud_detection.claims.domain.police import ToldPaper
from services.fraud_detection.claims.domain.states import AFTER_THE_WAIT, MEANINGS, NOTHING_OPEN, STEPS, WAITS, State
from services.fraud_detection.coverage.store import coverage_rows
from services.fraud_detection.decisions.store import limits
from services.fraud_detection.decisions.usecases.follow_payout import follow_payout
from services.fraud_detection.erasure.usecases.erase_policies import erase
from services.fraud_detection.filing.usecases.change_claim import (
    CameBack,
    name_payee,
    tell_recovery,
    want_person,
    withdraw,
)
from services.fraud_detection.filing.usecases.complete_claim import add_documents, appeal
from services.fraud_detection.filing.usecases.keep_papers import add_papers
from services.fraud_detection.reviews.domain.errors import AskedBefore, CoverRuleStands, SeniorDecides
from services.fraud_detection.reviews.usecases.note_case import write_note
from shared.db.pool import Database
from shared.events.payouts import PayoutChanged
from shared.messaging.failures import Unready
from shared.process.new_ids import new_id
from shared.values.errors import InvalidField, InvalidFields
from shared.values.ids import ClaimId, PolicyId, TokenHex
from shared.values.money import Fen
from tests.rules.fraud_detection.builders import LOSS
from tests.services.fraud_detection.builders import NOW, Person, World, champion, evidence

PAYABLE = NOW + timedelta(hours=1)
OTHER_ACCOUNT = TokenHex("01" + "e" * 32)
TENANT = "mobile-backend"
RECEIPT = ToldPaper(kind="receipt", number="A-17", unit="城东派出所", officer=None, issued_on=LOSS.date())
DAYS: tuple[dict[str, Any], ...] = (
    {},
    {
        "occurred_at": LOSS - timedelta(days=5),
        "discovered_at": LOSS - timedelta(days=5),
        "reported_at": LOSS - timedelta(days=5),
    },
)
"""Two losses that are not near each other."""


def states(world: World, claim: Claim) -> list[State]:
    of_claim = f"WHERE claim_id = '{claim.claim_id}' ORDER BY version"
    return [row[0] for row in world.rows(f"SELECT to_state FROM claim_steps {of_claim}")]


def held(world: World) -> tuple[int, int]:
    """Fen that are reserved of policies' limits, and of their liabilities'."""
    of_policies = world.rows("SELECT coalesce(sum(reserved_fen), 0) FROM limit_use")[0][0]
    return int(of_policies), int(world.rows("SELECT coalesce(sum(reserved_fen), 0) FROM liability_use")[0][0])


def approved(world: World, **filing: Any) -> Claim:
    claim = world.file(world.covered(), **filing)
    assert world.decide(claim) == "approved"
    return world.claim(claim.claim_id)


def payout(
    world: World,
    claim: Claim,
    state: Literal["scheduled", "paid", "rejected", "returned"],
    *,
    payout_id: str,
    version: int,
    now: datetime = PAYABLE,
    approval: int = -1,
) -> None:
    """What payout tells of the claim's newest approval, or of an older one."""
    row = world.rows(
        f"SELECT decision_id, amount_fen FROM decisions WHERE claim_id = '{claim.claim_id}' AND outcome = 'approved' "
        "ORDER BY version"
    )[approval]
    with world.database.transaction() as tx:
        follow_payout(
            tx,
            PayoutChanged(
                payout_id=payout_id,
                version=version,
                state=state,
                claim_id=claim.claim_id,
                decision_id=row[0],
                policy_id=claim.policy_id,
                partner_id="telecom-east",
                amount_fen=row[1],
                currency="CNY",
                changed_at=now,
                reason="bank_account_closed" if state in ("rejected", "returned") else None,
            ),
        )


def timers(world: World, now: datetime) -> None:
    world.run_timers(now)


def test_the_database_has_the_states_and_steps_of_the_domain(world: World) -> None:
    legal = {(row[0], row[1]) for row in world.rows("SELECT from_state, to_state FROM claim_legal_steps")}
    assert legal == {step for step in STEPS if step[0] is not None}
    kept = {row[0]: (row[1], row[2]) for row in world.rows("SELECT state, meaning, nothing_open FROM claim_states")}
    assert kept == {state: (meaning, state in NOTHING_OPEN) for state, meaning in MEANINGS.items()}


def test_the_documents_show_the_states_as_they_are() -> None:
    page = (CHECKOUT / "docs" / "claims.md").read_text()
    assert diagram() in page, "write docs/claims.md anew from: python -m services.fraud_detection draw-states"
    assert table() in page


def test_each_state_has_an_exit_and_each_wait_a_step_after_it() -> None:
    ends = {state for state in MEANINGS if not any(before == state for before, _ in STEPS)}
    assert ends == {"withdrawn"}
    assert {state for state in MEANINGS if not any(after == state for _, after in STEPS)} == set()
    assert all((before, after) in STEPS for before, after in AFTER_THE_WAIT.items())
    assert set(AFTER_THE_WAIT) - {"recovery_wait"} == set(WAITS) - {"draft"}


@pytest.mark.parametrize("to", sorted(set(MEANINGS) - {to for before, to in STEPS if before == "filed"} - {"filed"}))
def test_the_database_itself_takes_no_illegal_step(world: World, to: str) -> None:
    claim = world.file(world.covered())
    change = "UPDATE claims SET state = %s, version = version + 1 WHERE claim_id = %s"
    with (
        pytest.raises(psycopg2.errors.CheckViolation, match=f"cannot go from filed to {to}"),
        world.database.transaction() as tx,
    ):
        tx.execute(change, (to, claim.claim_id))


def test_the_database_takes_no_step_without_a_new_version(world: World) -> None:
    claim = world.file(world.covered())
    with pytest.raises(psycopg2.errors.CheckViolation, match="raises its version"), world.database.transaction() as tx:
        tx.execute("UPDATE claims SET state = 'withdrawn' WHERE claim_id = %s", (claim.claim_id,))


def test_a_claim_begins_filed_or_waiting_or_as_a_draft(world: World) -> None:
    claim = world.file(world.covered())
    changed = "jsonb_populate_record(claims, jsonb_build_object('claim_id', %s, 'state', 'approved'))"
    copy = f"INSERT INTO claims SELECT ({changed}).* FROM claims WHERE claim_id = %s"
    with pytest.raises(psycopg2.errors.RaiseException, match="begins as"), world.database.transaction() as tx:
        tx.execute(copy, (new_id(), claim.claim_id))


def test_each_step_says_who_took_it_and_why(world: World) -> None:
    claim = approved(world)
    first = new_id()
    payout(world, claim, "scheduled", payout_id=first, version=1)
    payout(world, claim, "rejected", payout_id=first, version=2)
    steps = world.rows("SELECT from_state, to_state, by_whom, why FROM claim_steps ORDER BY version")
    assert steps == [
        (None, "filed", TENANT, None),
        ("filed", "approved", "rules_and_model", None),
        ("approved", "recovery_wait", "payout", None),
        ("recovery_wait", "payment_failed", "payout", "bank_account_closed"),
    ]


def test_an_approved_claim_waits_out_its_recovery_days_and_is_paid(world: World) -> None:
    claim = approved(world)
    first = new_id()
    payout(world, claim, "scheduled", payout_id=first, version=1)
    waiting = world.claim(claim.claim_id)
    assert (waiting.state, waiting.due_at is not None) == ("recovery_wait", True)
    timers(world, NOW + timedelta(hours=2))
    assert world.claim(claim.claim_id).state == "recovery_wait"
    timers(world, NOW + timedelta(days=3))
    assert world.claim(claim.claim_id).state == "paying"
    payout(world, claim, "paid", payout_id=first, version=2, now=NOW + timedelta(days=3))
    assert world.claim(claim.claim_id).state == "paid"
    timers(world, NOW + timedelta(days=3 + 730))
    timers(world, NOW + timedelta(days=3 + 2 * 730))
    ended = world.claim(claim.claim_id)
    assert (ended.state, ended.due_at) == ("closed", None)
    assert held(world) == (1_440_000, 1_440_000)


def test_a_word_of_payout_that_comes_again_or_late_moves_nothing(world: World) -> None:
    claim = approved(world)
    first = new_id()
    payout(world, claim, "paid", payout_id=first, version=3)
    payout(world, claim, "scheduled", payout_id=first, version=1)
    payout(world, claim, "paid", payout_id=first, version=3)
    assert states(world, claim) == ["filed", "approved", "paid"]


def test_a_failed_payment_is_made_good_with_another_account(world: World) -> None:
    claim = approved(world)
    first = new_id()
    payout(world, claim, "scheduled", payout_id=first, version=1)
    payout(world, claim, "rejected", payout_id=first, version=2)
    assert held(world) == (1_440_000, 1_440_000), "it is owed still"

    world.announce_payee(world.person(), OTHER_ACCOUNT)
    with world.database.transaction() as tx:
        name_payee(tx, claim.claim_id, OTHER_ACCOUNT, tenant=TENANT, now=PAYABLE)
    assert held(world) == (0, 0)
    again = world.claim(claim.claim_id)
    assert (again.state, again.round, again.payee_token) == ("filed", 2, OTHER_ACCOUNT)
    (stopped,) = world.events("claims.stopped")
    assert (stopped["reason"], stopped["claim_id"]) == ("another_account", claim.claim_id)

    assert world.decide(again, claim_round=2, now=PAYABLE) == "approved"
    second = new_id()
    payout(world, claim, "scheduled", payout_id=second, version=1)
    payout(world, claim, "paid", payout_id=second, version=2)
    assert world.claim(claim.claim_id).state == "paid"
    assert held(world) == (1_440_000, 1_440_000)
    assert world.events("claims.decided")[-1]["payee_token"] == OTHER_ACCOUNT


def test_what_is_told_late_of_an_approval_that_was_given_up_moves_nothing(world: World) -> None:
    claim = approved(world)
    first = new_id()
    payout(world, claim, "rejected", payout_id=first, version=2)
    world.announce_payee(world.person(), OTHER_ACCOUNT)
    with world.database.transaction() as tx:
        name_payee(tx, claim.claim_id, OTHER_ACCOUNT, tenant=TENANT, now=PAYABLE)
    world.decide(world.claim(claim.claim_id), claim_round=2, now=PAYABLE)
    payout(world, claim, "rejected", payout_id=first, version=3, approval=0)
    assert world.claim(claim.claim_id).state == "approved"
    assert held(world) == (1_440_000, 1_440_000)


def test_a_failed_payment_that_nobody_mends_is_owed_no_more_in_the_end(world: World) -> None:
    claim = approved(world)
    payout(world, claim, "returned", payout_id=new_id(), version=4)
    timers(world, PAYABLE + timedelta(days=731))
    assert world.claim(claim.claim_id).state == "closed"
    assert held(world) == (0, 0)
    assert [each["reason"] for each in world.events("claims.stopped")] == ["closed"]


def test_a_limit_is_given_back_once(world: World) -> None:
    person = world.covered()
    first, second = (world.file(person, amount_fen=Fen(fen), **DAYS[day]) for day, fen in enumerate((500_000, 700_000)))
    for claim in (first, second):
        assert world.decide(claim) == "approved"
    with world.database.transaction() as tx:
        taken = limits.standing(tx, first.claim_id)
        assert taken is not None
    payout(world, first, "rejected", payout_id=new_id(), version=2)
    with world.database.transaction() as tx:
        withdraw(tx, first.claim_id, tenant=TENANT, now=PAYABLE)
    for _ in range(2):
        with world.database.transaction() as tx:
            limits.release(tx, taken, now=PAYABLE)
    assert held(world) == (700_000, 700_000)


def test_an_approved_claim_is_withdrawn_once_payout_says_that_nothing_left(world: World) -> None:
    claim = approved(world)
    first = new_id()
    payout(world, claim, "scheduled", payout_id=first, version=1)
    with world.database.transaction() as tx:
        withdraw(tx, claim.claim_id, tenant=TENANT, now=PAYABLE)
    assert world.claim(claim.claim_id).state == "stopping"
    assert held(world) == (1_440_000, 1_440_000), "the money may have left"
    payout(world, claim, "rejected", payout_id=first, version=2)
    assert (world.claim(claim.claim_id).state, world.claim(claim.claim_id).changed_why) == ("withdrawn", "withdrawn")
    assert held(world) == (0, 0)


def test_who_withdraws_twice_gives_nothing_back_before_payout_has_answered(world: World) -> None:
    claim = approved(world)
    first = new_id()
    payout(world, claim, "scheduled", payout_id=first, version=1)
    for _ in range(2):
        with world.database.transaction() as tx:
            withdraw(tx, claim.claim_id, tenant=TENANT, now=PAYABLE)
    assert world.claim(claim.claim_id).state == "stopping"
    assert held(world) == (1_440_000, 1_440_000)
    assert len(world.events("claims.stopped")) == 1


def test_a_claim_that_is_stopped_to_be_decided_anew_is_not_withdrawn_meanwhile(world: World) -> None:
    claim = approved(world)
    payout(world, claim, "scheduled", payout_id=new_id(), version=1)
    with world.database.transaction() as tx:
        tell_recovery(tx, claim.claim_id, CameBack("police", Fen(1), PAYABLE), tenant=TENANT, now=PAYABLE)
    with pytest.raises(IllegalStep), world.database.transaction() as tx:
        withdraw(tx, claim.claim_id, tenant=TENANT, now=PAYABLE)


@pytest.mark.parametrize("state", ["stopping", "paying"])
def test_money_told_before_payout_paid_after_all_is_the_insurers(world: World, state: str) -> None:
    claim = approved(world)
    first = new_id()
    if state == "stopping":
        payout(world, claim, "scheduled", payout_id=first, version=1)
    else:
        payout(world, claim, "scheduled", payout_id=first, version=1, now=NOW + timedelta(days=30))
    with world.database.transaction() as tx:
        tell_recovery(tx, claim.claim_id, CameBack("police", Fen(40_000), PAYABLE), tenant=TENANT, now=PAYABLE)
    assert world.claim(claim.claim_id).state == state
    assert world.events("claims.recovered") == []
    payout(world, claim, "paid", payout_id=first, version=3)
    assert world.claim(claim.claim_id).state == "recovered"
    assert [each["insurers_fen"] for each in world.events("claims.recovered")] == [40_000]


def test_money_told_on_a_claim_that_was_closed_unpaid_is_nobodys_but_the_claimants(world: World) -> None:
    claim = refused(world)
    timers(world, NOW + timedelta(days=730))
    assert world.claim(claim.claim_id).state == "closed"
    later = NOW + timedelta(days=731)
    with world.database.transaction() as tx:
        tell_recovery(tx, claim.claim_id, CameBack("police", Fen(1), later), tenant=TENANT, now=later)
    assert world.claim(claim.claim_id).state == "closed"
    assert world.events("claims.recovered") == []


@pytest.mark.parametrize("hours", [-1, 1_000], ids=["before the loss", "in the future"])
def test_money_comes_back_at_a_time_that_can_be(world: World, hours: int) -> None:
    claim = world.file(world.covered())
    back = CameBack("bank", Fen(1), LOSS + timedelta(hours=hours))
    with pytest.raises(InvalidField) as refusal, world.database.transaction() as tx:
        tell_recovery(tx, claim.claim_id, back, tenant=TENANT, now=NOW)
    assert refusal.value.pointer == "/came_at"


def test_a_stop_that_came_too_late_leaves_the_claim_paid(world: World) -> None:
    claim = approved(world)
    first = new_id()
    payout(world, claim, "scheduled", payout_id=first, version=1)
    with world.database.transaction() as tx:
        withdraw(tx, claim.claim_id, tenant=TENANT, now=PAYABLE)
    payout(world, claim, "paid", payout_id=first, version=3)
    assert world.claim(claim.claim_id).state == "paid"
    assert held(world) == (1_440_000, 1_440_000)


@pytest.mark.parametrize("probability", [0.05, 0.9], ids=["filed", "in review"])
def test_a_claim_that_is_not_decided_is_withdrawn_at_once(world: World, probability: float) -> None:
    claim = world.file(world.covered())
    if probability > 0.5:
        world.decide(claim, by=champion(probability))
    with world.database.transaction() as tx:
        withdraw(tx, claim.claim_id, tenant=TENANT, now=NOW)
    assert world.claim(claim.claim_id).state == "withdrawn"
    assert world.rows("SELECT 1 FROM reviews WHERE closed_at IS NULL") == []
    assert world.decide(claim) is None, "a decision that is under way finds nothing to decide"
    with pytest.raises(IllegalStep, match="is withdrawn already; nothing follows"), world.database.transaction() as tx:
        withdraw(tx, claim.claim_id, tenant=TENANT, now=NOW)


def test_money_that_came_back_in_the_wait_is_decided_anew_on_what_is_left(world: World) -> None:
    claim = approved(world)
    first = new_id()
    payout(world, claim, "scheduled", payout_id=first, version=1)
    back = CameBack("police", Fen(440_000), NOW)
    with world.database.transaction() as tx:
        tell_recovery(tx, claim.claim_id, back, tenant=TENANT, now=PAYABLE)
    assert world.claim(claim.claim_id).state == "stopping"
    payout(world, claim, "rejected", payout_id=first, version=2)
    again = world.claim(claim.claim_id)
    assert (again.state, again.round, again.recovered_fen) == ("filed", 2, 440_000)
    assert world.events("claims.submitted")[-1]["round"] == 2
    assert world.decide(again, claim_round=2, now=PAYABLE) == "approved"
    assert [each["amount_fen"] for each in world.events("claims.decided")] == [1_440_000, 1_000_000]
    assert held(world) == (1_000_000, 1_000_000)


def test_money_that_came_back_after_payment_is_the_insurers_up_to_what_it_paid(world: World) -> None:
    claim = approved(world, amount_fen=Fen(6_000_000))
    paid = world.events("claims.decided")[-1]["amount_fen"]
    assert paid < 6_000_000
    payout(world, claim, "paid", payout_id=new_id(), version=3)
    for amount in (4_000_000, 2_000_000):
        with world.database.transaction() as tx:
            tell_recovery(tx, claim.claim_id, CameBack("police", Fen(amount), PAYABLE), tenant=TENANT, now=PAYABLE)
    assert world.claim(claim.claim_id).state == "recovered"
    told = [(each["amount_fen"], each["insurers_fen"]) for each in world.events("claims.recovered")]
    assert told == [(4_000_000, 4_000_000), (2_000_000, paid - 4_000_000)]


def test_no_more_comes_back_than_was_lost(world: World) -> None:
    claim = world.file(world.covered())
    with (
        pytest.raises(InvalidField, match="more came back than was lost") as refused,
        world.database.transaction() as tx,
    ):
        tell_recovery(tx, claim.claim_id, CameBack("bank", Fen(1_440_001), NOW), tenant=TENANT, now=NOW)
    assert refused.value.pointer == "/amount_fen"


def test_documents_that_do_not_come_let_the_claim_lapse_and_open_it_again_when_they_do(world: World) -> None:
    claim = world.file(world.covered(), evidence=(evidence("police_receipt"),))
    assert world.decide(claim) == "documents_requested"
    asked = world.claim(claim.claim_id)
    assert asked.due_at == NOW + WAITS["documents_requested"]
    timers(world, NOW + timedelta(days=29))
    assert world.claim(claim.claim_id).state == "documents_requested"
    timers(world, NOW + timedelta(days=30))
    assert world.claim(claim.claim_id).state == "lapsed"
    late = NOW + timedelta(days=100)
    with world.database.transaction() as tx:
        add_documents(tx, claim.claim_id, [evidence("transfer_record")], tenant=TENANT, now=late)
    assert world.decide(claim, claim_round=2, now=late) == "approved"


def test_a_claimant_may_have_a_person_decide(world: World) -> None:
    claim = world.file(world.covered())
    with world.database.transaction() as tx:
        want_person(tx, claim.claim_id, tenant=TENANT, now=NOW)
    assert world.decide(claim) == "review"
    assert world.rows("SELECT why FROM decisions") == [("person_wanted",)]


def test_who_has_no_more_documents_may_have_a_person_decide(world: World) -> None:
    claim = world.file(world.covered(), evidence=(evidence("police_receipt"),))
    world.decide(claim)
    with world.database.transaction() as tx:
        want_person(tx, claim.claim_id, tenant=TENANT, now=NOW)
    assert world.decide(claim, claim_round=2) == "review"
    assert world.review(claim.claim_id, "approve", clause=None) == "approved", "a person may waive what is missing"


def test_a_claim_waits_for_its_policy_and_is_decided_when_it_comes(world: World) -> None:
    world.publish()
    person = world.person()
    claim = world.file(person)
    assert (claim.state, claim.due_at) == ("waiting_for_policy", NOW + WAITS["waiting_for_policy"])
    timers(world, NOW + timedelta(hours=1))
    assert world.events("claims.submitted") == []
    with world.database.transaction() as tx:
        coverage_rows.keep(tx, [world.chunk([person])])
    timers(world, NOW + timedelta(hours=1))
    assert world.claim(claim.claim_id).state == "filed"
    assert world.decide(claim) == "approved"


def test_a_claim_on_a_policy_that_never_comes_goes_to_a_person_who_can_only_refuse_it(world: World) -> None:
    stranger = world.person()
    claim = world.file(Person(PolicyId(new_id()), stranger.document_number, stranger.phone))
    timers(world, NOW + WAITS["waiting_for_policy"])
    assert world.claim(claim.claim_id).state == "in_review"
    with pytest.raises(CoverRuleStands, match="policy_unknown"):
        world.review(claim.claim_id, "approve")
    with pytest.raises(InvalidFields) as refusal:
        world.review(claim.claim_id, "refuse", clause="2.4")
    assert [each.pointer for each in refusal.value.faults] == ["/clause"]
    assert world.review(claim.claim_id, "refuse", clause="policy_unknown") == "refused"


def test_a_policy_that_comes_after_a_person_was_asked_has_its_claim_decided_after_all(world: World) -> None:
    world.publish()
    person = world.person()
    claim = world.file(person)
    late = NOW + WAITS["waiting_for_policy"]
    timers(world, late)
    assert world.claim(claim.claim_id).state == "in_review"
    with pytest.raises(IllegalStep):
        world.ask(claim.claim_id, "identity")
    with world.database.transaction() as tx:
        coverage_rows.keep(tx, [world.chunk([person])])
    with pytest.raises(Unready):
        world.review(claim.claim_id, "approve")
    timers(world, late)
    again = world.claim(claim.claim_id)
    assert (again.state, again.round) == ("filed", 2)
    assert world.rows("SELECT 1 FROM reviews WHERE closed_at IS NULL") == []


def test_an_appeal_without_a_policy_goes_to_a_person_at_once(world: World) -> None:
    stranger = world.person()
    claim = world.file(Person(PolicyId(new_id()), stranger.document_number, stranger.phone))
    timers(world, NOW + WAITS["waiting_for_policy"])
    world.review(claim.claim_id, "refuse", clause="policy_unknown")
    with world.database.transaction() as tx:
        appeal(tx, claim.claim_id, "保单是真的。", tenant=TENANT, personal_data=world.personal_data, now=NOW)
    assert world.claim(claim.claim_id).state == "in_review"
    refusal = world.review(claim.claim_id, "refuse", clause="policy_unknown", reviewer="reviewer-wang")
    assert refusal == "refused"


def refused(world: World) -> Claim:
    claim = world.file(world.covered())
    world.decide(claim, by=champion(0.9))
    world.review(claim.claim_id, "refuse")
    return world.claim(claim.claim_id)


def appealed(world: World, claim_id: ClaimId, claim_round: int) -> None:
    with world.database.transaction() as tx:
        appeal(tx, claim_id, "还有证据。", tenant=TENANT, personal_data=world.personal_data, now=NOW)
    assert world.claim(claim_id).state == "appealed"
    assert world.decide(world.claim(claim_id), claim_round=claim_round) == "review"


def test_two_appeals_are_decided_by_others_the_last_by_a_senior_and_then_it_is_over(world: World) -> None:
    claim = refused(world)
    appealed(world, claim.claim_id, 2)
    world.review(claim.claim_id, "refuse", reviewer="reviewer-wang")
    appealed(world, claim.claim_id, 3)
    with pytest.raises(SeniorDecides):
        world.review(claim.claim_id, "refuse", reviewer="reviewer-zhou")
    world.review(claim.claim_id, "refuse", reviewer="director-chen", senior=True)
    timers(world, NOW)
    assert world.claim(claim.claim_id).state == "closed"
    with pytest.raises(NotAppealable), world.database.transaction() as tx:
        appeal(tx, claim.claim_id, "不服。", tenant=TENANT, personal_data=world.personal_data, now=NOW)


def test_a_refusal_that_nobody_appeals_is_closed_after_two_years(world: World) -> None:
    claim = refused(world)
    timers(world, NOW + timedelta(days=729))
    assert world.claim(claim.claim_id).state == "refused"
    timers(world, NOW + timedelta(days=730))
    assert world.claim(claim.claim_id).state == "closed"


def test_workers_that_run_timers_at_once_move_each_claim_once(world: World, database: Database) -> None:
    claims = [world.file(world.covered(), evidence=()) for _ in range(5)]
    for claim in claims:
        world.decide(claim)
    later = NOW + timedelta(days=30)
    with database.transaction() as tx:
        tx.all("SELECT 1 FROM claims WHERE claim_id = %s FOR UPDATE", (claims[0].claim_id,))
        timers(world, later)
        assert sorted(world.claim(each.claim_id).state for each in claims) == ["documents_requested", *["lapsed"] * 4]
    timers(world, later)
    assert {world.claim(each.claim_id).state for each in claims} == {"lapsed"}


def test_a_person_asks_for_documents_once_and_may_decide_afterwards(world: World) -> None:
    claim = world.file(world.covered())
    world.decide(claim, by=champion(0.9))
    world.ask(claim.claim_id, "chat_record", "identity", due_at=NOW + timedelta(days=7))
    asked = world.claim(claim.claim_id)
    assert (asked.state, asked.due_at) == ("documents_requested", NOW + timedelta(days=7))
    assert world.events("claims.decided")[-1]["outcome"] == "documents_requested"
    with world.database.transaction() as tx:
        add_documents(tx, claim.claim_id, [evidence("chat_record")], tenant=TENANT, now=NOW)
    assert world.decide(claim, by=champion(0.9), claim_round=2) == "review"
    with pytest.raises(AskedBefore):
        world.ask(claim.claim_id, "identity", reviewer="reviewer-wang")
    assert world.review(claim.claim_id, "approve", clause=None) == "approved"


def test_where_the_police_are_waited_for_in_vain_a_person_decides(world: World) -> None:
    claim = world.file(world.covered())
    world.decide(claim, by=champion(0.9))
    world.ask(claim.claim_id, "police_receipt")
    waiting = world.claim(claim.claim_id)
    assert (waiting.state, waiting.due_at) == ("waiting_for_police", NOW + timedelta(days=60))
    timers(world, NOW + timedelta(days=60))
    assert world.decide(claim, claim_round=2) == "review"
    assert world.rows("SELECT why FROM decisions WHERE round = 2") == [("police_overdue",)]


@pytest.mark.parametrize("days", [0, 31], ids=["no future", "too long"])
def test_a_claimant_is_given_a_date_that_is_one(world: World, days: int) -> None:
    claim = world.file(world.covered())
    world.decide(claim, by=champion(0.9))
    with pytest.raises(InvalidField) as refusal:
        world.ask(claim.claim_id, "identity", due_at=NOW + timedelta(days=days))
    assert refusal.value.pointer == "/due_at"
    assert world.claim(claim.claim_id).state == "in_review"


def test_for_the_claim_of_a_person_who_was_forgotten_nothing_new_is_kept(world: World) -> None:
    person = world.covered()
    claim = world.file(person, evidence=(evidence("police_receipt"),))
    world.decide(claim)
    later = NOW + timedelta(days=30)
    timers(world, later)
    with world.database.transaction() as tx:
        erase(tx, [person.policy_id], erased_at=later)
    with pytest.raises(PolicyErased), world.database.transaction() as tx:
        add_documents(tx, claim.claim_id, [evidence("transfer_record")], tenant=TENANT, now=later)
    with pytest.raises(PolicyErased), world.database.transaction() as tx:
        add_papers(tx, claim.claim_id, [RECEIPT], tenant=TENANT, personal_data=world.personal_data, now=later)
    with pytest.raises(PolicyErased), world.database.transaction() as tx:
        write_note(tx, claim.claim_id, "看过。", written_by="reviewer-li", personal_data=world.personal_data, now=later)
    assert world.claim(claim.claim_id).state == "lapsed"


def test_a_paper_of_the_police_that_is_told_is_the_receipt_that_was_asked_for(world: World) -> None:
    claim = world.file(world.covered(), evidence=(evidence("transfer_record"),))
    assert world.decide(claim) == "documents_requested"
    with world.database.transaction() as tx:
        add_papers(tx, claim.claim_id, [RECEIPT], tenant=TENANT, personal_data=world.personal_data, now=NOW)
    assert world.claim(claim.claim_id).state == "filed"
    assert world.decide(claim, claim_round=2) == "approved"


def test_payout_hears_that_a_claim_it_heard_of_is_given_up(world: World) -> None:
    """It keeps the account that the claim named until nobody decides on the claim any more."""
    in_review, lapsed = world.file(world.covered()), world.file(world.covered(), evidence=())
    world.decide(in_review, by=champion(0.9))
    world.decide(lapsed)
    with world.database.transaction() as tx:
        withdraw(tx, in_review.claim_id, tenant=TENANT, now=NOW)
    timers(world, NOW + timedelta(days=30))
    told = [(each["claim_id"], each["reason"]) for each in world.events("claims.stopped")]
    assert told == [(in_review.claim_id, "withdrawn"), (lapsed.claim_id, "closed")]
