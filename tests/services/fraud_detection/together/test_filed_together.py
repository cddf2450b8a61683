"""Claims that are filed at the same moment: one transaction for all, and each its own answer."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.errors import PolicyErased
from services.fraud_detection.claims.store import claims
from services.fraud_detection.coverage.store.products import Terms
from services.fraud_detection.erasure.usecases.erase_policies import erase
from services.fraud_detection.filing.domain.filing import Filing
from services.fraud_detection.filing.usecases.file_claim import Filed, file_claims
from shared.process.new_ids import new_id
from shared.values.errors import FangzhaError, InvalidField
from shared.values.ids import PolicyId
from tests.services.fraud_detection.builders import NOW, Caller, Person, World, claim_body, filing


def file_all(world: World, *filed: Filing) -> list[Claim | FangzhaError]:
    with world.database.transaction() as tx:
        return file_claims(
            tx,
            [Filed(each, f"bank-{number}") for number, each in enumerate(filed)],
            personal_data=world.personal_data,
            terms=Terms(),
            sandbox=True,
            now=NOW,
        )


def test_each_of_many_is_stored_with_its_own_words_and_said_to_wait(world: World) -> None:
    words = ["对方自称平台客服。", None, "投资平台无法提现。"]
    found = file_all(world, *(filing(world.covered(), description=each) for each in words))

    stored = [each for each in found if isinstance(each, Claim)]
    assert [each.tenant for each in stored] == ["bank-0", "bank-1", "bank-2"]
    assert [world.claim(each.claim_id) for each in stored] == stored
    assert [event["claim_id"] for event in world.events("claims.submitted")] == [each.claim_id for each in stored]
    with world.database.transaction() as tx:
        sealed = [claims.description(tx, each.claim_id) for each in stored]
        opened = [
            blob and world.personal_data.open(tx, blob, each.claim_id, "description")
            for each, blob in zip(stored, sealed, strict=True)
        ]
        assert [len(documents) for documents in claims.evidence(tx, [each.claim_id for each in stored]).values()] == [
            2,
            2,
            2,
        ]
    assert opened == words


def test_a_refused_one_costs_the_others_nothing_and_one_without_a_policy_waits(world: World) -> None:
    good, erased = world.covered(), world.covered()
    wrong = Person(good.policy_id, "110101199003070000", good.phone)
    with world.database.transaction() as tx:
        erase(tx, [erased.policy_id], erased_at=NOW)

    found = file_all(
        world,
        filing(wrong),
        filing(good),
        filing(erased),
        filing(replace(world.person(), policy_id=PolicyId(new_id()))),
    )

    assert isinstance(found[0], InvalidField)
    assert isinstance(found[2], PolicyErased)
    states = [each.state for each in found if isinstance(each, Claim)]
    assert states == ["filed", "waiting_for_policy"]
    assert world.rows("SELECT count(*) FROM claims") == [(2,)]
    assert len(world.events("claims.submitted")) == 1


def test_many_who_file_at_once_get_each_their_own_claim_and_a_repeated_key_the_same_one(
    world: World, caller: Callable[[str], Caller]
) -> None:
    persons = [world.covered() for _ in range(12)]
    keys = [new_id() for _ in persons]

    def file(numbered: tuple[Person, str]) -> Any:
        person, key = numbered
        return caller("mobile-backend").post("/v1/claims", bodies[person.policy_id], key=key)

    bodies = {person.policy_id: claim_body(person) for person in persons}
    with ThreadPoolExecutor(12) as pool:
        first = list(pool.map(file, zip(persons, keys, strict=True)))
        again = list(pool.map(file, zip(persons, keys, strict=True)))
    assert {reply.status_code for reply in first + again} == {202}
    assert [reply.json["policy_id"] for reply in first] == [person.policy_id for person in persons]
    assert [reply.json["claim_id"] for reply in again] == [reply.json["claim_id"] for reply in first]
    assert world.rows("SELECT count(*) FROM claims") == [(12,)]
