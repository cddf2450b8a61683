"""A person who asked to be forgotten, on fraud detection's side."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from typing import Any

import pytest

from services.fraud_detection.app import PARTS
from services.fraud_detection.consumers.policies import POLICIES
from services.fraud_detection.domain.claims import Claim
from services.fraud_detection.domain.errors import PolicyErased
from services.fraud_detection.store import claims, coverage, coverage_rows
from services.fraud_detection.usecases.complete_claim import add_documents, appeal
from services.fraud_detection.usecases.erase_policies import erase as erase_now
from services.fraud_detection.usecases.erase_policies import erase_the_rest
from shared.db.pool import Database
from shared.entry.verify import verify
from shared.events.envelope import Envelope, Event
from shared.events.policies import PoliciesErased, PolicyEndorsed
from shared.messaging.failures import Poison
from shared.process.clock import SystemClock
from shared.process.new_ids import new_id
from shared.values.ids import EventId
from tests.rules.fraud_detection.builders import LOSS, product
from tests.services.fraud_detection.builders import NOW, Caller, Person, World, champion, claim_body, evidence
from tests.services.fraud_detection.insured import file, insure, why

LATER = NOW + timedelta(days=3)


def take(world: World, data: Event) -> None:
    """What the consumer does with one event."""
    envelope = Envelope(
        id=EventId(new_id()), type=data.TYPE, source="enrollment", time=LATER, subject="policies", data=data
    )
    with world.database.transaction() as tx:
        POLICIES.handlers[type(data)](tx, envelope)


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
    world.review(claim.claim_id, "refuse", reviewer="reviewer-wang", reasons="仍与李某的聊天记录不符。")
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
    assert world.rows("SELECT DISTINCT reasons FROM decisions WHERE reasons IS NOT NULL") == [(b"",)]
    assert world.rows("SELECT DISTINCT reason FROM appeals") == [(b"",)]
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
    assert erase_the_rest(database, SystemClock()) is False
    assert finished(world)
    left = everything(world)
    assert [name for name in names_of(world, person) if name in left] == []


def test_an_erasure_waits_for_an_enrollment_that_never_came(world: World, database: Database) -> None:
    erase(world, world.person())
    erase_the_rest(database, SystemClock())
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
            assert coverage.hold(tx, person.policy_id) is not None  # as filing does, first of all
            erasing = pool.submit(erase, world, person)
            wait([erasing], timeout=1)
            assert not erasing.done()
            claim = claims.find(tx, world.file(person).claim_id)
        erasing.result(timeout=60)
    assert claim is not None
    assert world.claim(claim.claim_id).person_token == "00" + claim.claim_id.replace("-", "")


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
    erase_the_rest(database, SystemClock())
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
    erase_the_rest(database, SystemClock())
    assert finished(world)
    shown = caller("mobile-backend").get(f"/v1/claims/{claim.claim_id}").json
    assert [(each["code"], each["clause"]) for each in shown["decision"]["reasons"]] == [("reasons_erased", "2.4")]
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
        "UPDATE appeals SET reason = 'x'",
        "INSERT INTO coverage_phones SELECT policy_id, 2, phone_token FROM coverage",
    ],
)
def test_verify_notices_what_an_erasure_left_behind(database: Database, environ: dict[str, str], damage: str) -> None:
    world = World(database)
    person = world.covered()
    refused_and_appealed(world, person)
    erase(world, person)
    checks = PARTS.checks(PARTS.settings.load(environ), database)
    assert {finding.number for finding in verify(checks) if not finding.holds} == set()
    with database.transaction() as tx:
        assert tx.execute(damage) > 0
    assert {finding.number for finding in verify(checks) if not finding.holds} == {12}


def test_a_list_of_what_are_no_ids_is_poison(world: World) -> None:
    with pytest.raises(Poison):
        take(world, PoliciesErased(policy_ids=["not-an-id"], erased_at=LATER))
