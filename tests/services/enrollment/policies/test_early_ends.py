"""Policies that end early: one, with the renewal that waits for it, and thousands by file."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest

from services.enrollment.files.intake import lines
from services.enrollment.files.usecases.load_batch import load_next_part
from services.enrollment.partners.usecases.contracts import contract_of
from services.enrollment.people.domain.policies import Policy
from services.enrollment.policies.domain.errors import NotInForce
from services.enrollment.policies.store import outcomes
from services.enrollment.policies.usecases.end_policies import end_policies
from services.enrollment.policies.usecases.expire_policies import expire_some
from services.enrollment.policies.usecases.renew_policies import RenewalOrder, renew_policies
from services.enrollment.policies.usecases.run_renewals import start_renewals
from services.enrollment.policies.usecases.work_off_wind_downs import work_off_wind_downs
from shared.events.policies import PoliciesCanceled, PolicyCanceled
from shared.values.ids import BatchId
from tests.services.enrollment.builders import NOW, PRODUCT, Partner, csv, decided, faults, load_all, paid, row
from tests.services.enrollment.partners.wind_down import EAST, WEST, end, until_listing, work_off
from tests.services.enrollment.people.opt_outs import wait_until_somebody_waits
from tests.services.enrollment.policies.lifecycle import BEGINS, ENDS, SHORTLY_BEFORE, Office
from tests.services.enrollment.webhooks.receiver import Receiver
from tests.services.enrollment.webhooks.webhooks import add

HEADER = "partner_reference,reason"
SHORTLY = timedelta(milliseconds=4)


def roster(office: Office, people: int) -> None:
    office.send("enrollment", csv([row(n) for n in range(people)]).decode().splitlines(), now=NOW)


def money(office: Office) -> tuple[int, int, int]:
    """Premium, tax and compensation given back so far."""
    with office.database.transaction() as tx:
        found = tx.one(
            "SELECT coalesce(sum(refund_fen), 0)::int, coalesce(sum(tax_refund_fen), 0)::int,"
            " coalesce(sum(compensation_refund_fen), 0)::int FROM cancellations"
        )
    assert found is not None
    return found[0], found[1], found[2]


def test_a_policy_that_ends_half_way_gives_back_premium_and_commission_in_proportion(office: Office) -> None:
    policy = office.enroll(1)
    ended = office.cancel(policy, now=BEGINS + timedelta(days=181))
    assert (ended.state, ended.version, ended.effective_to) == ("canceled", 2, BEGINS + timedelta(days=181))
    assert money(office) == (1200 * 183 // 365, 0, 180 * 601 // 1200)


def test_a_policy_that_has_not_begun_is_undone_to_the_fen(office: Office) -> None:
    office.cancel(office.enroll(1), now=NOW)
    assert money(office) == (1200, 0, 180)


def test_a_renewal_that_waits_falls_with_its_predecessor_and_is_given_back_whole(
    office: Office, environ: dict[str, str]
) -> None:
    policy = office.enroll(1)
    office.send("renewal", ["partner_reference", "sub-000000001"], now=SHORTLY_BEFORE)
    office.cancel(policy, now=SHORTLY_BEFORE)
    successor = office.successor(policy)
    assert (successor.state, successor.effective_to) == ("canceled", ENDS)
    told = office.told(PolicyCanceled)
    assert {event.policy_id: event.refund_fen for event in told} == {
        policy.policy_id: 1200 * 29 // 365,
        successor.policy_id: 1200,
    }
    assert faults(office.database, environ) == []


def test_a_renewal_may_be_canceled_alone_and_its_predecessor_runs_to_its_end(
    office: Office, environ: dict[str, str]
) -> None:
    policy = office.enroll(1)
    office.send("renewal", ["partner_reference", "sub-000000001"], now=SHORTLY_BEFORE)
    office.cancel(office.successor(policy), now=SHORTLY_BEFORE)
    assert office.policy(policy.policy_id).state == "in_force"
    office.end_terms(ENDS)
    assert (office.policy(policy.policy_id).state, office.successor(policy).state) == ("expired", "canceled")
    for asked, said in ((SHORTLY_BEFORE, "already_renewed"), (ENDS, "lapsed")):
        again = office.send("renewal", ["partner_reference", "sub-000000001"], now=asked)
        assert office.codes(again) == [(2, said)]
    assert faults(office.database, environ) == []


@pytest.mark.parametrize("written_down", [True, False])
def test_canceling_a_policy_whose_term_is_over_is_refused_and_leaves_its_renewal_alone(
    office: Office, environ: dict[str, str], *, written_down: bool
) -> None:
    """``written_down``: the job that ends terms has been there already, or comes after it."""
    policy = office.enroll(1)
    office.send("renewal", ["partner_reference", "sub-000000001"], now=SHORTLY_BEFORE)
    late = ENDS + timedelta(seconds=2)
    if written_down:
        office.end_terms(late)
    with pytest.raises(NotInForce, match="expired"):
        office.cancel(policy, now=late)
    office.end_terms(late)
    assert (office.policy(policy.policy_id).state, office.successor(policy).state) == ("expired", "in_force")
    assert money(office) == (0, 0, 0)
    assert faults(office.database, environ) == []


def test_nothing_is_given_back_where_a_claim_was_paid(office: Office) -> None:
    policy = office.enroll(1)
    with office.database.transaction() as tx:
        outcomes.note_payout(tx, paid(policy.policy_id))
    office.cancel(policy, now=BEGINS)
    assert money(office) == (0, 0, 0)


def test_nothing_is_given_back_between_a_claim_s_approval_and_its_payment(office: Office) -> None:
    policy, refused = office.enroll(1), office.enroll(2)
    with office.database.transaction() as tx:
        outcomes.note_claim(tx, decided(policy.policy_id, outcome="approved", amount_fen=100))
        outcomes.note_claim(tx, decided(refused.policy_id, outcome="refused"))
    office.cancel(policy, now=BEGINS)
    assert money(office) == (0, 0, 0)
    office.cancel(refused, now=BEGINS)
    assert money(office)[0] > 0


def test_a_file_takes_people_off_the_roster_and_each_row_that_cannot_be_done_is_told_why(
    office: Office, environ: dict[str, str]
) -> None:
    roster(office, 10)
    office.enroll(20, partner_reference="twice")
    office.enroll(21, partner_reference="twice")
    lines = [
        HEADER,
        "sub-000000001,number_closed",
        "sub-000000002,",
        "sub-000000003,moved to the moon",
        "unknown,opt_out",
        "twice,opt_out",
        "sub-000000001,opt_out",
        "13912345678,opt_out",
        "sub-000000004,opt_out,more",
    ]
    batch = office.send("removal", lines, now=BEGINS)
    assert office.counts(batch) == ("finished", 2, 6)
    assert office.codes(batch) == [
        (4, "reason_invalid"),
        (5, "not_covered"),
        (6, "reference_ambiguous"),
        (7, "opted_out_noted"),
        (8, "not_covered"),
        (9, "columns_wrong"),
    ]
    assert [each.partner_reference for each in office.rejections(batch)] == [
        "sub-000000003",
        "unknown",
        "twice",
        "sub-000000001",
        None,
        None,
    ]
    with office.database.transaction() as tx:
        assert tx.all("SELECT reason FROM cancellations ORDER BY 1") == [("number_closed",), ("partner_request",)]
    assert faults(office.database, environ) == []


def test_thousands_who_leave_are_announced_a_chunk_at_a_time(office: Office, environ: dict[str, str]) -> None:
    roster(office, 1500)
    lines = ["partner_reference", *(f"sub-{n:09d}" for n in range(1500))]
    batch = office.send("removal", lines, now=BEGINS + timedelta(days=181))
    assert office.counts(batch) == ("finished", 1500, 0)
    chunks = office.told(PoliciesCanceled)
    assert [len(chunk.policies.version) for chunk in chunks] == [1000, 500]
    assert sum(sum(chunk.policies.refund_fen) for chunk in chunks) == money(office)[0] == 1500 * 601
    assert len({each for chunk in chunks for each in chunk.policies.policy_ids}) == 1500
    assert office.told(PolicyCanceled) == []
    assert faults(office.database, environ) == []


def test_a_file_that_is_killed_at_any_moment_ends_with_the_same_policies_and_events(
    office: Office, environ: dict[str, str]
) -> None:
    roster(office, 30)
    batch = office.receive("removal", ["partner_reference", *(f"sub-{n:09d}" for n in range(30))], now=BEGINS)
    with pytest.raises(RuntimeError, match="killed"), office.database.transaction() as tx:
        assert load_next_part(tx, vault=office.vault, now=BEGINS, sandbox=True)
        raise RuntimeError("killed")
    assert office.told(PoliciesCanceled) == []
    load_all(office.database, office.vault, now=BEGINS)
    again = office.send("removal", ["partner_reference", *(f"sub-{n:09d}" for n in range(30))], now=BEGINS)
    assert (office.counts(batch), office.counts(again)) == (("finished", 30, 0), ("finished", 0, 30))
    assert {code for _, code in office.codes(again)} == {"already_ended"}
    assert sum(len(chunk.policies.version) for chunk in office.told(PoliciesCanceled)) == 30
    assert faults(office.database, environ) == []


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_person_who_stands_in_a_file_twice_leaves_once_whichever_parts_the_rows_are_in(
    office: Office, monkeypatch: pytest.MonkeyPatch, *, dry_run: bool
) -> None:
    monkeypatch.setattr(lines, "PART_ROWS", 2)
    roster(office, 3)
    file = ["partner_reference", "sub-000000001", "unknown", "sub-000000001", "sub-000000002", "sub-000000001"]
    batch = office.send("removal", file, now=BEGINS, dry_run=dry_run)
    assert office.codes(batch) == [(3, "not_covered"), (4, "already_ended"), (6, "already_ended")]
    assert office.counts(batch) == ("finished", 2, 3)


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_row_that_stands_in_a_file_twice_is_told_the_same_unless_the_first_one_ended_the_policy(
    office: Office, *, dry_run: bool
) -> None:
    roster(office, 2)
    office.enroll(20, partner_reference="twice")
    office.enroll(21, partner_reference="twice")
    named = ["unknown,", "unknown,opt_out", "twice,", "twice,", "sub-000000001,", "sub-000000001,"]
    batch = office.send("removal", [HEADER, *named], now=BEGINS, dry_run=dry_run)
    assert office.codes(batch) == [
        (2, "not_covered"),
        (3, "not_covered"),
        (4, "reference_ambiguous"),
        (5, "reference_ambiguous"),
        (7, "already_ended"),
    ]
    assert office.counts(batch) == ("finished", 1, 5)


def test_a_row_that_ends_nothing_without_a_reference_says_so_however_often(office: Office) -> None:
    roster(office, 2)
    lines = [HEADER, ",opt_out", ",", "=1+1,", "=1+1,", ",moved to the moon", "sub-000000001,"]
    batch = office.send("removal", lines, now=BEGINS)
    assert office.codes(batch) == [
        (2, "reference_missing"),
        (3, "reference_missing"),
        (4, "reference_invalid"),
        (5, "reference_invalid"),
        (6, "reference_missing"),
    ]
    assert {each.partner_reference for each in office.rejections(batch)} == {None}
    assert office.counts(batch) == ("finished", 1, 5)


def test_a_dry_run_says_who_would_leave_and_ends_nothing(office: Office, environ: dict[str, str]) -> None:
    roster(office, 3)
    batch = office.send("removal", ["partner_reference", "sub-000000001", "unknown"], now=BEGINS, dry_run=True)
    assert office.counts(batch) == ("finished", 1, 1)
    assert money(office) == (0, 0, 0)
    assert faults(office.database, environ) == []


def test_what_is_over_already_is_passed_over(office: Office) -> None:
    policy = office.enroll(1)
    for moment in (ENDS, ENDS + timedelta(days=1)):
        with office.database.transaction() as tx:
            assert end_policies(tx, {policy.policy_id: "other"}, actor="test", now=moment) == []


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("UPDATE cancellations SET refund_fen = 1201", "more than it was charged"),
        ("UPDATE cancellations SET compensation_refund_fen = 181", "more than it was charged"),
        ("UPDATE cancellations SET batch_id = NULL", "0 policies ended"),
    ],
)
def test_verify_finds_money_and_rows_that_do_not_add_up(
    office: Office, environ: dict[str, str], damage: str, said: str
) -> None:
    office.enroll(1)
    office.send("removal", ["partner_reference", "sub-000000001"], now=NOW)
    with office.database.transaction() as tx:
        tx.execute(damage)
    assert any(said in fault for fault in faults(office.database, environ))


def test_a_removal_ends_cover_when_its_file_came_however_late_a_worker_comes_to_it(office: Office) -> None:
    policy = office.enroll(1)
    asked, done = BEGINS + timedelta(days=181), BEGINS + timedelta(days=200)
    office.receive("removal", [HEADER, "sub-000000001,"], now=asked)
    load_all(office.database, office.vault, now=done)
    ended = office.policy(policy.policy_id)
    assert (ended.state, ended.effective_to) == ("canceled", asked)
    assert money(office)[0] == 1200 * 183 // 365
    (told,) = office.told(PolicyCanceled)
    assert (told.effective_to, told.canceled_at) == (asked, done)


def renewed_and_listed_for_removal(office: Office, *, received: datetime) -> tuple[Policy, BatchId]:
    """A policy with a renewal that waits, and a file that takes the person off; nobody has come to it yet."""
    policy = office.enroll(1)
    office.send("renewal", ["partner_reference", policy.partner_reference], now=SHORTLY_BEFORE)
    return policy, office.receive("removal", [HEADER, f"{policy.partner_reference},"], now=received)


@pytest.mark.parametrize("job_comes_first", [True, False])
@pytest.mark.parametrize("seconds", [-2, 2])
def test_a_removal_at_the_end_of_a_term_ends_the_renewal_and_says_so_whenever_the_job_comes(
    office: Office, environ: dict[str, str], *, seconds: int, job_comes_first: bool
) -> None:
    received = ENDS + timedelta(seconds=seconds)
    policy, batch = renewed_and_listed_for_removal(office, received=received)
    if job_comes_first:
        office.end_terms(ENDS + timedelta(seconds=3))
    load_all(office.database, office.vault, now=ENDS + timedelta(seconds=4))
    office.end_terms(ENDS + timedelta(seconds=5))
    assert (office.counts(batch), office.codes(batch)) == (("finished", 1, 0), [])
    ran_when_the_file_came = seconds < 0 and not job_comes_first
    assert office.policy(policy.policy_id).state == ("canceled" if ran_when_the_file_came else "expired")
    assert office.successor(policy).state == "canceled"
    assert faults(office.database, environ) == []


def test_a_removal_that_waits_for_the_job_ends_the_renewal_that_it_begins(
    office: Office, environ: dict[str, str]
) -> None:
    policy, batch = renewed_and_listed_for_removal(office, received=ENDS - timedelta(seconds=2))
    worker = threading.Thread(target=lambda: load_all(office.database, office.vault, now=ENDS))
    with office.database.transaction() as job:
        assert expire_some(job, now=ENDS)
        worker.start()
        wait_until_somebody_waits(office.database)
    worker.join()
    assert (office.counts(batch), office.codes(batch)) == (("finished", 1, 0), [])
    assert (office.policy(policy.policy_id).state, office.successor(policy).state) == ("expired", "canceled")
    assert money(office) == (1200, 0, 180), "it had not begun when the file came"
    assert faults(office.database, environ) == []


def test_a_removal_that_waits_for_a_renewal_ends_it_too(office: Office, environ: dict[str, str]) -> None:
    policy = office.enroll(1)
    batch = office.receive("removal", [HEADER, f"{policy.partner_reference},"], now=SHORTLY_BEFORE)
    worker = threading.Thread(target=lambda: load_all(office.database, office.vault, now=SHORTLY_BEFORE))
    with office.database.transaction() as tx:
        order = RenewalOrder(
            contract=contract_of(tx, policy.partner_id), product_code=PRODUCT, judged_at=SHORTLY_BEFORE
        )
        renew_policies(tx, [policy.policy_id], order, vault=office.vault, now=SHORTLY_BEFORE)
        worker.start()
        wait_until_somebody_waits(office.database)
    worker.join()
    assert office.counts(batch) == ("finished", 1, 0)
    assert (office.policy(policy.policy_id).state, office.successor(policy).state) == ("canceled", "canceled")


@pytest.mark.parametrize(("enrolled_before", "said"), [(True, "already_ended"), (False, "not_covered")])
@pytest.mark.parametrize("dry_run", [True, False])
def test_a_removal_leaves_alone_who_was_enrolled_after_its_file_came(
    office: Office, environ: dict[str, str], said: str, *, enrolled_before: bool, dry_run: bool
) -> None:
    if enrolled_before:
        office.cancel(office.enroll(1), now=NOW)
    batch = office.receive("removal", [HEADER, "sub-000000001,"], now=NOW, dry_run=dry_run)
    sold_since = office.enroll(1, now=NOW + SHORTLY)
    load_all(office.database, office.vault, now=NOW + SHORTLY)
    assert office.codes(batch) == [(2, said)]
    assert office.counts(batch) == ("finished", 0, 1)
    assert office.policy(sold_since.policy_id).state == "in_force"
    assert faults(office.database, environ) == []


def test_a_removal_of_a_reference_that_was_given_to_a_second_person_since_ends_the_first_ones_cover(
    office: Office,
) -> None:
    meant = office.enroll(1)
    batch = office.receive("removal", [HEADER, "sub-000000001,"], now=NOW)
    other = office.enroll(2, now=NOW + SHORTLY, partner_reference="sub-000000001")
    load_all(office.database, office.vault, now=NOW + SHORTLY)
    assert office.counts(batch) == ("finished", 1, 0)
    assert (office.policy(meant.policy_id).state, office.policy(other.policy_id).state) == ("canceled", "in_force")


def test_a_removal_ends_what_a_file_that_came_before_it_brought_however_late_both_are_worked_off(
    office: Office,
) -> None:
    enrolling = office.receive("enrollment", csv([row(1), row(2)]).decode().splitlines(), now=NOW)
    removing = office.receive("removal", [HEADER, "sub-000000001,"], now=NOW + SHORTLY)
    load_all(office.database, office.vault, now=NOW + timedelta(hours=5))
    assert (office.counts(enrolling), office.counts(removing)) == (("finished", 2, 0), ("finished", 1, 0))


@pytest.mark.parametrize("ordered_before", [True, False])
def test_a_removal_ends_the_renewal_that_went_on_since_with_the_cover_that_it_names(
    office: Office, environ: dict[str, str], *, ordered_before: bool
) -> None:
    policy = office.enroll(1)
    asked = ENDS - timedelta(days=2)
    if ordered_before:
        office.send("renewal", ["partner_reference", "sub-000000001"], now=asked - SHORTLY)
    batch = office.receive("removal", [HEADER, "sub-000000001,"], now=asked)
    if not ordered_before:
        with office.database.transaction() as tx:
            start_renewals(tx, EAST, PRODUCT, ENDS.date(), actor="test", now=asked + SHORTLY)
        office.work_off_renewals(asked + SHORTLY)
    office.end_terms(ENDS)
    load_all(office.database, office.vault, now=ENDS + SHORTLY)
    assert office.counts(batch) == ("finished", 1, 0)
    successor = office.successor(policy)
    assert (successor.state, successor.effective_to) == ("canceled", successor.effective_from)
    assert faults(office.database, environ) == []


def test_a_removal_does_not_mean_a_policy_that_moved_to_the_partner_after_the_file_came(
    office: Office, environ: dict[str, str]
) -> None:
    """Two partners may use the same reference for different people."""
    theirs = office.enroll(1, tenant="telecom-west", partner_reference="1001")
    batch = office.receive("removal", [HEADER, "1001,", "1001,opt_out"], now=NOW)
    end(office.database, WEST, EAST)
    work_off(office.database, now=NOW + SHORTLY)
    load_all(office.database, office.vault, now=NOW + SHORTLY)
    assert office.codes(batch) == [(2, "not_covered"), (3, "not_covered")]
    moved = office.policy(theirs.policy_id)
    assert (moved.partner_id, moved.state) == (EAST, "in_force")
    assert faults(office.database, environ) == []


@pytest.mark.parametrize("reason", ["", "opt_out"])
@pytest.mark.parametrize("renewed", [True, False])
def test_a_removal_that_came_before_the_policy_moved_is_done_and_its_new_partner_is_told(
    office: Office, environ: dict[str, str], west: Partner, receiver: Receiver, reason: str, *, renewed: bool
) -> None:
    add(west, receiver)
    policy = office.enroll(1)
    now = NOW
    if renewed:
        now = SHORTLY_BEFORE
        office.send("renewal", ["partner_reference", policy.partner_reference], now=now)
    until_listing(office.database, now=now)
    batch = office.receive("removal", [HEADER, f"sub-000000001,{reason}"], now=now)
    work_off(office.database, now=now + SHORTLY)
    load_all(office.database, office.vault, now=now + SHORTLY)
    assert office.counts(batch) == ("finished", 1, 0)
    ended = office.policy(policy.policy_id)
    assert (ended.partner_id, ended.state, ended.effective_to) == (WEST, "canceled", max(now, BEGINS))
    with office.database.transaction() as tx:
        told = tx.all("SELECT type, count(*) FROM webhook_deliveries GROUP BY 1")
    assert told == [("policy.canceled", 2 if renewed else 1)]
    assert faults(office.database, environ) == []


def test_a_removal_that_waits_for_the_move_ends_the_policy_and_its_new_partner_is_told(
    office: Office, environ: dict[str, str], west: Partner, receiver: Receiver
) -> None:
    add(west, receiver)
    policy = office.enroll(1)
    until_listing(office.database, now=NOW)
    batch = office.receive("removal", [HEADER, "sub-000000001,"], now=NOW + SHORTLY)
    worker = threading.Thread(target=lambda: load_all(office.database, office.vault, now=NOW + SHORTLY))
    with office.database.transaction() as tx:
        assert work_off_wind_downs(tx, now=NOW + SHORTLY)
        worker.start()
        wait_until_somebody_waits(office.database)
    worker.join()
    ended = office.policy(policy.policy_id)
    assert (office.counts(batch), ended.partner_id, ended.state) == (("finished", 1, 0), WEST, "canceled")
    with office.database.transaction() as tx:
        assert tx.all("SELECT type FROM webhook_deliveries") == [("policy.canceled",)]
    assert faults(office.database, environ) == []


def test_a_removal_that_comes_after_the_policy_moved_does_not_mean_it(office: Office) -> None:
    policy = office.enroll(1)
    end(office.database, EAST, WEST)
    work_off(office.database, now=NOW)
    late = office.send("removal", [HEADER, "sub-000000001,"], now=NOW + SHORTLY)
    assert office.codes(late) == [(2, "not_covered")]
    assert office.policy(policy.policy_id).state == "in_force"


def test_a_policy_that_a_removal_ends_for_the_partner_that_has_it_is_not_told_one_by_one(
    office: Office, east: Partner, receiver: Receiver
) -> None:
    add(east, receiver, types=["policy.canceled"])
    office.enroll(1)
    office.send("removal", [HEADER, "sub-000000001,"], now=NOW)
    with office.database.transaction() as tx:
        assert tx.all("SELECT type FROM webhook_deliveries") == []
