"""Money goes to the insured's own account by the machine, to any other by a person who sees both names, masked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.fraud_detection.coverage.store import coverage_rows
from services.fraud_detection.decisions.usecases.run_timers import run_timers
from services.fraud_detection.reviews.domain.errors import PayeeUnknown
from shared.events.policies import PoliciesErased, PolicyNamed
from shared.values.errors import InvalidFields
from shared.values.ids import TokenHex
from tests.services.fraud_detection.builders import (
    ELSEWHERE,
    NOW,
    Caller,
    Person,
    Then,
    World,
    champion,
    own_account,
    take,
)
from tests.services.fraud_detection.insured import why

Callers = Callable[[str], Caller]
FRIENDS = TokenHex("01" + "a" * 32)


def covered(world: World, name: str, phone_ends: str = "0000", **changes: Any) -> Person:
    world.publish()
    person = replace(world.person(phone_ends), name=name)
    with world.database.transaction() as tx:
        coverage_rows.keep(tx, [world.chunk([person], **changes)])
    world.announce_payee(person, version=2)
    return person


def of_a_friend(world: World, person: Person, name: str = "李大明") -> TokenHex:
    """An account of somebody else."""
    return world.announce_payee(replace(person, name=name), FRIENDS)


@pytest.mark.parametrize("phone_ends", ["0000", "9001"])
def test_an_account_in_another_s_name_is_never_approved_by_the_machine(world: World, phone_ends: str) -> None:
    person = covered(world, "张小明", phone_ends)
    claim = world.file(person, payee_token=of_a_friend(world, person))
    assert world.decide(claim, by=champion(0.01)) == "review"
    assert why(world, claim) == "payee_name_differs"
    assert world.review(claim.claim_id, "approve") == "approved"


def test_one_name_in_two_ways_of_writing_is_one_name(world: World) -> None:
    person = covered(world, "歐陽 娜娜")
    account = world.announce_payee(replace(person, name="欧阳·娜娜"), FRIENDS)
    assert world.decide(world.file(person, payee_token=account)) == "approved"


def test_one_account_for_two_insured_goes_to_a_person_though_both_bear_one_name(world: World) -> None:
    first, second = covered(world, "张伟"), covered(world, "张伟")
    account = own_account(first)
    alone = world.file(first, payee_token=account)
    assert world.decide(alone) == "approved"
    beside = world.file(second, payee_token=account)
    assert world.decide(beside) == "review"
    assert why(world, beside) == "payee_shared"


def test_two_claims_of_one_insured_may_name_one_account(world: World) -> None:
    person = covered(world, "张伟")
    claims = [world.file(person), world.file(person, scam_type="fake_police", amount_fen=1_000_000)]
    for claim in claims:
        world.decide(claim)
        assert "payee_shared" not in world.events("claims.decided")[-1]["reason_codes"]


def test_who_was_enrolled_before_names_were_told_is_looked_at_by_a_person(world: World) -> None:
    person = covered(world, "张小明", name_token=None)
    claim = world.file(person)
    assert world.decide(claim) == "review"
    assert why(world, claim) == "payee_name_unknown"
    assert world.events("claims.decided")[-1]["reason_codes"] == ["payee_name_unknown"]


def wake(world: World, now: datetime) -> None:
    while run_timers(world.database, Then(now)):
        pass


def test_a_claim_waits_for_an_account_that_is_announced_after_it_and_is_decided_then(world: World) -> None:
    person = covered(world, "张小明")
    claim = world.file(person, payee_token=ELSEWHERE)
    assert world.decide(claim) is None
    waiting = world.claim(claim.claim_id)
    assert (waiting.state, waiting.due_at) == ("waiting_for_payee", NOW + timedelta(days=1))
    assert world.events("claims.decided") == []
    assert world.decide(claim) is None
    wake(world, NOW + timedelta(minutes=1))
    assert world.claim(claim.claim_id).state == "waiting_for_payee"
    world.announce_payee(person, ELSEWHERE)
    wake(world, NOW + timedelta(minutes=2))
    assert len(world.events("claims.submitted")) == 2
    assert world.decide(world.claim(claim.claim_id)) == "approved"


def test_an_account_that_is_not_announced_in_time_goes_to_a_person_and_nobody_approves_what_cannot_be_paid(
    world: World,
) -> None:
    person = covered(world, "张小明", "9001")
    claim = world.file(person, payee_token=ELSEWHERE)
    world.decide(claim)
    wake(world, NOW + timedelta(days=1))
    assert world.decide(world.claim(claim.claim_id)) == "review"
    assert why(world, claim) == "payee_unknown"
    with pytest.raises(PayeeUnknown):
        world.review(claim.claim_id, "approve")
    world.announce_payee(person, ELSEWHERE)
    assert world.review(claim.claim_id, "approve") == "approved"


def of_the_resident(caller: Callers, claim_id: str) -> tuple[str, str, list[str]]:
    seen = caller("mobile-backend").get(f"/v1/claims/{claim_id}").json
    return seen["state"], seen["status"]["acts"], [each["code"] for each in seen["status"]["missing"]]


def test_the_resident_reads_that_the_account_is_not_known_for_as_long_as_it_is_not(
    world: World, caller: Callers
) -> None:
    person = covered(world, "张小明", "9001")
    claim = world.file(person, payee_token=ELSEWHERE)
    world.decide(claim)
    assert of_the_resident(caller, claim.claim_id) == ("waiting_for_payee", "you", ["payee_unknown"])
    wake(world, NOW + timedelta(days=1))
    assert world.decide(world.claim(claim.claim_id)) == "review"
    assert of_the_resident(caller, claim.claim_id) == ("in_review", "you", ["payee_unknown"])
    world.announce_payee(person, ELSEWHERE)
    assert of_the_resident(caller, claim.claim_id) == ("in_review", "insurer", [])


def test_of_who_asked_to_be_forgotten_no_account_is_wanted(world: World, caller: Callers) -> None:
    person = covered(world, "张小明", "9001")
    claim = world.file(person, payee_token=ELSEWHERE)
    world.decide(claim)
    wake(world, NOW + timedelta(days=1))
    assert world.decide(world.claim(claim.claim_id)) == "review"
    take(world, PoliciesErased(policy_ids=[person.policy_id], erased_at=NOW))
    assert of_the_resident(caller, claim.claim_id) == ("in_review", "insurer", [])


def test_a_person_may_refuse_what_can_be_paid_to_no_account_while_it_is_not_known_and_it_may_be_appealed(
    world: World, caller: Callers
) -> None:
    persons = [covered(world, "张小明", "9001") for _ in range(2)]
    claims = [world.file(person, payee_token=ELSEWHERE) for person in persons]
    for claim in claims:
        world.decide(claim)
    wake(world, NOW + timedelta(days=1))
    for claim in claims:
        assert world.decide(world.claim(claim.claim_id)) == "review"
    unpaid, known = claims
    assert world.review(unpaid.claim_id, "refuse", clause="payee_unknown") == "refused"
    appealed = caller("mobile-backend").post(f"/v1/claims/{unpaid.claim_id}/appeals", {"reason": "账户已登记。"})
    assert appealed.json["state"] == "appealed"
    world.announce_payee(persons[0], ELSEWHERE)
    with pytest.raises(InvalidFields):
        world.review(known.claim_id, "refuse", clause="payee_unknown")
    assert world.decide(world.claim(unpaid.claim_id), claim_round=2) == "review"
    assert world.review(unpaid.claim_id, "approve", reviewer="reviewer-wang") == "approved"


def test_a_rule_that_stands_against_the_claim_waits_for_no_account(world: World) -> None:
    claim = world.file(covered(world, "张小明"), payee_token=ELSEWHERE, evidence=())
    assert world.decide(claim) == "documents_requested"


def test_a_person_who_looks_for_another_reason_sees_the_account_s_doubts_too(world: World) -> None:
    person = covered(world, "张小明", "9002")
    claim = world.file(person, payee_token=of_a_friend(world, person))
    assert world.decide(claim) == "review"
    assert world.events("claims.decided")[-1]["reason_codes"] == ["sandbox", "payee_name_differs"]


def test_the_reviewer_sees_both_names_masked(world: World, caller: Callers) -> None:
    person = covered(world, "张小明")
    claim = world.file(person, payee_token=of_a_friend(world, person))
    world.decide(claim)
    reviewer = caller("reviewer-li")
    seen = reviewer.get(f"/v1/reviews/{claim.claim_id}").json["payee"]
    assert seen == {
        "holder_name": "李**",
        "account": "************0001",
        "bank_code": "ICBC",
        "insured_name": None,
        "holder_is": None,
        "doubts": ["payee_name_differs"],
    }
    take(
        world,
        PolicyNamed(
            policy_id=person.policy_id,
            version=1,
            name_token=world.name_token(person),
            name_masked="张**",
            told_at=NOW,
        ),
    )
    assert reviewer.get(f"/v1/reviews/{claim.claim_id}").json["payee"]["insured_name"] == "张**"
    own = world.file(covered(world, "王五"))
    assert reviewer.get(f"/v1/reviews/{own.claim_id}").json["payee"]["doubts"] == []
    assert own_account(person) not in str(seen)
