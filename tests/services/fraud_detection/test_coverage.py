"""What fraud detection knows of policies, whatever the order in which enrollment's events arrive."""

from __future__ import annotations

from datetime import timedelta

from services.fraud_detection.store import coverage, coverage_rows
from shared.db.transaction import Tx
from tests.rules.fraud_detection.builders import LOSS, START
from tests.services.fraud_detection.builders import Person, World

EARLY = LOSS - timedelta(days=3)


def known(world: World, person: Person) -> tuple[object, ...] | None:
    with world.database.transaction() as tx:
        found = coverage.find(tx, person.policy_id)
    return None if found is None else (found.effective_from, found.effective_to, found.canceled)


def enroll(tx: Tx, world: World, person: Person) -> None:
    coverage_rows.keep(tx, [world.chunk([person])])


def test_a_chunk_of_a_thousand_policies_is_known_after_one_event(world: World) -> None:
    persons = [world.person() for _ in range(1000)]
    with world.database.transaction() as tx:
        coverage_rows.keep(tx, [world.chunk(persons)])
    assert world.rows("SELECT count(*) FROM coverage") == [(1000,)]
    assert known(world, persons[999]) == (START, START + timedelta(days=365), False)


def test_a_chunk_that_comes_twice_changes_nothing(world: World) -> None:
    person = world.covered()
    with world.database.transaction() as tx:
        enroll(tx, world, person)
    assert world.rows("SELECT count(*) FROM coverage") == [(1,)]


def test_a_cancellation_ends_the_cover_early(world: World) -> None:
    person = world.covered()
    world.cancel(person, EARLY)
    assert known(world, person) == (START, EARLY, True)


def test_a_cancellation_that_overtakes_its_enrollment_is_not_lost(world: World) -> None:
    person = world.person()
    world.cancel(person, EARLY)
    assert known(world, person) is None
    with world.database.transaction() as tx:
        enroll(tx, world, person)
    assert known(world, person) == (START, EARLY, True)


def test_of_two_ends_the_newer_version_wins_in_either_order(world: World) -> None:
    first, second = world.covered(), world.covered()
    world.cancel(first, EARLY, version=2)
    world.cancel(first, LOSS, version=3)
    world.cancel(second, LOSS, version=3)
    world.cancel(second, EARLY, version=2)
    assert known(world, first) == known(world, second) == (START, LOSS, True)


def test_a_published_product_version_never_changes(world: World) -> None:
    world.publish()
    world.publish(event_limit_fen=1)
    assert world.rows("SELECT terms ->> 'event_limit_fen' FROM products") == [("5000000",)]
