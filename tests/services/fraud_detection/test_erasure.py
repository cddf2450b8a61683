"""A person who asked to be forgotten, on fraud detection's side."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

import pytest

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.errors import PolicyErased
from services.fraud_detection.claims.store import claims
from services.fraud_detection.coverage.domain.cover import NO_FEN
from services.fraud_detection.coverage.store import coverage, coverage_items, coverage_rows, erased_policies
from services.fraud_detection.coverage.store.products import Terms
from services.fraud_detection.decisions.domain.authority import Authority
from services.fraud_detection.decisions.usecases.case_file import collect, hold
from services.fraud_detection.erasure.usecases.erase_policies import erase as erase_now
from services.fraud_detection.erasure.usecases.erase_policies import erase_the_rest, overwrite
from services.fraud_detection.filing.usecases.complete_claim import add_documents, appeal
from services.fraud_detection.reviews.usecases.note_case import escalate, write_note
from services.fraud_detection.tools import TOOLS
from shared.db.pool import Database
from shared.entry.verify import verify
from shared.events.policies import PoliciesErased, PolicyEndorsed
from shared.messaging.failures import Poison
from shared.process.new_ids import new_id
from tests import clock
from tests.rules.fraud_detection.builders import LOSS, product
from tests.services.fraud_detection.builders import (
    NOW,
    Caller,
    Person,
    World,
    champion,
    claim_body,
    evidence,
    refusal,
    take,
)
from tests.services.fraud_detection.insured import Insured, approved, file, insure, told, why
from tests.services.fraud_detection.reviews.test_two_persons import back, proposed

LATER = NOW + timedelta(days=3)


def erase(world: World, *persons: Any) -> None:
    take(world, PoliciesErased(policy_ids=[each.policy_id for each in persons], erased_at=LATER))


def finished(world: World) -> bool:
    return world.rows("SELECT count(*) FILTER (WHERE finished_at IS NULL) FROM erased_policies") == [(0,)]


def everything(world: World) -> str:
    """All rows of all tables of this service, as text."""
    tables = world.rows("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    return "\n".join(str(row) for (table,) in tables for row in world.rows(f"SELECT t::text FROM {table} AS t"))


def names_of(world: World, person: Person) -> list[str]:
    """Whatever of this service names the person: clear values and their tokens."""
    tokens = world.personal_data.tokenizer
    return [
        person.document_number,
        person.phone,
        tokens.person("resident_id", person.document_number)[2:],
        tokens.phone(person.phone)[2:],
        tokens.device("device-1")[2:],
    ]


def refused_and_appealed(world: World, person: Person) -> Claim:
    claim = world.file(person, amount_fen=99_900)
    world.decide(claim, by=champion(0.9))
    world.review(claim.claim_id, "refuse", reasons="与李某的聊天记录不符。")
    with world.database.transaction() as tx:
        appeal(
            tx,
            claim.claim_id,
            "我是李某本人。",
            tenant="mobile-backend",
            personal_data=world.personal_data,
            now=NOW,
        )
    world.decide(claim, claim_round=2)
    nothing = Authority(pays_up_to_fen=NO_FEN, claims_up_to_fen=NO_FEN)
    back(world, proposed(world, claim.claim_id, "reviewer-wang", nothing), note="李某的转账待核对。")
    with world.database.transaction() as tx:
        written: dict[str, Any] = {"personal_data": world.personal_data, "now": NOW}
        write_note(tx, claim.claim_id, "李某说法不一。", written_by="reviewer-wang", **written)
        escalate(tx, claim.claim_id, "李某投诉过。", escalated_by="reviewer-wang", **written)
    world.review(claim.claim_id, "refuse", reviewer="director-chen", reasons="仍与李某的聊天记录不符。", senior=True)
    return claim


def test_of_an_erased_person_nothing_is_left_that_names_them(world: World) -> None:
    person = world.covered()
    world.decide(world.file(person))
    refused_and_appealed(world, person)
    world.rows("DELETE FROM outbox RETURNING 1")  # which the relay has sent
    before = everything(world)
    assert all(name in before for name in names_of(world, person)[2:])
    erase(world, person)
    left = everything(world)
    assert [name for name in names_of(world, person) if name in left] == []
    assert world.rows("SELECT count(*) FROM claims WHERE description IS NOT NULL") == [(0,)]
    words = world.rows("SELECT DISTINCT reasons, reasons_en, found_zh, found_en FROM decisions WHERE by_person")
    assert words == [(b"",) * 4]
    assert world.rows("SELECT DISTINCT reason FROM appeals") == [(b"",)]
    assert world.rows("SELECT DISTINCT note, reason FROM review_notes, review_escalations") == [(b"", b"")]
    assert world.rows("SELECT reasons, reasons_en, note FROM approval_proposals") == [(b"",) * 3]
    assert world.rows("SELECT count(*) FROM claims WHERE left(payee_token, 2) <> '00'") == [(0,)]
    assert world.rows("SELECT birth_year, stacks FROM coverage") == [(0, False)]
    assert finished(world)


def test_what_was_decided_and_paid_stays(world: World) -> None:
    person = world.covered()
    claim = world.file(person)
    world.decide(claim)
    kept = world.rows("SELECT decision_id, outcome, amount_fen, rule_version FROM decisions")
    erase(world, person)
    assert world.rows("SELECT decision_id, outcome, amount_fen, rule_version FROM decisions") == kept
    assert world.rows("SELECT reserved_fen FROM limit_use") == [(1_440_000,)]


def test_an_old_key_does_not_bring_back_what_was_said_to_an_erased_person(
    world: World, caller: Callable[[str], Caller], environ: dict[str, str]
) -> None:
    person = world.covered()
    filing = claim_body(person)
    claim = caller("mobile-backend").post("/v1/claims", filing, key="the-claim").json
    world.decide(world.claim(claim["claim_id"]), by=champion(0.9))
    decision = refusal(reasons_zh="与李某的聊天记录不符。")
    path, match = f"/v1/reviews/{claim['claim_id']}/decisions", {"If-Match": '"2"'}
    said = caller("reviewer-li").post(path, decision, key="the-refusal", headers=match)
    assert said.json["told"][0]["text_zh"] == decision["reasons_zh"]
    erase(world, person)
    for client, where, body, key in (
        ("reviewer-li", path, decision, "the-refusal"),
        ("mobile-backend", "/v1/claims", filing, "the-claim"),
    ):
        again = caller(client).post(where, body, key=key, headers=match)
        assert (again.status_code, again.json["title"]) == (410, "Done before")
        assert "李某" not in again.text
    checks = TOOLS.checks(TOOLS.settings.load(environ), world.database)
    assert [finding.number for finding in verify(checks) if not finding.holds] == []


def test_an_erasure_that_comes_twice_changes_nothing(world: World) -> None:
    person = world.covered()
    world.decide(world.file(person))
    erase(world, person)
    once = everything(world)
    erase(world, person)
    assert everything(world) == once


def test_others_are_not_touched(world: World) -> None:
    person, neighbor = world.covered(), world.covered()
    claim = world.file(neighbor)
    erase(world, person)
    assert world.claim(claim.claim_id) == claim
    assert world.decide(claim) == "approved"


def test_an_erasure_that_overtakes_its_enrollment_is_not_lost(world: World, database: Database) -> None:
    person = world.person()
    world.publish()
    erase(world, person)
    with database.transaction() as tx:
        coverage_rows.keep(tx, [world.chunk([person])])
    # Nobody may claim on it from the first moment on, also before its row is overwritten.
    with pytest.raises(PolicyErased):
        world.file(person)
    assert not finished(world)
    assert erase_the_rest(database, clock.CLOCK) is False
    assert finished(world)
    left = everything(world)
    assert [name for name in names_of(world, person) if name in left] == []


def test_an_erasure_waits_for_an_enrollment_that_never_came(world: World, database: Database) -> None:
    erase(world, world.person())
    erase_the_rest(database, clock.CLOCK)
    assert not finished(world)


def test_an_enrollment_that_comes_again_after_the_erasure_brings_nobody_back(world: World, database: Database) -> None:
    person = world.covered()
    erase(world, person)
    with database.transaction() as tx:
        coverage_rows.keep(tx, [world.chunk([person])])
        coverage.keep_phone(tx, person.policy_id, 3, world.personal_data.tokenizer.phone(person.phone))
    left = everything(world)
    assert [name for name in names_of(world, person) if name in left] == []


def test_an_erased_policy_takes_no_new_claim_and_says_so(world: World, caller: Callable[[str], Caller]) -> None:
    person = world.covered()
    erase(world, person)
    response = caller("mobile-backend").post("/v1/claims", claim_body(person))
    assert response.status_code == 409
    assert response.json["type"].endswith("/policy-erased")
    assert person.policy_id in response.json["detail"]
    assert world.rows("SELECT count(*) FROM claims") == [(0,)]


def test_a_claim_that_is_filed_while_its_person_is_being_erased_waits_and_is_not_taken(world: World) -> None:
    person = world.covered()
    with ThreadPoolExecutor(1) as pool:
        with world.database.transaction() as tx:
            erase_now(tx, [person.policy_id], erased_at=LATER)
            filing = pool.submit(world.file, person)
            wait([filing], timeout=1)
        with pytest.raises(PolicyErased):
            filing.result(timeout=60)
    assert world.rows("SELECT count(*) FROM claims") == [(0,)]


def test_an_erasure_finds_the_claim_that_was_being_filed_when_it_came(world: World) -> None:
    person = world.covered()
    with ThreadPoolExecutor(1) as pool:
        with world.database.transaction() as tx:
            assert coverage.hold(tx, [person.policy_id])  # as filing does, first of all
            erasing = pool.submit(erase, world, person)
            wait([erasing], timeout=1)
            assert not erasing.done()
            claim = claims.find(tx, world.file(person).claim_id)
        erasing.result(timeout=60)
    assert claim is not None
    assert world.claim(claim.claim_id).person_token[:2] == "00"


def test_a_claim_that_is_open_when_its_person_is_erased_goes_to_a_person_and_can_still_be_paid(
    world: World, database: Database
) -> None:
    person = world.covered()
    claim = world.file(person)
    erase(world, person)
    assert world.claim(claim.claim_id).payee_token == claim.payee_token
    assert not finished(world)
    assert world.decide(claim) == "review"
    assert why(world, claim) == "policy_erased"
    assert world.review(claim.claim_id, "approve", clause=None, reasons=None) == "approved"
    assert world.events("claims.decided")[-1]["payee_token"] == claim.payee_token
    erase_the_rest(database, clock.CLOCK)
    assert world.claim(claim.claim_id).payee_token == "00" + claim.claim_id.replace("-", "")
    assert finished(world)


def test_an_open_claim_still_takes_documents_and_its_refusal_is_erased_once_it_is_said(
    world: World, database: Database, caller: Callable[[str], Caller]
) -> None:
    person = world.covered()
    claim = world.file(person, evidence=())
    assert world.decide(claim) == "documents_requested"
    erase(world, person)
    with database.transaction() as tx:
        documents = (evidence("police_receipt"), evidence("transfer_record"))
        add_documents(tx, claim.claim_id, documents, tenant="mobile-backend", now=NOW)
    assert world.decide(claim, claim_round=2) == "review"
    assert world.review(claim.claim_id, "refuse") == "refused"
    erase_the_rest(database, clock.CLOCK)
    assert finished(world)
    shown = caller("mobile-backend").get(f"/v1/claims/{claim.claim_id}").json
    assert [(each["code"], each["clause"]) for each in shown["decision"]["reasons"]] == [
        ("reasons_erased", "own_crime")
    ]
    case = caller("reviewer-li").get(f"/v1/reviews/{claim.claim_id}").json
    assert (case["cover"]["erased"], case["loss"]["description"]) == (True, None)


def test_a_refusal_of_an_erased_person_is_not_appealed(world: World, database: Database) -> None:
    person = world.covered()
    claim = refused_and_appealed(world, person)
    erase(world, person)
    with pytest.raises(PolicyErased), database.transaction() as tx:
        appeal(tx, claim.claim_id, "x", tenant="mobile-backend", personal_data=world.personal_data, now=NOW)


def test_an_erased_policy_bears_no_share_of_its_persons_other_losses(world: World) -> None:
    """The person is forgotten with it, so that nothing says whose policy it was."""
    terms = product(product_code="shared", stacking="pro_rata")
    first = insure(world, terms)
    second = insure(world, terms, first.elsewhere(), partner_id="telecom-west")
    erase(world, second)
    claim = file(world, first, occurred_at=LOSS)
    assert world.decide(claim) == "approved"
    assert world.rows("SELECT amount_fen FROM decisions") == [(1_440_000,)]


def test_the_phone_of_an_endorsement_goes_with_the_rest(world: World) -> None:
    person = world.covered()
    new_phone = world.personal_data.tokenizer.phone("13800138000")
    take(
        world,
        PolicyEndorsed(
            endorsement_id=new_id(),
            policy_id=person.policy_id,
            version=2,
            partner_id="telecom-east",
            kind="phone_changed",
            endorsed_at=NOW,
            effective_at=NOW,
            premium_delta_fen=0,
            currency="CNY",
            phone_token=new_phone,
        ),
    )
    assert new_phone[2:] in everything(world)
    erase(world, person)
    assert new_phone[2:] not in everything(world)


def shared(world: World) -> tuple[Insured, Insured]:
    """One person with a policy of each of two partners that share a loss."""
    terms = product(product_code="shared", stacking="pro_rata")
    first = insure(world, terms)
    return first, insure(world, terms, first.elsewhere(), partner_id="telecom-west")


def approve(world: World, claim: Claim) -> None:
    assert world.review(claim.claim_id, "approve", clause=None, reasons=None) == "approved"


def persons(world: World) -> list[str]:
    """Under what persons policies and claims stand."""
    found = world.rows("SELECT encode(person_token, 'hex') FROM coverage UNION ALL SELECT person_token FROM claims")
    return [token for (token,) in found]


def test_a_loss_that_is_shared_is_paid_once_although_its_person_was_erased_between_two_decisions(world: World) -> None:
    first, second = shared(world)
    one, two = file(world, first), file(world, second, now=NOW + timedelta(minutes=1))
    assert world.decide(one) == "approved"
    erase(world, first, second)
    assert world.decide(two) == "review"
    approve(world, two)
    assert (approved(world, one), approved(world, two)) == (720_000, 720_000)


def test_a_loss_that_is_shared_is_paid_once_although_its_person_was_erased_before_it_was_decided(
    world: World, database: Database
) -> None:
    first, second = shared(world)
    one, two = file(world, first), file(world, second, now=NOW + timedelta(minutes=1))
    erase(world, first, second)
    for claim in (one, two):
        assert world.decide(claim) == "review"
        approve(world, claim)
        erase_the_rest(database, clock.CLOCK)
    assert (approved(world, one), approved(world, two)) == (720_000, 720_000)
    assert finished(world)


def test_an_event_keeps_its_name_while_a_claim_on_another_policy_of_the_erased_person_is_open(
    world: World, database: Database
) -> None:
    """A name that is gone from one of two claims of one loss would tell their events apart."""
    terms = product(product_code="shared", stacking="pro_rata")
    first = insure(world, terms)
    one = file(world, first)
    assert (world.decide(one), approved(world, one)) == ("approved", 1_440_000)
    second = insure(world, terms, first.elsewhere(), partner_id="telecom-west")
    two = file(world, second, now=NOW + timedelta(minutes=1))
    world.rows("UPDATE claims SET event_reference = 'A', event_named = true RETURNING 1")
    erase(world, first, second)
    erase_the_rest(database, clock.CLOCK)
    world.decide(two)
    assert [code for code, _ in told(world, two)] == ["loss_paid_already"]
    assert world.review(two.claim_id, "refuse") == "refused"
    erase_the_rest(database, clock.CLOCK)
    assert world.rows("SELECT count(*) FROM claims WHERE event_reference IS NOT NULL") == [(0,)]
    assert finished(world)


@pytest.mark.parametrize("product_code", [None, "another-product"])
def test_a_duplicate_is_not_paid_because_its_person_was_erased(world: World, product_code: str | None) -> None:
    first = insure(world, product())
    second = insure(world, product(product_code=product_code), first.elsewhere()) if product_code else first
    one, two = file(world, first), file(world, second, now=NOW + timedelta(minutes=1))
    assert world.decide(one) == "approved"
    erase(world, *{first, second})
    world.decide(two)
    assert [code for code, _ in told(world, two)] == ["duplicate_loss"]


def test_a_duplicate_of_another_claimant_is_still_theirs_and_not_the_insureds(world: World) -> None:
    insured, stranger = insure(world, product()), insure(world, product())
    own = file(world, insured)
    on_it = replace(stranger, policy_id=insured.policy_id)
    one, two = file(world, on_it), file(world, on_it, now=NOW + timedelta(minutes=1))
    erase(world, insured)
    assert world.claim(one.claim_id).person_token == world.claim(two.claim_id).person_token
    assert world.claim(one.claim_id).person_token != world.claim(own.claim_id).person_token
    assert world.claim(one.claim_id).person_token[:2] == "00"
    world.decide(one)
    world.decide(two)
    assert [code for code, _ in told(world, one)] == []
    assert [code for code, _ in told(world, two)] == ["duplicate_loss"]


def test_claims_of_an_erased_person_on_several_policies_are_decided_one_after_the_other(world: World) -> None:
    first, second = shared(world)
    one, two = file(world, first), file(world, second, now=NOW + timedelta(minutes=1))
    erase(world, first, second)
    with ThreadPoolExecutor(1) as pool:
        with world.database.transaction() as tx:
            held = claims.lock(tx, one.claim_id)
            assert held is not None
            collect(tx, hold(tx, [held]), Terms())
            deciding = pool.submit(world.decide, two)
            wait([deciding], timeout=1)
            assert not deciding.done()
        assert deciding.result(timeout=60) == "review"


def test_an_enrollment_that_comes_late_stands_beside_the_persons_others_while_a_claim_is_open(
    world: World, database: Database
) -> None:
    terms = product(product_code="shared", stacking="pro_rata")
    first = insure(world, terms)
    late = first.elsewhere()
    claim = file(world, first)
    erase(world, first, late)
    insure(world, terms, late, partner_id="telecom-west")
    erase_the_rest(database, clock.CLOCK)
    assert {token[:2] for token in persons(world)} == {"00"}
    assert len(set(persons(world))) == 1
    world.decide(claim)
    approve(world, claim)
    assert approved(world, claim) == 720_000
    erase_the_rest(database, clock.CLOCK)
    assert finished(world)


def test_once_the_last_open_claim_is_decided_nothing_joins_an_erased_persons_policies_and_claims(
    world: World, database: Database, environ: dict[str, str]
) -> None:
    first, second = shared(world)
    one, two = file(world, first), file(world, second, now=NOW + timedelta(minutes=1))
    assert world.decide(one) == "approved"
    erase(world, first, second)
    assert len(set(persons(world))) == 1
    erase_the_rest(database, clock.CLOCK)
    assert len(set(persons(world))) == 1
    assert not finished(world)
    world.decide(two)
    approve(world, two)
    checks = TOOLS.checks(TOOLS.settings.load(environ), database)
    assert {finding.number for finding in verify(checks) if not finding.holds} == set()
    erase_the_rest(database, clock.CLOCK)
    assert finished(world)
    assert len(set(persons(world))) == 4
    assert world.rows("SELECT count(*) FROM erased_policies WHERE erased_with IS NOT NULL") == [(0,)]
    assert {finding.number for finding in verify(checks) if not finding.holds} == set()


def test_an_appeal_that_is_being_made_while_its_person_is_erased_keeps_the_claims_together(world: World) -> None:
    first, second = shared(world)
    one, two = file(world, first), file(world, second, now=NOW + timedelta(minutes=1))
    for claim in (one, two):
        world.decide(claim, by=champion(0.9))
    approve(world, one)
    assert world.review(two.claim_id, "refuse") == "refused"
    with ThreadPoolExecutor(1) as pool:
        with world.database.transaction() as tx:
            appeal(tx, two.claim_id, "x", tenant="mobile-backend", personal_data=world.personal_data, now=NOW)
            erasing = pool.submit(erase, world, first, second)
            wait([erasing], timeout=1)
            assert not erasing.done()
        erasing.result(timeout=60)
    assert len(set(persons(world))) == 1


def test_an_enrollment_that_comes_between_the_first_and_the_last_step_of_an_erasure_is_forgotten_too(
    world: World, database: Database
) -> None:
    person = world.person()
    world.publish()
    with database.transaction() as tx:
        erased_policies.add(tx, [person.policy_id], erased_at=LATER)
        overwrite(tx, [person.policy_id])
        with database.transaction() as enrolling:
            coverage_rows.keep(enrolling, [world.chunk([person])])
        erased_policies.finish(tx, [person.policy_id], now=LATER)
    assert not finished(world)
    erase_the_rest(database, clock.CLOCK)
    assert finished(world)
    left = everything(world)
    assert [name for name in names_of(world, person) if name in left] == []


@pytest.mark.parametrize("kind", ["phone_changed", "item_added"])
def test_an_endorsement_that_is_being_stored_while_its_person_is_erased_goes_with_the_rest(
    world: World, database: Database, kind: Literal["phone_changed", "item_added"]
) -> None:
    person = world.covered()
    change = PolicyEndorsed(
        endorsement_id=new_id(),
        policy_id=person.policy_id,
        version=2,
        partner_id="telecom-east",
        kind=kind,
        endorsed_at=NOW,
        effective_at=NOW,
        premium_delta_fen=0,
        currency="CNY",
        item_reference="SN-1",
    )
    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as tx:
            if kind == "phone_changed":
                coverage.keep_phone(tx, person.policy_id, 2, world.personal_data.tokenizer.phone("13800138000"))
            else:
                coverage_items.keep_change(tx, change)
            erasing = pool.submit(erase, world, person)
            wait([erasing], timeout=1)
            assert not erasing.done()
        erasing.result(timeout=60)
    assert finished(world)
    assert world.rows("SELECT policy_id FROM coverage_phones UNION ALL SELECT policy_id FROM coverage_items") == []


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE coverage SET person_token = '\\x01' || substr(person_token, 2)",
        "UPDATE coverage SET birth_year = 1989",
        "UPDATE claims SET person_token = '01' || substr(person_token, 3)",
        "UPDATE claims SET phone_token = '01' || substr(phone_token, 3)",
        "UPDATE claims SET payee_token = '01' || substr(payee_token, 3)",
        "UPDATE claims SET device_token = payee_token",
        "UPDATE claims SET description = 'x'",
        "UPDATE decisions SET reasons = 'x' WHERE outcome = 'refused'",
        "UPDATE decisions SET reasons_en = 'x' WHERE outcome = 'refused'",
        "UPDATE decisions SET found_zh = 'x' WHERE outcome = 'refused'",
        "UPDATE decisions SET found_en = 'x' WHERE outcome = 'refused'",
        "UPDATE appeals SET reason = 'x'",
        "UPDATE review_notes SET note = 'x'",
        "UPDATE review_escalations SET reason = 'x'",
        "UPDATE approval_proposals SET note = 'x'",
        "UPDATE approval_proposals SET reasons_en = 'x'",
        (
            "INSERT INTO undoable_decisions SELECT claim_id, claim_id, 1, 'verdict', 'refused', 'x', 'a', false, now(),"
            " now() FROM claims"
        ),
        (
            "INSERT INTO idempotency_keys (client_id, route, key, fingerprint, status, body, about)"
            " SELECT 'a', 'b', 'c', '', 201, 'x', claim_id::text FROM claims"
        ),
        "INSERT INTO coverage_phones SELECT policy_id, 2, phone_token FROM coverage",
        "UPDATE coverage SET person_token = '\\x00' || substr(person_token, 3) || '\\x00'",
        "UPDATE claims SET person_token = '00' || replace(policy_id::text, '-', '')",
    ],
)
def test_verify_notices_what_an_erasure_left_behind(database: Database, environ: dict[str, str], damage: str) -> None:
    world = World(database)
    person = world.covered()
    refused_and_appealed(world, person)
    erase(world, person)
    checks = TOOLS.checks(TOOLS.settings.load(environ), database)
    assert {finding.number for finding in verify(checks) if not finding.holds} == set()
    with database.transaction() as tx:
        assert tx.execute(damage) > 0
    assert {finding.number for finding in verify(checks) if not finding.holds} == {12}


def test_a_list_of_what_are_no_ids_is_poison(world: World) -> None:
    with pytest.raises(Poison):
        take(world, PoliciesErased(policy_ids=["not-an-id"], erased_at=LATER))
