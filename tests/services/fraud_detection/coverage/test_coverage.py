"""What fraud detection knows of policies, whatever the order in which enrollment's events arrive."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from services.fraud_detection.coverage.store import coverage, coverage_rows
from shared.db.transaction import Tx
from shared.events.policies import PolicyColumns
from shared.messaging.failures import Poison
from tests.rules.fraud_detection.builders import LOSS, START
from tests.services.fraud_detection.builders import Person, World, take

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


def test_several_chunks_are_known_after_one_write_each_policy_with_its_own_terms(world: World) -> None:
    persons = [world.person() for _ in range(3)]
    later = START + timedelta(days=30)
    second = PolicyColumns.of(
        policy_id=[person.policy_id for person in persons[1:]],
        person_token=["01" + "ab" * 16, "01" + "cd" * 16],
        phone_token=["01" + "12" * 16, "01" + "34" * 16],
        birth_year=[1950, 2001],
        effective_from=[START, later],
        effective_to=[later, later + timedelta(days=365)],
        waits_from=[START - timedelta(days=365), START],
    )
    chunks = [world.chunk(persons[:1]), world.chunk([], partner_id="电信-west", stacks=True)]
    with world.database.transaction() as tx:
        coverage_rows.keep(tx, [chunks[0], msgspec.structs.replace(chunks[1], policies=second)])
        found = [coverage.find(tx, person.policy_id) for person in persons]

    first, middle, last = found
    assert first is not None
    assert (first.partner_id, first.birth_year, first.waits_from, first.stacks) == ("telecom-east", 1989, None, False)
    assert middle is not None
    assert (middle.person_token, middle.phone_token, middle.birth_year) == ("01" + "ab" * 16, "01" + "12" * 16, 1950)
    assert (middle.effective_from, middle.effective_to) == (START, later)
    assert (middle.partner_id, middle.waits_from, middle.stacks) == ("电信-west", START - timedelta(days=365), True)
    assert last is not None
    assert (last.person_token, last.effective_from, last.waits_from) == ("01" + "cd" * 16, later, START)


def test_a_known_chunk_among_new_ones_stays_as_it_was_and_the_new_ones_come_in(world: World) -> None:
    known_one, new_one = world.covered(), world.person()
    other_words = world.chunk([known_one], partner_id="telecom-west")
    with world.database.transaction() as tx:
        coverage_rows.keep(tx, [other_words, world.chunk([new_one]), world.chunk([new_one])])
    assert world.rows("SELECT partner_id FROM coverage ORDER BY policy_id") == [("telecom-east",), ("telecom-east",)]
    assert known(world, new_one) == (START, START + timedelta(days=365), False)


def test_all_renewals_of_a_policy_are_found_in_whatever_order_they_were_told(world: World) -> None:
    """The second renewal is heard of first, the first policy last; others are nobody's renewal."""
    first, second, third, stranger = (world.person() for _ in range(4))
    term = timedelta(days=365)
    for number, (person, renews) in enumerate([(third, second), (second, first), (stranger, None), (first, None)]):
        columns = PolicyColumns.of(
            policy_id=[person.policy_id],
            person_token=["01" + "ab" * 16],
            phone_token=["01" + "12" * 16],
            birth_year=[1950],
            effective_from=[START - number * term],
            effective_to=[START + term - number * term],
            renews=None if renews is None else [renews.policy_id],
        )
        with world.database.transaction() as tx:
            coverage_rows.keep(tx, [msgspec.structs.replace(world.chunk([]), policies=columns)])
    with world.database.transaction() as tx:
        later = coverage.renewals(tx, [person.policy_id for person in (first, second, third, stranger)])
        found = {
            person.policy_id: [each.policy_id for each in later.get(person.policy_id, ())]
            for person in (first, second, third, stranger)
        }
    assert found == {
        first.policy_id: [second.policy_id, third.policy_id],
        second.policy_id: [third.policy_id],
        third.policy_id: [],
        stranger.policy_id: [],
    }


def test_a_number_that_fits_no_column_is_poison(world: World) -> None:
    chunk = world.chunk([world.person()])
    hostile = msgspec.structs.replace(chunk, policies=msgspec.structs.replace(chunk.policies, birth_year=[1 << 40]))
    uneven = msgspec.structs.replace(chunk, policies=msgspec.structs.replace(chunk.policies, person_token=b"short"))
    for wrong in (hostile, uneven, msgspec.structs.replace(chunk, partner_id="nul\0")):
        with pytest.raises(Poison):
            take(world, wrong)


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
