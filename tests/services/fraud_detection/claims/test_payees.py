"""What fraud detection keeps of payout's vault and of names: tokens and masks, the newest; and that it forgets them."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from services.fraud_detection.claims.store import payees
from services.fraud_detection.coverage.domain.cover import Coverage
from services.fraud_detection.coverage.store import coverage
from services.fraud_detection.decisions.consumers.payees import PAYEES
from shared.events.envelope import Envelope, Event
from shared.events.payouts import PayeeAnnounced, PayeeErased
from shared.events.policies import PoliciesErased, PolicyEndorsed, PolicyNamed
from shared.messaging.failures import Poison, malformed_is_poison
from shared.process.new_ids import new_id
from shared.values.ids import EventId, TokenHex
from tests.services.fraud_detection.builders import NOW, Person, World, take

ACCOUNT = TokenHex("01" + "e" * 32)
OTHER_NAME = "01" + "f" * 32


def announced(version: int = 1, **changes: Any) -> PayeeAnnounced:
    facts: dict[str, Any] = {
        "payee_token": ACCOUNT,
        "version": version,
        "name_tokens": [OTHER_NAME],
        "holder_masked": "张**",
        "account_masked": "************0001",
        "bank_code": "ICBC",
        "announced_at": NOW,
    }
    return PayeeAnnounced(**(facts | changes))


def erased(version: int) -> PayeeErased:
    return PayeeErased(payee_token=ACCOUNT, version=version, erased_at=NOW)


def hear(world: World, event: Event) -> None:
    envelope = Envelope(EventId(new_id()), event.TYPE, "payout", NOW, "payee", event)
    with malformed_is_poison(), world.database.transaction() as tx:
        PAYEES.handlers[type(event)](tx, envelope)


def holder(world: World) -> str | None:
    with world.database.transaction() as tx:
        found = payees.find(tx, [ACCOUNT])
    return found[ACCOUNT].holder_masked if ACCOUNT in found else None


def cover(world: World, person: Person) -> Coverage:
    with world.database.transaction() as tx:
        found = coverage.find(tx, person.policy_id)
    assert found is not None
    return found


def corrected(person: Person, version: int, name_token: str) -> PolicyEndorsed:
    return PolicyEndorsed(
        endorsement_id=new_id(),
        policy_id=person.policy_id,
        version=version,
        partner_id="telecom-east",
        kind="name_corrected",
        endorsed_at=NOW,
        effective_at=NOW,
        premium_delta_fen=0,
        currency="CNY",
        name_token=name_token,
    )


def named(person: Person, version: int, name_token: str, mask: str = "张**") -> PolicyNamed:
    return PolicyNamed(
        policy_id=person.policy_id, version=version, name_token=name_token, name_masked=mask, told_at=NOW
    )


@pytest.mark.parametrize("order", [(1, 2), (2, 1), (2, 2)])
def test_the_newest_word_on_an_account_stands_in_whatever_order_it_comes(world: World, order: tuple[int, ...]) -> None:
    for version in order:
        hear(world, announced(version, holder_masked=f"张{'*' * version}"))
    assert holder(world) == "张**"


def test_an_erased_account_is_forgotten_and_stands_again_when_it_comes_anew(world: World) -> None:
    hear(world, announced(1))
    hear(world, erased(2))
    assert holder(world) is None
    assert world.rows("SELECT count(*) FROM payees") == [(0,)]
    hear(world, announced(3))
    hear(world, erased(2))
    assert holder(world) == "张**"


@pytest.mark.parametrize(
    "event", [announced(0), announced(payee_token="6222020200112233"), announced(name_tokens=["张小明"]), erased(0)]
)
def test_an_account_that_is_none_is_poison(world: World, event: Event) -> None:
    with pytest.raises(Poison):
        hear(world, event)
    assert world.rows("SELECT count(*) FROM payees") == [(0,)]


def test_a_policy_is_kept_with_the_token_of_its_insureds_name(world: World) -> None:
    person = world.covered()
    assert cover(world, person).name_token == world.name_token(person)


def test_a_policy_that_was_enrolled_before_names_were_told_has_none(world: World) -> None:
    person = world.person()
    world.publish()
    take(world, world.chunk([person], name_token=None))
    assert cover(world, person).name_token is None
    take(world, named(person, 1, OTHER_NAME))
    assert (cover(world, person).name_token, cover(world, person).name_masked) == (OTHER_NAME, "张**")


def test_a_corrected_name_counts_by_its_version_and_loses_the_mask_of_the_one_before(world: World) -> None:
    person = world.covered()
    second, third = "01" + "2" * 32, "01" + "3" * 32
    told = {
        "named first": named(person, 1, world.name_token(person), "张**"),
        "corrected": corrected(person, 2, second),
        "corrected again": corrected(person, 3, third),
        "named again": named(person, 3, third, "李**"),
    }
    for order in itertools.permutations(told):
        world.rows_gone("coverage_names")
        for each in order:
            take(world, told[each])
        now = cover(world, person)
        assert (now.name_token, now.name_masked) == (third, "李**"), order
    world.rows_gone("coverage_names")
    take(world, told["named first"])
    take(world, told["corrected"])
    assert (cover(world, person).name_token, cover(world, person).name_masked) == (second, None)


def test_of_an_erased_person_no_name_is_left_whenever_it_is_told(world: World) -> None:
    person = world.covered()
    take(world, named(person, 2, world.name_token(person)))
    take(world, PoliciesErased(policy_ids=[person.policy_id], erased_at=NOW))
    take(world, named(person, 3, world.name_token(person)))
    take(world, corrected(person, 4, OTHER_NAME))
    assert (cover(world, person).name_token, cover(world, person).name_masked) == (None, None)
    assert world.rows("SELECT count(*) FROM coverage WHERE name_token IS NOT NULL") == [(0,)]
    assert world.rows("SELECT count(*) FROM coverage_names") == [(0,)]
    assert world.rows("SELECT name_token FROM coverage") == [(None,)]


@pytest.mark.parametrize(
    "event",
    [
        lambda person: named(person, 0, OTHER_NAME),
        lambda person: named(person, 2, "张小明"),
        lambda person: corrected(person, 1, OTHER_NAME),
        lambda person: corrected(person, 2, "张小明"),
    ],
)
def test_a_name_that_is_none_is_poison(world: World, event: Any) -> None:
    with pytest.raises(Poison):
        take(world, event(world.covered()))
