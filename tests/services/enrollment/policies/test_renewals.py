"""Policies that go on without a gap: by file, by a window, alone and at the same moment as something else."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import msgspec
import psycopg2
import pytest
from structlog.testing import capture_logs

from services.enrollment.files.intake import lines
from services.enrollment.partners.usecases.contracts import contract_of
from services.enrollment.people.domain.policies import Insured, Policy
from services.enrollment.people.store import opt_outs
from services.enrollment.policies.domain.renewals import RENEWAL_CODES, fault
from services.enrollment.policies.store import erasures, renewals
from services.enrollment.policies.usecases.renew_policies import RenewalOrder, renew_policies
from services.enrollment.policies.usecases.run_renewals import start_renewals, work_off_renewals
from services.enrollment.policies.usecases.vault import Vault
from services.enrollment.products.store import products
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.events.policies import PoliciesEnrolled
from shared.process.new_ids import new_id
from shared.values.errors import InvalidField
from shared.values.ids import EventId, PartnerId
from tests import clock
from tests.services.enrollment.builders import NOW, PRODUCT, Partner, body, csv, faults, id_number, load_all, row
from tests.services.enrollment.policies.lifecycle import BEGINS, ENDS, SHORTLY_BEFORE, Office

HEADER = "partner_reference"
FIRST = "sub-000000001"
DAMAGE = "UPDATE policy_chunks SET sealed = overlay(sealed placing '\\x00000000'::bytea from length(sealed) - 4) "
FORGET_KEY = "UPDATE data_keys SET wrapping_key = 250 WHERE id = (SELECT min(id) FROM data_keys)"
"""Of what was sealed first, the settings have no key."""


def test_a_renewal_goes_on_where_its_predecessor_ends_and_waiting_is_not_begun_anew(
    office: Office, environ: dict[str, str]
) -> None:
    policy = office.enroll(1)
    batch = office.send("renewal", [HEADER, FIRST], now=SHORTLY_BEFORE)
    assert office.counts(batch) == ("finished", 1, 0)
    successor = office.successor(policy)
    assert (successor.state, successor.renews) == ("upcoming", policy.policy_id)
    assert (successor.effective_from, successor.effective_to) == (ENDS, ENDS + timedelta(days=365))
    assert successor.waits_from == BEGINS
    with office.database.transaction() as tx:
        assert office.vault.insured(tx, successor) == office.vault.insured(tx, policy)
    told = office.told(PoliciesEnrolled)[-1]
    assert told.policies.policy_ids == [successor.policy_id]
    assert told.policies.renews is not None
    assert told.policies.waits_from == [BEGINS]
    assert faults(office.database, environ) == []


def test_a_third_term_still_waits_from_the_first_one(office: Office) -> None:
    policy = office.enroll(1)
    office.send("renewal", [HEADER, FIRST], now=SHORTLY_BEFORE)
    office.end_terms(ENDS)
    office.send("renewal", [HEADER, FIRST], now=SHORTLY_BEFORE + timedelta(days=365))
    third = office.successor(office.successor(policy))
    assert third.waits_from == BEGINS


def test_rows_that_cannot_be_renewed_are_told_why_and_the_others_are_renewed(
    office: Office, environ: dict[str, str]
) -> None:
    for n in range(1, 6):
        office.enroll(n)
    office.cancel(office.enroll(6), now=NOW)
    renewed = office.enroll(7)
    office.send("renewal", [HEADER, "sub-000000007"], now=SHORTLY_BEFORE)
    leaving = office.enroll(8)
    with office.database.transaction() as tx:
        token = erasures.token_of(tx, leaving.policy_id)
        opt_outs.add(tx, [token], opted_out_at=NOW, channel="app", recorded_by="test")
    lines = [
        HEADER,
        FIRST,
        "unknown",
        "sub-000000006",
        "sub-000000007",
        "sub-000000008",
        FIRST,
        '"broken',
        "sub-000000002",
    ]
    batch = office.send("renewal", lines, now=SHORTLY_BEFORE)
    assert office.counts(batch) == ("finished", 2, 6)
    assert office.codes(batch) == [
        (3, "not_covered"),
        (4, "lapsed"),
        (5, "already_renewed"),
        (6, "opted_out"),
        (7, "already_renewed"),
        (8, "columns_wrong"),
    ]
    assert all(each.fault.detail and each.fault.fix for each in office.rejections(batch))
    assert office.successor(renewed).state == "upcoming"
    with office.database.transaction() as tx:
        tx.execute("DELETE FROM opt_outs")
    assert faults(office.database, environ) == []


def test_a_gap_is_no_continuity(office: Office) -> None:
    office.enroll(1)
    late = office.send("renewal", [HEADER, FIRST], now=ENDS)
    assert office.codes(late) == [(2, "lapsed")]
    office.end_terms(ENDS)
    later = office.send("renewal", [HEADER, FIRST], now=ENDS + timedelta(days=1))
    assert office.codes(later) == [(2, "lapsed")]


def test_the_records_of_a_chunk_are_opened_once_however_its_people_are_spread_over_the_file(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file in another order than that of the enrollment names people of thousands of chunks."""
    for first in (0, 10):
        office.send("enrollment", csv([row(n) for n in range(first, first + 10)]).decode().splitlines(), now=NOW)
    opened: list[str] = []
    everyone = Vault.everyone

    def counted(vault: Vault, tx: Tx, chunk_id: str) -> list[Insured]:
        opened.append(chunk_id)
        return everyone(vault, tx, chunk_id)

    monkeypatch.setattr(Vault, "everyone", counted)
    mixed = [f"sub-{n:09d}" for pair in zip(range(10), range(10, 20), strict=True) for n in pair]
    batch = office.send("renewal", [HEADER, *mixed], now=SHORTLY_BEFORE)
    assert office.counts(batch) == ("finished", 20, 0)
    assert len(opened) == 2


@pytest.fixture(params=["damaged", "of a key that the settings lack"])
def unreadable(request: pytest.FixtureRequest, office: Office) -> Policy:
    """A policy whose sealed record does not open."""
    policy = office.enroll(1)
    with office.database.transaction() as tx:
        if request.param == "damaged":
            tx.execute(DAMAGE + "WHERE chunk_id = %s", (policy.chunk_id,))
        else:
            tx.execute(FORGET_KEY)
    return policy


def test_a_record_that_does_not_open_stops_no_run(office: Office, unreadable: Policy) -> None:
    """Neither its own nor another partner's; it is left out, and may be renewed once it opens again."""
    beside, elsewhere = office.enroll(2), office.enroll(3, tenant="telecom-west")
    with office.database.transaction() as tx:
        run, _ = [
            start_renewals(tx, PartnerId(tenant), PRODUCT, ENDS.date(), actor="t", now=SHORTLY_BEFORE)
            for tenant in ("telecom-east", "telecom-west")
        ]
    with capture_logs() as logs:
        office.work_off_renewals(SHORTLY_BEFORE)
    for policy in (beside, elsewhere):
        assert office.successor(policy).state == "upcoming"
    assert office.policy(unreadable.policy_id).renewed_by is None
    with office.database.transaction() as tx:
        (skip,) = renewals.skips(tx, run.run_id, after=None, limit=10)
        assert tx.all("SELECT DISTINCT state FROM renewal_runs") == [("finished",)]
    assert (skip.policy_id, skip.code) == (unreadable.policy_id, "record_unreadable")
    (said,) = [each for each in logs if each["event"] == "records_unreadable"]
    assert (said["chunk_id"], said["log_level"]) == (unreadable.chunk_id, "error")


def test_a_record_that_does_not_open_is_one_rejected_row_of_its_file(office: Office, unreadable: Policy) -> None:
    beside = office.enroll(2)
    batch = office.send("renewal", [HEADER, FIRST, "sub-000000002"], now=SHORTLY_BEFORE)
    assert office.counts(batch) == ("finished", 1, 1)
    assert office.codes(batch) == [(2, "record_unreadable")]
    assert office.successor(beside).state == "upcoming"
    assert office.policy(unreadable.policy_id).renewed_by is None


def test_all_of_a_chunk_that_does_not_open_are_left_out_and_it_is_said_once(office: Office) -> None:
    office.send("enrollment", csv([row(n) for n in range(1, 4)]).decode().splitlines(), now=NOW)
    office.enroll(4)
    with office.database.transaction() as tx:
        tx.execute(DAMAGE + "WHERE policies = 3")
    with capture_logs() as logs:
        batch = office.send("renewal", [HEADER, *(f"sub-{n:09d}" for n in range(1, 5))], now=SHORTLY_BEFORE)
    assert office.codes(batch) == [(line, "record_unreadable") for line in (2, 3, 4)]
    assert office.counts(batch) == ("finished", 1, 3)
    assert [each["event"] for each in logs].count("records_unreadable") == 1


def test_it_is_too_early_until_the_last_quarter_of_the_term(office: Office) -> None:
    office.enroll(1)
    early = office.send("renewal", [HEADER, FIRST], now=ENDS - timedelta(days=91))
    assert office.codes(early) == [(2, "too_early")]
    assert office.counts(office.send("renewal", [HEADER, FIRST], now=ENDS - timedelta(days=90)))[1] == 1


def test_who_is_too_old_on_the_first_day_of_the_new_term_is_left_out_to_the_day(office: Office) -> None:
    with office.database.transaction() as tx:
        oldest = products.sold_now(tx, PRODUCT, NOW)
    assert oldest is not None
    year = 2027 - oldest.terms.age_max - 1
    office.enroll(1, document_number=id_number(1, born=f"{year}0302"))  # a year too old on 2 March 2027
    office.enroll(2, document_number=id_number(2, born=f"{year}0303"))  # a day later
    office.enroll(3, document_type="passport", document_number="E12345678", birth_date=f"{year}-03-02")
    batch = office.send("renewal", [HEADER, FIRST, "sub-000000002", "sub-000000003"], now=SHORTLY_BEFORE)
    assert office.codes(batch) == [(2, "age_outside"), (4, "age_outside")]
    assert office.counts(batch) == ("finished", 1, 2)


def test_a_renewal_is_sold_under_the_version_of_its_first_day_and_not_of_today(
    office: Office, environ: dict[str, str], owner: Database
) -> None:
    policy = office.enroll(1)
    with owner.transaction() as tx:
        sold = products.sold_now(tx, PRODUCT, NOW)
        assert sold is not None
        dearer = msgspec.structs.replace(sold.terms, product_version=2, premium_fen=1500, effective_from=ENDS)
        tx.execute("ALTER TABLE product_versions DISABLE TRIGGER product_versions_are_published_by_two")
        products.add_version(
            tx, sold.product_id, dearer, published_at=NOW, published_by="test", event_id=EventId(new_id())
        )
    office.send("renewal", [HEADER, FIRST], now=SHORTLY_BEFORE)
    successor = office.successor(policy)
    assert (successor.product_version, successor.premium) == (2, 1500)
    with office.database.transaction() as tx:
        assert tx.one("SELECT kind, premium_fen FROM policy_chunks WHERE kind = 'renewed'") == ("renewed", 1500)


def test_consent_given_anew_is_kept_and_a_bad_one_rejects_its_row(office: Office) -> None:
    policy = office.enroll(1)
    office.enroll(2)
    office.enroll(3)
    header = "partner_reference,consent_text_version,consent_given_at,consent_channel,consent_sha256"
    given = f"2027-01,2027-01-15T09:00:00+08:00,hotline,{'ab' * 32}"
    lines = [header, f"{FIRST},{given}", f"sub-000000002,{given[:-1]}", "sub-000000003,,,,"]
    batch = office.send("renewal", lines, now=SHORTLY_BEFORE)
    assert office.codes(batch) == [(3, "consent_sha256_invalid")]
    assert office.successor(policy).consent.channel == "hotline"
    assert policy.consent.channel == "app"


def test_a_file_killed_and_worked_off_again_renews_each_policy_once(office: Office, environ: dict[str, str]) -> None:
    for n in range(20):
        office.enroll(n)
    lines = [HEADER, *(f"sub-{n:09d}" for n in range(20))]
    batch = office.send("renewal", lines, now=SHORTLY_BEFORE)
    again = office.send("renewal", lines, now=SHORTLY_BEFORE)
    assert office.counts(batch) == ("finished", 20, 0)
    assert office.counts(again) == ("finished", 0, 20)
    assert {code for _, code in office.codes(again)} == {"already_renewed"}
    assert faults(office.database, environ) == []


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_person_who_stands_in_a_file_twice_is_renewed_once_whichever_parts_the_rows_are_in(
    office: Office, monkeypatch: pytest.MonkeyPatch, *, dry_run: bool
) -> None:
    monkeypatch.setattr(lines, "PART_ROWS", 2)
    office.enroll(1)
    office.enroll(2)
    file = ["partner_reference", "sub-000000001", "unknown", "sub-000000001", "sub-000000002"]
    batch = office.send("renewal", file, now=SHORTLY_BEFORE, dry_run=dry_run)
    assert office.codes(batch) == [(3, "not_covered"), (4, "already_renewed")]
    assert office.counts(batch) == ("finished", 2, 2)


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_row_that_stands_in_a_file_twice_is_told_the_same_unless_the_first_one_was_renewed(
    office: Office, *, dry_run: bool
) -> None:
    office.enroll(1)
    office.enroll(2, now=SHORTLY_BEFORE, effective_date="")
    named = ["sub-000000002", "sub-000000002", "unknown", "unknown", FIRST, FIRST]
    batch = office.send("renewal", [HEADER, *named], now=SHORTLY_BEFORE, dry_run=dry_run)
    assert office.codes(batch) == [
        (2, "too_early"),
        (3, "too_early"),
        (4, "not_covered"),
        (5, "not_covered"),
        (7, "already_renewed"),
    ]
    assert office.counts(batch) == ("finished", 1, 5)


def test_a_row_that_renews_nothing_without_a_reference_says_so_however_often(office: Office) -> None:
    office.enroll(1)
    header = "partner_reference,consent_text_version,consent_given_at,consent_channel,consent_sha256"
    lines = [header, ",,,,", ",,,,", "=1+1,,,,", ",2027-01,,,", f"{FIRST},,,,"]
    batch = office.send("renewal", lines, now=SHORTLY_BEFORE)
    assert office.codes(batch) == [
        (2, "reference_missing"),
        (3, "reference_missing"),
        (4, "reference_invalid"),
        (5, "reference_missing"),
    ]
    assert {each.partner_reference for each in office.rejections(batch)} == {None}
    assert office.counts(batch) == ("finished", 1, 4)


def test_a_dry_run_says_everything_and_renews_nobody(office: Office, environ: dict[str, str]) -> None:
    policy = office.enroll(1)
    batch = office.send("renewal", [HEADER, FIRST, "unknown"], now=SHORTLY_BEFORE, dry_run=True)
    assert office.counts(batch) == ("finished", 1, 1)
    assert office.policy(policy.policy_id).renewed_by is None
    assert faults(office.database, environ) == []


def test_a_second_successor_is_refused_by_the_database_itself(office: Office) -> None:
    policy = office.enroll(1)
    office.send("renewal", [HEADER, FIRST], now=SHORTLY_BEFORE)
    other = office.enroll(2)
    with pytest.raises(psycopg2.errors.UniqueViolation), office.database.transaction() as tx:
        tx.execute(
            "INSERT INTO renewals (policy_id, renews, waits_from) VALUES (%s, %s, now())",
            (other.policy_id, policy.policy_id),
        )


def test_a_policy_renewed_again_in_the_same_moment_is_told_so(office: Office) -> None:
    policy = office.enroll(1)
    with office.database.transaction() as tx:
        contract = contract_of(tx, "telecom-east")
    order = RenewalOrder(contract=contract, product_code=PRODUCT, judged_at=SHORTLY_BEFORE)
    with office.database.transaction() as tx:
        first = renew_policies(tx, [policy.policy_id], order, vault=office.vault, now=SHORTLY_BEFORE)
    with office.database.transaction() as tx:
        second = renew_policies(tx, [policy.policy_id], order, vault=office.vault, now=SHORTLY_BEFORE)
    assert list(first.successors) == [policy.policy_id]
    assert second.refused == {policy.policy_id: "already_renewed"}


def test_a_window_is_renewed_step_by_step_whatever_dies_on_the_way(office: Office, environ: dict[str, str]) -> None:
    office.send("enrollment", csv([row(n) for n in range(30)]).decode().splitlines(), now=NOW)
    single = office.enroll(40)
    later = office.enroll(41, now=NOW + timedelta(days=30), effective_date="2026-04-02")
    elsewhere = office.enroll(42, tenant="telecom-west")
    office.cancel(office.enroll(43), now=NOW)
    with office.database.transaction() as tx:
        run = start_renewals(
            tx,
            PartnerId("telecom-east"),
            PRODUCT,
            datetime(2027, 3, 1, tzinfo=UTC).date(),
            actor="t",
            now=SHORTLY_BEFORE,
        )
    with pytest.raises(RuntimeError, match="killed"), office.database.transaction() as tx:
        assert work_off_renewals(tx, vault=office.vault, now=SHORTLY_BEFORE)
        raise RuntimeError("killed")
    office.work_off_renewals(SHORTLY_BEFORE)
    with office.database.transaction() as tx:
        assert tx.one("SELECT state, renewed, skipped FROM renewal_runs WHERE run_id = %s", (run.run_id,)) == (
            "finished",
            31,
            0,
        )
        assert tx.one("SELECT count(*) FROM renewals") == (31,)
    assert office.successor(single).state == "upcoming"
    assert office.policy(later.policy_id).renewed_by is None
    assert office.policy(elsewhere.policy_id).renewed_by is None
    assert faults(office.database, environ) == []


def test_a_window_that_is_over_or_too_far_ahead_is_refused(office: Office) -> None:
    for day in ("2027-01-01", "2027-06-01"):
        with pytest.raises(InvalidField), office.database.transaction() as tx:
            start_renewals(
                tx,
                PartnerId("telecom-east"),
                PRODUCT,
                datetime.fromisoformat(day).date(),
                actor="t",
                now=SHORTLY_BEFORE,
            )


def test_a_partner_starts_its_own_renewals_and_the_insurer_anyones(
    office: Office, east: Partner, west: Partner, partner_manager: Partner
) -> None:
    policy = east.post("/v1/policies", body(1)).json
    west.post("/v1/policies", body(2))
    office.move_clock(clock.now() + timedelta(days=330))
    time.sleep(0.3)  # the application looks at the sandbox's clock four times a second
    day = (clock.now() + timedelta(days=380)).date().isoformat()
    asked = {"product_code": PRODUCT, "expiring_through": day}
    reply = east.post("/v1/renewals", asked)
    assert reply.status_code == 202, reply.text
    assert east.post("/v1/renewals", asked | {"partner_id": "telecom-west"}).status_code == 403
    theirs = partner_manager.post("/v1/renewals", asked | {"partner_id": "telecom-west"})
    assert theirs.status_code == 202, theirs.text
    office.work_off_renewals(clock.now() + timedelta(days=330))
    run = east.get(reply.headers["Location"]).json
    assert (run["state"], run["renewed"], run["skipped"]) == ("finished", 1, 0)
    assert west.get(reply.headers["Location"]).status_code == 404
    shown = east.get(f"/v1/policies/{policy['policy_id']}").json
    (successor,) = east.get("/v1/policies", state="upcoming").json["items"]
    assert shown["renewed_by"] == successor["policy_id"]
    assert (successor["renews"], successor["waits_from"]) == (policy["policy_id"], policy["effective_from"])
    assert east.get(f"{reply.headers['Location']}/skipped").json["items"] == []


def test_each_reason_has_its_sentences() -> None:
    for code in RENEWAL_CODES:
        assert fault(code).detail.endswith(".")
        assert fault(code).fix.endswith(".")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("DELETE FROM renewals", "follows no policy"),
        ("UPDATE policies SET state = 'expired' WHERE state = 'in_force'", "is upcoming and its predecessor"),
        (
            "UPDATE policies SET effective_from = effective_from + interval '1 day' WHERE state = 'upcoming'",
            "its predecessor ends at",
        ),
        ("UPDATE renewals SET waits_from = waits_from + interval '1 year'", "not from where its predecessor does"),
        ("UPDATE policy_chunks SET ends_next = 'infinity'", "after one of its policies ends"),
        ("UPDATE batches SET accepted = 0, rejected = 1 WHERE kind = 'renewal'", "says 0 and 1 rows"),
    ],
)
def test_verify_finds_renewals_that_are_out_of_step(
    office: Office, environ: dict[str, str], damage: str, said: str, owner: Database
) -> None:
    office.enroll(1)
    office.send("renewal", [HEADER, FIRST], now=SHORTLY_BEFORE)
    with owner.transaction() as tx:
        tx.execute("ALTER TABLE policies DISABLE TRIGGER policies_take_legal_steps")
        tx.execute(damage)
    assert any(said in fault for fault in faults(office.database, environ))


@pytest.mark.parametrize("expired_meanwhile", [False, True])
def test_a_renewal_that_was_asked_for_in_time_follows_without_a_gap_however_late_a_worker_comes_to_it(
    office: Office, environ: dict[str, str], *, expired_meanwhile: bool
) -> None:
    policy = office.enroll(1)
    batch_id = office.receive("renewal", ["partner_reference", "sub-000000001"], now=SHORTLY_BEFORE)
    late = ENDS + timedelta(days=2)
    if expired_meanwhile:
        office.end_terms(late)
    load_all(office.database, office.vault, now=late)
    office.end_terms(late)
    assert office.counts(batch_id) == ("finished", 1, 0)
    successor = office.successor(policy)
    assert (office.policy(policy.policy_id).state, successor.state) == ("expired", "in_force")
    assert successor.effective_from == ENDS
    assert faults(office.database, environ) == []


def test_who_was_enrolled_anew_meanwhile_is_not_renewed_too(office: Office) -> None:
    policy = office.enroll(1)
    batch_id = office.receive("renewal", ["partner_reference", "sub-000000001"], now=SHORTLY_BEFORE)
    late = ENDS + timedelta(days=2)
    office.end_terms(late)
    office.enroll(1, now=late, tenant="telecom-west", effective_date="", partner_reference="other-1")
    load_all(office.database, office.vault, now=late)
    assert office.codes(batch_id) == [(2, "already_renewed")]
    assert office.policy(policy.policy_id).renewed_by is None


@pytest.mark.parametrize("canceled", [True, False])
def test_a_renewal_means_the_policy_of_when_its_file_came_and_none_that_was_sold_since(
    office: Office, environ: dict[str, str], *, canceled: bool
) -> None:
    """After the end of the term the person, or another one, was enrolled under the same reference."""
    policy = office.enroll(1)
    batch_id = office.receive("renewal", [HEADER, FIRST], now=SHORTLY_BEFORE)
    late = ENDS + timedelta(days=2)
    office.end_terms(late)
    other = office.enroll(2, now=late, effective_date="", partner_reference=FIRST)
    if canceled:
        office.cancel(other, now=late)
    load_all(office.database, office.vault, now=late)
    assert office.counts(batch_id) == ("finished", 1, 0)
    assert office.successor(policy).effective_from == ENDS
    assert office.policy(other.policy_id).renewed_by is None
    assert faults(office.database, environ) == []


def test_a_renewal_of_who_was_enrolled_only_after_its_file_came_finds_nobody(office: Office) -> None:
    batch_id = office.receive("renewal", [HEADER, FIRST], now=NOW)
    office.enroll(1, now=NOW + timedelta(milliseconds=4))
    load_all(office.database, office.vault, now=SHORTLY_BEFORE)
    assert office.codes(batch_id) == [(2, "not_covered")]


def test_who_was_renewed_when_the_file_came_is_told_so_also_after_the_next_term_has_begun(office: Office) -> None:
    office.enroll(1)
    office.send("renewal", [HEADER, FIRST], now=SHORTLY_BEFORE)
    again = office.receive("renewal", [HEADER, FIRST], now=SHORTLY_BEFORE)
    office.end_terms(ENDS)
    load_all(office.database, office.vault, now=ENDS)
    assert office.codes(again) == [(2, "already_renewed")]
