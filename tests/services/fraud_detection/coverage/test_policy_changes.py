"""What happens to a policy after it was enrolled, as the coverage view hears of it, in whichever order."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.fraud_detection.coverage.domain.cover import Coverage
from services.fraud_detection.coverage.store import coverage, coverage_rows
from shared.events.policies import CanceledColumns, PoliciesCanceled, PoliciesTransferred, PolicyEndorsed, packed
from shared.messaging.failures import Poison
from shared.process.new_ids import new_id
from tests.rules.fraud_detection.builders import LOSS, START, product
from tests.services.fraud_detection.builders import NOW, Person, World, take
from tests.services.fraud_detection.insured import at, file, insure, resident

NEW_PHONE = "01" + "5c" * 16


def known(world: World, person: Person) -> Coverage:
    with world.database.transaction() as tx:
        found = coverage.find(tx, person.policy_id)
    assert found is not None
    return found


def endorsed(
    person: Person, version: int, kind: str = "phone_changed", phone: str | None = NEW_PHONE
) -> PolicyEndorsed:
    return PolicyEndorsed(
        endorsement_id=new_id(),
        policy_id=person.policy_id,
        version=version,
        partner_id="telecom-east",
        kind=kind,  # type: ignore[arg-type]  # one of the event's kinds
        endorsed_at=NOW,
        effective_at=NOW,
        premium_delta_fen=0,
        currency="CNY",
        phone_token=phone,
    )


def transferred(*persons: Person, version: int, to: str) -> PoliciesTransferred:
    return PoliciesTransferred(
        from_partner_id="telecom-east",
        to_partner_id=to,
        transferred_at=NOW,
        policy_ids=[each.policy_id for each in persons],
        versions=[version for _ in persons],
    )


def ended(*ends: tuple[Person, int, datetime]) -> PoliciesCanceled:
    return PoliciesCanceled(
        chunk_id=new_id(),
        partner_id="telecom-east",
        canceled_at=NOW,
        currency="CNY",
        policies=CanceledColumns(
            policy_id=packed([person.policy_id for person, _, _ in ends]),
            version=[version for _, version, _ in ends],
            effective_to=[moment for _, _, moment in ends],
            refund_fen=[0 for _ in ends],
            reason=["opt_out" for _ in ends],
        ),
    )


def test_a_changed_phone_is_the_insureds_phone_from_then_on(world: World) -> None:
    person = world.covered()
    take(world, endorsed(person, 3))
    take(world, endorsed(person, 2, phone="01" + "00" * 16))
    assert known(world, person).phone_token == NEW_PHONE


def test_a_phone_that_overtakes_its_enrollment_is_not_lost(world: World) -> None:
    person = world.person()
    take(world, endorsed(person, 2))
    with world.database.transaction() as tx:
        coverage_rows.keep(tx, [world.chunk([person])])
    assert known(world, person).phone_token == NEW_PHONE


def test_names_are_not_in_the_view_and_change_nothing(world: World) -> None:
    person = world.covered()
    before = known(world, person)
    take(world, endorsed(person, 2, "name_corrected", phone=None))
    assert known(world, person) == before


def test_a_policy_that_moved_is_the_new_partners_whichever_move_is_heard_of_first(world: World) -> None:
    first, second = world.covered(), world.person()
    take(world, transferred(first, second, version=3, to="telecom-north"))
    take(world, transferred(first, second, version=2, to="telecom-west"))
    with world.database.transaction() as tx:
        coverage_rows.keep(tx, [world.chunk([second])])
    assert known(world, first).partner_id == known(world, second).partner_id == "telecom-north"
    world.publish()
    world.decide(world.file(first))
    assert world.events("claims.decided")[-1]["partner_id"] == "telecom-north"


def test_many_early_ends_in_one_event_end_each_policy_in_its_newest_version(world: World) -> None:
    first, second, late = world.covered(), world.covered(), world.person()
    early = LOSS - timedelta(days=3)
    world.cancel(second, LOSS, version=5)
    take(world, ended((first, 2, early), (first, 3, LOSS), (second, 4, early), (late, 2, early)))
    with world.database.transaction() as tx:
        coverage_rows.keep(tx, [world.chunk([late])])
    assert [known(world, each).effective_to for each in (first, second, late)] == [LOSS, LOSS, early]


def test_a_renewal_in_bulk_does_not_wait_again(world: World) -> None:
    terms = product()
    insured = resident(world)
    insure(world, terms, insured, waits_from=START - timedelta(days=365))
    claim = file(world, insured, **at(START + timedelta(hours=1)))
    assert world.decide(claim, now=START + timedelta(days=2)) == "approved"
    ((snapshot,),) = world.rows("SELECT snapshot FROM claim_features")
    # The model too counts from the person's first cover: a loss just after a renewal is nothing to wonder at.
    assert datetime.fromisoformat(snapshot["effective_from"]) == START - timedelta(days=365)


@pytest.mark.parametrize(
    "damaged",
    [
        lambda person: endorsed(person, 1),
        lambda person: endorsed(person, 2, phone="not a token"),
        lambda person: transferred(person, version=1, to="telecom-west"),
        lambda person: ended((person, 1, LOSS)),
        lambda person: PoliciesTransferred(
            from_partner_id="a", to_partner_id="b", transferred_at=NOW, policy_ids=[person.policy_id], versions=[]
        ),
    ],
)
def test_a_change_that_cannot_be_is_poison_and_changes_nothing(world: World, damaged: Any) -> None:
    person = world.covered()
    before = known(world, person)
    with pytest.raises(Poison):
        take(world, damaged(person))
    assert known(world, person) == before
