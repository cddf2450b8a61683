"""Persons who want no cover: honored at once, with every partner, also against an enrollment at the same moment."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from services.enrollment.files.intake import lines
from services.enrollment.files.usecases.receive_batch import Declared, receive_batch
from services.enrollment.people.domain.errors import OptedOut
from services.enrollment.people.domain.policies import Consent, Policy
from services.enrollment.people.store import opt_outs
from services.enrollment.policies.domain.errors import AlreadyCovered
from services.enrollment.policies.usecases.cancel_policy import cancel_policy
from services.enrollment.policies.usecases.expire_policies import expire_some
from services.enrollment.policies.usecases.opt_out import OptedOutNow, lift_opt_out, opt_out, persons_tokens
from services.enrollment.policies.usecases.vault import Vault
from shared.db.pool import Database
from shared.privacy.keys import KeyRing
from shared.privacy.tokens import Tokenizer
from shared.values.errors import FangzhaError
from tests import clock
from tests.services.enrollment.builders import (
    NOW,
    PRODUCT,
    Partner,
    body,
    csv,
    enroll_policy,
    faults,
    id_number,
    load_all,
    row,
)
from tests.services.enrollment.partners.wind_down import EAST, WEST, end, work_off
from tests.services.enrollment.people.opt_outs import leave, wait_until_somebody_waits
from tests.services.enrollment.policies.at_once import at_once, enroll
from tests.services.enrollment.policies.lifecycle import ENDS, SHORTLY_BEFORE, Office
from tests.services.enrollment.policies.renewals_under_contracts import let_covers_share_a_loss
from tests.services.enrollment.problems import problem


def document(n: int) -> dict[str, str]:
    return {"document_type": "resident_id", "document_number": id_number(n)}


def consent(**changes: str) -> dict[str, str]:
    at = (clock.now() + timedelta(seconds=5)).isoformat()
    return {"text_version": "2026-02", "given_at": at, "channel": "app", "sha256": "ab" * 32} | changes


def test_an_opt_out_ends_the_persons_cover_with_each_partner_and_keeps_it_ended(
    east: Partner, west: Partner, database: Database, environ: dict[str, str]
) -> None:
    policy = east.post("/v1/policies", body(1)).json
    reply = west.post("/v1/opt-outs", {"document": document(1), "channel": "hotline"})
    assert (reply.status_code, reply.json["policies_canceled"]) == (201, []), "another partner's policy is not told"
    ended = east.get(f"/v1/policies/{policy['policy_id']}").json
    assert ended["state"] == "canceled"
    with database.transaction() as tx:
        assert tx.one("SELECT reason, refund_fen FROM cancellations") == ("opt_out", policy["premium_fen"])
        assert tx.one("SELECT count(*) FROM outbox WHERE type = 'policies.canceled'") == (1,)
    for partner in (east, west):
        refused = partner.post("/v1/policies", body(1))
        assert (refused.status_code, problem(refused)) == (409, "opted-out")
    assert faults(database, environ) == []


def test_a_partner_opts_a_person_out_by_its_own_policy_alone(
    east: Partner, west: Partner, partner_manager: Partner
) -> None:
    mine = east.post("/v1/policies", body(1)).json["policy_id"]
    other = east.post("/v1/policies", body(2)).json["policy_id"]
    assert problem(west.post("/v1/opt-outs", {"policy_id": mine, "channel": "app"})) == "unknown-policy"
    first = east.post("/v1/opt-outs", {"policy_id": mine, "channel": "app"})
    assert first.json["policies_canceled"] == [mine]
    again = east.post("/v1/opt-outs", {"policy_id": mine, "channel": "sms"})
    assert again.json == {"opted_out_at": first.json["opted_out_at"], "policies_canceled": []}
    by_staff = partner_manager.post("/v1/opt-outs", {"policy_id": other, "channel": "letter"})
    assert by_staff.json["policies_canceled"] == [other]


def test_a_person_who_was_forgotten_opts_out_by_document_and_not_by_the_policy(
    east: Partner, privacy_officer: Partner, database: Database
) -> None:
    mine = east.post("/v1/policies", body(1)).json["policy_id"]
    erased = privacy_officer.post("/v1/erasures", {"policy_id": mine, "ground": "enrolled_by_mistake"})
    assert erased.status_code == 201, erased.text
    refused = east.post("/v1/opt-outs", {"policy_id": mine, "channel": "app"})
    assert (refused.status_code, problem(refused)) == (409, "person-forgotten")
    with database.transaction() as tx:
        assert tx.one("SELECT count(*) FROM opt_outs") == (0,), "a token that nobody has"
    assert east.post("/v1/opt-outs", {"document": document(1), "channel": "app"}).status_code == 201
    assert problem(east.post("/v1/policies", body(1))) == "opted-out"


@pytest.mark.parametrize("named", [{}, {"document": document(1), "policy_id": "0190163d-8694-739b-aea5-966c26f8ad91"}])
def test_a_person_is_named_in_one_way(east: Partner, named: dict[str, Any]) -> None:
    assert problem(east.post("/v1/opt-outs", {"channel": "app"} | named)) == "invalid-request"


def test_nothing_of_a_document_is_stored(east: Partner, database: Database, environ: dict[str, str]) -> None:
    east.post("/v1/opt-outs", {"document": document(7), "channel": "hotline"})
    with database.transaction() as tx:
        told = str(tx.all("SELECT * FROM opt_outs") + tx.all("SELECT actor, subject, details FROM audit_log"))
        assert tx.one("SELECT count(*) FROM opt_outs") == (1,)
    assert id_number(7) not in told
    assert faults(database, environ) == []


def test_a_new_consent_lets_the_person_back_and_an_old_one_does_not(east: Partner, database: Database) -> None:
    east.post("/v1/opt-outs", {"document": document(1), "channel": "hotline"})
    before = (clock.now() - timedelta(hours=1)).isoformat()
    stale = east.post("/v1/opt-outs/lift", {"document": document(1), "consent": consent(given_at=before)})
    assert (stale.status_code, stale.json["errors"][0]["pointer"]) == (422, "/consent/given_at")
    assert problem(east.post("/v1/policies", body(1))) == "opted-out"
    lifted = east.post("/v1/opt-outs/lift", {"document": document(1), "consent": consent()})
    assert lifted.status_code == 200
    assert east.post("/v1/policies", body(1, consent=consent())).status_code == 201
    again = east.post("/v1/opt-outs/lift", {"document": document(1), "consent": consent()})
    assert problem(again) == "not-opted-out"
    with database.transaction() as tx:
        assert tx.one("SELECT consent_text_version, consent_channel, lifted_by FROM opt_out_lifts") == (
            "2026-02",
            "app",
            "telecom-east",
        )


def test_rows_of_a_file_about_people_who_opted_out_are_rejected_and_the_others_are_not(
    east: Partner, database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    leave(database, vault, row(2))
    with database.transaction() as tx:
        rows = csv([row(n) for n in range(1, 4)])
        batch = receive_batch(
            tx, [rows], PRODUCT, Declared(None, None), tenant="telecom-east", actor="test", vault=vault, now=NOW
        )
    load_all(database, vault)
    rejected = east.get(f"/v1/enrollment-batches/{batch.batch_id}/rejections").json["items"]
    assert [(each["line"], each["code"]) for each in rejected] == [(3, "opted_out")]
    with database.transaction() as tx:
        assert tx.one("SELECT count(*) FROM policies") == (2,)
    assert faults(database, environ) == []


def test_who_opted_out_under_an_older_key_stays_out_while_keys_rotate(database: Database, vault: Vault) -> None:
    leave(database, vault, row(1))
    rotated = Vault(Tokenizer(KeyRing({2: bytes(32), 1: bytes(range(32))})), vault.sealer)
    with pytest.raises(OptedOut):
        enroll(database, rotated, row(1))
    policy = enroll(database, vault, row(2))
    assert [each for each, _partner in leave(database, rotated, row(2)).ended] == [policy.policy_id]
    for keys in (vault, rotated):
        with pytest.raises(OptedOut):
            enroll(database, keys, row(2))


def holds(database: Database) -> Any:
    """Who both opted out and is covered: nobody, ever."""
    with database.transaction() as tx:
        return tx.all(
            "SELECT policy_id FROM policies JOIN opt_outs USING (person_token) WHERE state IN ('in_force', 'upcoming')"
        )


def test_of_an_opt_out_and_an_enrollment_at_the_same_moment_never_both_win(
    database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    for n in range(40):

        def come(n: int = n) -> Policy:
            return enroll(database, vault, row(n))

        def go(n: int = n) -> OptedOutNow:
            return leave(database, vault, row(n))

        results: list[Any | FangzhaError] = at_once(come, go)
        assert {type(each) for each in results} <= {Policy, OptedOut, OptedOutNow}
    assert holds(database) == []
    assert faults(database, environ) == []


def test_an_enrollment_that_waits_for_an_opt_out_sees_it(database: Database, vault: Vault) -> None:
    """The order that chance hits least: its statement begins before the opt-out is committed."""
    tokens = persons_tokens("resident_id", id_number(1), vault=vault, sandbox=True, pointer="/x")
    results: list[Any] = []
    waiting = threading.Thread(target=lambda: results.extend(at_once(lambda: enroll(database, vault, row(1)))))
    with database.transaction() as tx:
        opt_out(tx, tokens, channel="hotline", actor="test", now=NOW)
        waiting.start()
        wait_until_somebody_waits(database)
    waiting.join()
    assert [type(each) for each in results] == [OptedOut]


def test_an_opt_out_waits_for_the_enrollment_it_must_end(database: Database, vault: Vault) -> None:
    results: list[OptedOutNow] = []
    with database.transaction() as tx:
        policy = enroll_policy(tx, row(1), PRODUCT, tenant="telecom-east", vault=vault, now=NOW, sandbox=True).policy
        waiting = threading.Thread(target=lambda: results.append(leave(database, vault, row(1))))
        waiting.start()
        wait_until_somebody_waits(database)
    waiting.join()
    assert [each for each, _partner in results[0].ended] == [policy.policy_id]


def test_of_an_opt_out_and_a_file_at_the_same_moment_never_both_win(
    database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    people = range(400)
    for tenant in ("telecom-east", "telecom-west"):
        with database.transaction() as tx:
            file = csv([row(n) for n in people])
            receive_batch(tx, [file], PRODUCT, Declared(None, None), tenant=tenant, actor="test", vault=vault, now=NOW)

    def many_leave() -> int:
        return len([leave(database, vault, row(n)) for n in people[::20]])

    at_once(many_leave, lambda: load_all(database, vault), lambda: load_all(database, vault))
    load_all(database, vault)
    assert holds(database) == []
    with database.transaction() as tx:
        assert tx.one("SELECT count(*) FROM opt_outs") == (20,)
        assert tx.one("SELECT count(*) FROM policies WHERE state = 'in_force'") == (380,)
    assert faults(database, environ) == []


def test_an_opt_out_ends_the_renewal_that_runs_by_the_calendar_before_the_job_has_begun_it(
    office: Office, environ: dict[str, str]
) -> None:
    policy = office.enroll(1)
    office.send("renewal", ["partner_reference", policy.partner_reference], now=SHORTLY_BEFORE)
    successor = office.successor(policy).policy_id
    left = leave(office.database, office.vault, row(1), now=ENDS + timedelta(seconds=2))
    assert [each for each, _partner in left.ended] == [successor]
    office.end_terms(ENDS + timedelta(seconds=5))
    assert (office.policy(policy.policy_id).state, office.policy(successor).state) == ("expired", "canceled")
    assert holds(office.database) == []
    assert faults(office.database, environ) == []


def test_an_opt_out_that_waits_for_the_job_ends_the_renewal_that_it_begins(
    office: Office, environ: dict[str, str]
) -> None:
    policy = office.enroll(1)
    office.send("renewal", ["partner_reference", policy.partner_reference], now=SHORTLY_BEFORE)
    results: list[OptedOutNow] = []
    waiting = threading.Thread(
        target=lambda: results.append(leave(office.database, office.vault, row(1), now=ENDS - timedelta(seconds=1)))
    )
    with office.database.transaction() as job:
        assert expire_some(job, now=ENDS)
        waiting.start()
        wait_until_somebody_waits(office.database)
    waiting.join()
    assert [each for each, _partner in results[0].ended] == [office.successor(policy).policy_id]
    assert holds(office.database) == []
    assert faults(office.database, environ) == []


def test_an_opt_out_waits_for_a_part_of_a_file_that_is_just_enrolled(database: Database, vault: Vault) -> None:
    results: list[OptedOutNow] = []
    with database.transaction() as part:
        opt_outs.hold(part)
        waiting = threading.Thread(target=lambda: results.append(leave(database, vault, row(1))))
        waiting.start()
        wait_until_somebody_waits(database)
        assert enroll(database, vault, row(2)).state == "in_force", "others are enrolled meanwhile"
        assert results == []
    waiting.join()
    assert len(results) == 1


def test_a_covered_person_who_did_not_opt_out_is_still_only_covered_already(database: Database, vault: Vault) -> None:
    leave(database, vault, row(1))
    enroll(database, vault, row(2))
    with pytest.raises(AlreadyCovered):
        enroll(database, vault, row(2))


def test_a_cancellation_for_an_opt_out_is_an_opt_out(
    east: Partner, west: Partner, database: Database, environ: dict[str, str]
) -> None:
    policy = east.post("/v1/policies", body(1)).json
    other = east.post("/v1/policies", body(1, product_code="account-theft")).json
    ended = east.post(f"/v1/policies/{policy['policy_id']}/cancellation", {"reason": "opt_out"})
    assert ended.json["state"] == "canceled"
    assert east.get(f"/v1/policies/{other['policy_id']}").json["state"] == "canceled"
    assert problem(west.post("/v1/policies", body(1))) == "opted-out"
    assert faults(database, environ) == []


def test_who_is_taken_off_by_a_file_for_an_opt_out_is_opted_out(
    east: Partner, database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    first, second = (east.post("/v1/policies", body(n)).json for n in (1, 2))
    lines = [f"{first['partner_reference']},opt_out", f"{second['partner_reference']},number_closed"]
    east.upload("\n".join(["partner_reference,reason", *lines]).encode(), kind="removal")
    load_all(database, vault, now=clock.now())
    assert problem(east.post("/v1/policies", body(1))) == "opted-out"
    assert east.post("/v1/policies", body(2)).status_code == 201
    assert faults(database, environ) == []


def test_of_a_file_that_takes_off_for_opt_outs_and_an_enrollment_at_the_same_moment_never_both_win(
    database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    people = [row(n) for n in range(20)]
    for each in people:
        enroll(database, vault, each)
    file = "\n".join(
        ["partner_reference,reason", *(f"{each.partner_reference},opt_out" for each in people), ""]
    ).encode()
    declared = Declared(None, None, kind="removal")
    with database.transaction() as tx:
        receive_batch(tx, [file], PRODUCT, declared, tenant="telecom-east", actor="test", vault=vault, now=NOW)

    def come_back() -> int:
        """With the other partner, as soon as the old cover ends."""
        came = 0
        for each in people * 3:
            with suppress(FangzhaError):
                came += enroll(database, vault, each, tenant="telecom-west") is not None
        return came

    at_once(come_back, lambda: load_all(database, vault), come_back)
    with database.transaction() as tx:
        assert tx.one("SELECT state, accepted FROM batches") == ("finished", 20)
    assert holds(database) == []
    assert faults(database, environ) == []


def test_a_person_whom_a_file_takes_off_twice_is_opted_out_once(office: Office, environ: dict[str, str]) -> None:
    """Two covers of a product that is shared, one of them taken over from another partner."""
    let_covers_share_a_loss(office)
    for tenant in (WEST, EAST):
        office.enroll(1, tenant=tenant, partner_reference=f"from-{tenant}")
    end(office.database, WEST, EAST)
    work_off(office.database)
    lines = ["partner_reference,reason", f"from-{EAST},opt_out", f"from-{WEST},opt_out"]
    assert office.counts(office.send("removal", lines, now=NOW)) == ("finished", 2, 0)
    with office.database.transaction() as tx:
        assert tx.one("SELECT count(*) FROM opt_outs") == (1,)
    assert faults(office.database, environ) == []


@pytest.mark.parametrize("agreed_anew", [True, False])
@pytest.mark.parametrize("covered_before", [True, False])
def test_an_opt_out_in_a_file_ends_cover_sold_since_unless_the_person_agreed_to_it_anew(
    office: Office, environ: dict[str, str], *, covered_before: bool, agreed_anew: bool
) -> None:
    if covered_before:
        office.cancel(office.enroll(1), now=NOW)
    batch = office.receive("removal", ["partner_reference,reason", "sub-000000001,opt_out"], now=NOW)
    later = NOW + timedelta(hours=1)
    agreed = later if agreed_anew else NOW
    sold_since = office.enroll(1, now=later, consent_given_at=agreed.isoformat())
    load_all(office.database, office.vault, now=later)
    if agreed_anew:
        assert office.codes(batch) == [(2, "already_ended" if covered_before else "not_covered")]
        assert office.policy(sold_since.policy_id).state == "in_force"
    else:
        assert office.counts(batch) == ("finished", 1, 0)
        assert office.policy(sold_since.policy_id).state == "canceled"
        with pytest.raises(OptedOut):
            office.enroll(1, now=later)
    assert faults(office.database, environ) == []


def test_an_opt_out_in_a_file_means_the_policy_of_then_and_no_second_persons_under_the_reference(
    office: Office,
) -> None:
    meant = office.enroll(1)
    batch = office.receive("removal", ["partner_reference,reason", "sub-000000001,opt_out"], now=NOW)
    later = NOW + timedelta(hours=1)
    other = office.enroll(2, now=later, partner_reference="sub-000000001")
    load_all(office.database, office.vault, now=later)
    assert office.counts(batch) == ("finished", 1, 0)
    assert (office.policy(meant.policy_id).state, office.policy(other.policy_id).state) == ("canceled", "in_force")


def test_thousands_are_taken_off_by_one_file_for_an_opt_out(
    database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    """More people in one transaction than the server has room for locks."""
    people = [row(n) for n in range(20_000)]
    with database.transaction() as tx:
        receive_batch(
            tx, [csv(people)], PRODUCT, Declared(None, None), tenant="telecom-east", actor="test", vault=vault, now=NOW
        )
    load_all(database, vault)
    lines = ["partner_reference,reason", *(f"{each.partner_reference},opt_out" for each in people), ""]
    declared = Declared(None, None, kind="removal")
    file = "\n".join(lines).encode()
    with database.transaction() as tx:
        receive_batch(tx, [file], PRODUCT, declared, tenant="telecom-east", actor="test", vault=vault, now=NOW)
    load_all(database, vault)
    with database.transaction() as tx:
        assert tx.one("SELECT state, accepted FROM batches WHERE kind = 'removal'") == ("finished", 20_000)
        assert tx.one("SELECT count(*) FROM opt_outs") == (20_000,)
    assert faults(database, environ) == []


FOR_AN_OPT_OUT = ["partner_reference,reason", "sub-000000001,opt_out"]


def test_an_opt_out_in_a_file_ends_the_persons_other_cover_though_the_policy_it_names_has_ended(
    office: Office, environ: dict[str, str]
) -> None:
    office.cancel(office.enroll(1), now=NOW)
    covered = office.enroll(1, tenant=WEST, now=NOW)
    batch = office.send("removal", FOR_AN_OPT_OUT, now=NOW + timedelta(hours=1))
    assert office.codes(batch) == [(2, "opted_out_noted")]
    assert office.counts(batch) == ("finished", 0, 1)
    assert office.policy(covered.policy_id).state == "canceled"
    assert faults(office.database, environ) == []


def test_an_opt_out_in_a_file_counts_after_the_term_is_over(office: Office) -> None:
    office.enroll(1)
    office.end_terms(ENDS)
    later = ENDS + timedelta(days=1)
    assert office.codes(office.send("removal", FOR_AN_OPT_OUT, now=later)) == [(2, "opted_out_noted")]
    with pytest.raises(OptedOut):
        office.enroll(1, now=later, effective_date="2027-03-05")


@pytest.mark.parametrize("rows_a_part", [1, 5000])
@pytest.mark.parametrize("dry_run", [True, False])
def test_an_opt_out_in_a_file_counts_after_another_row_of_the_same_reference(
    office: Office, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, *, rows_a_part: int, dry_run: bool
) -> None:
    monkeypatch.setattr(lines, "PART_ROWS", rows_a_part)
    office.enroll(1)
    file = ["partner_reference,reason", *(f"sub-000000001,{why}" for why in ("number_closed", "opt_out", "opt_out"))]
    later = NOW + timedelta(hours=1)
    batch = office.send("removal", file, now=later, dry_run=dry_run)
    assert office.codes(batch) == [(3, "opted_out_noted"), (4, "opted_out_noted")]
    assert office.counts(batch) == ("finished", 1, 2)
    with office.database.transaction() as tx:
        assert tx.one("SELECT count(*) FROM opt_outs") == (0 if dry_run else 1,)
    if not dry_run:
        with pytest.raises(OptedOut):
            office.enroll(1, now=later)
    assert faults(office.database, environ) == []


def test_an_opt_out_in_a_file_undoes_nothing_that_the_person_agreed_to_after_the_file_came(office: Office) -> None:
    office.cancel(office.enroll(1), now=NOW)
    batch = office.receive("removal", FOR_AN_OPT_OUT, now=NOW)
    later = NOW + timedelta(hours=1)
    agreed_anew = office.enroll(1, tenant=WEST, now=later, consent_given_at=later.isoformat())
    load_all(office.database, office.vault, now=later)
    assert office.codes(batch) == [(2, "already_ended")]
    assert office.policy(agreed_anew.policy_id).state == "in_force"


def test_an_opt_out_in_a_file_leaves_a_lift_that_came_after_the_file(office: Office) -> None:
    office.cancel(office.enroll(1), now=NOW)
    leave(office.database, office.vault, row(1))
    batch = office.receive("removal", FOR_AN_OPT_OUT, now=NOW)
    later = NOW + timedelta(hours=1)
    tokens = persons_tokens("resident_id", id_number(1), vault=office.vault, sandbox=True, pointer="/x")
    with office.database.transaction() as tx:
        lift_opt_out(tx, tokens, Consent("2026-02", later, "app", "ab" * 32), tenant=EAST, actor="test", now=later)
    load_all(office.database, office.vault, now=later)
    assert office.codes(batch) == [(2, "already_ended")]
    assert office.enroll(1, now=later, consent_given_at=later.isoformat())


def test_an_opt_out_in_a_file_under_a_reference_of_two_people_whose_cover_has_ended_opts_out_neither(
    office: Office,
) -> None:
    for n in (1, 2):
        office.cancel(office.enroll(n, partner_reference="sub-000000001"), now=NOW)
    batch = office.send("removal", FOR_AN_OPT_OUT, now=NOW)
    assert office.codes(batch) == [(2, "reference_ambiguous")]
    assert "POST /v1/opt-outs" in office.rejections(batch)[0].fault.fix
    assert office.enroll(1, now=NOW)
    assert office.enroll(2, now=NOW)


def test_of_an_opt_out_in_a_file_for_an_ended_policy_and_an_enrollment_at_once_never_both_win(
    office: Office, environ: dict[str, str]
) -> None:
    office.cancel(office.enroll(1), now=NOW)
    batch = office.receive("removal", FOR_AN_OPT_OUT, now=NOW)
    worker = threading.Thread(target=lambda: load_all(office.database, office.vault))
    with office.database.transaction() as tx:
        sold = enroll_policy(tx, row(1), PRODUCT, tenant=WEST, vault=office.vault, now=NOW, sandbox=True)
        worker.start()
        wait_until_somebody_waits(office.database)
    worker.join()
    assert office.codes(batch) == [(2, "opted_out_noted")]
    assert office.policy(sold.policy.policy_id).state == "canceled"
    assert faults(office.database, environ) == []


def test_an_opt_out_in_a_file_counts_though_the_policy_is_canceled_while_the_file_waits_for_it(office: Office) -> None:
    policy = office.enroll(1)
    batch = office.receive("removal", FOR_AN_OPT_OUT, now=NOW)
    worker = threading.Thread(target=lambda: load_all(office.database, office.vault))
    with office.database.transaction() as tx:
        cancel_policy(tx, policy.policy_id, "other", tenant=EAST, actor="test", vault=office.vault, now=NOW)
        worker.start()
        wait_until_somebody_waits(office.database)
    worker.join()
    assert office.codes(batch) == [(2, "opted_out_noted")]
    with pytest.raises(OptedOut):
        office.enroll(1)
