from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploy.sandbox_bank.outcomes import OUTCOMES
from deploy.simulator import claims, people
from deploy.simulator.claims import EnrolledPolicy, Mix, SimulatedClaim, Terms
from services.fraud_detection.filing.domain.sandbox_values import BY_LAST_DIGITS

ENROLLED = datetime(2026, 11, 1, tzinfo=UTC)
NOW = ENROLLED + timedelta(days=40)
TERMS = Terms(excluded_types=("illegal_online",))


def policies(count: int = 400) -> list[EnrolledPolicy]:
    return [EnrolledPolicy(f"policy-{number}", person, ENROLLED) for number, person in enumerate(people.make(9, count))]


@pytest.fixture(scope="module")
def filed() -> list[SimulatedClaim]:
    return claims.make(policies(), NOW, 3, terms=TERMS)


def of(filed: list[SimulatedClaim], kind: str, detail: str | None = None) -> list[SimulatedClaim]:
    return [claim for claim in filed if claim.kind == kind and detail in {None, claim.detail}]


def moments(claim: SimulatedClaim) -> tuple[datetime, datetime, datetime]:
    loss = claim.body["loss"]
    names = ("occurred_at", "discovered_at", "reported_at")
    occurred, discovered, reported = (datetime.fromisoformat(loss[name]) for name in names)
    return occurred, discovered, reported


def broken(claim: SimulatedClaim) -> set[str]:
    """The cover rules that the claim fails, by the product's words."""
    occurred, discovered, reported = moments(claim)
    loss: dict[str, Any] = claim.body["loss"]
    kinds = {document["kind"] for document in claim.body["evidence"]}
    rules = {
        "not_in_force": occurred < ENROLLED,
        "waiting_period": ENROLLED <= occurred < ENROLLED + timedelta(days=TERMS.waiting_days),
        "report_too_late": reported - discovered > timedelta(hours=TERMS.report_within_hours),
        "outside_look_back": reported - occurred > timedelta(hours=TERMS.look_back_hours),
        "evidence_missing": not kinds.issuperset(TERMS.required_evidence),
        "fully_recovered": claim.body.get("recovered_fen", 0) >= loss["amount_fen"],
        "scam_type_excluded": loss["scam_type"] in TERMS.excluded_types,
    }
    return {rule for rule, failed in rules.items() if failed}


def test_a_seed_always_makes_the_same_claims(filed: list[SimulatedClaim]) -> None:
    assert claims.make(policies(), NOW, 3, terms=TERMS) == filed
    assert claims.make(policies(), NOW, 4, terms=TERMS) != filed


def test_as_many_claims_are_filed_as_asked_for_on_policies_of_their_own(filed: list[SimulatedClaim]) -> None:
    assert len(filed) == 400
    on_policy = Counter(claim.body["policy_id"] for claim in filed)
    twice = {claim.body["policy_id"] for claim in filed if claim.kind in {"twice_filed", "repeat_victim"}}
    assert {policy for policy, count in on_policy.items() if count > 1} == twice


def test_what_happened_is_told_in_order_and_before_now(filed: list[SimulatedClaim]) -> None:
    for claim in filed:
        occurred, discovered, reported = moments(claim)
        assert occurred <= discovered <= reported <= NOW


@pytest.mark.parametrize("kind", ["honest", "ring", "scheme", "twice_filed", "repeat_victim", "sandbox"])
def test_only_claims_outside_the_cover_fail_a_rule_by_themselves(filed: list[SimulatedClaim], kind: str) -> None:
    assert of(filed, kind)
    assert [claim for claim in of(filed, kind) if broken(claim)] == []


def test_each_claim_outside_the_cover_breaks_the_rule_it_is_named_after(filed: list[SimulatedClaim]) -> None:
    assert {claim.detail for claim in of(filed, "outside_cover")} == set(claims.OUTSIDE)
    for claim in of(filed, "outside_cover"):
        assert claim.detail in broken(claim)


def test_a_ring_shares_one_payee_and_one_device_among_people(filed: list[SimulatedClaim]) -> None:
    for number in {claim.detail for claim in of(filed, "ring")}:
        ring = of(filed, "ring", number)
        assert len(ring) == 5
        assert len({claim.payee for claim in ring}) == len({claim.body["device_id"] for claim in ring}) == 1
        assert len({claim.body["claimant"]["document_number"] for claim in ring}) == 5
        assert all(claim.dishonest for claim in ring)


def test_a_twice_filed_claim_tells_one_loss_with_the_same_documents(filed: list[SimulatedClaim]) -> None:
    for claim in of(filed, "twice_filed", "second"):
        assert claim.follows is not None
        first = filed[claim.follows]
        assert filed.index(first) < filed.index(claim)
        assert claim.body["policy_id"] == first.body["policy_id"]
        assert moments(claim) == moments(first)
        assert claim.body["evidence"] == first.body["evidence"]


def test_a_repeat_victim_suffers_two_losses_that_do_not_overlap(filed: list[SimulatedClaim]) -> None:
    victims = {claim.body["policy_id"] for claim in of(filed, "repeat_victim")}
    assert victims
    for policy in victims:
        first, second = sorted(moments(claim) for claim in filed if claim.body["policy_id"] == policy)
        assert first[1] < second[0]


def test_each_sandbox_value_is_forced_once_and_by_nobody_else(filed: list[SimulatedClaim]) -> None:
    forced = of(filed, "sandbox")
    assert [claim.detail for claim in forced].count("bank_silent") == 1
    assert {claim.detail for claim in forced} == set(claims.SANDBOX_OUTCOMES)
    for claim in filed:
        phone, account = claim.body["claimant"]["phone"][-4:], claim.payee.account[-4:]
        if claim.kind != "sandbox":
            assert phone not in claims.FORCED_PHONES.values()
            assert account not in claims.FORCED_ACCOUNTS.values()
        elif claim.detail in claims.FORCED_ACCOUNTS:
            assert (phone, account) == ("9001", claims.FORCED_ACCOUNTS[claim.detail])
        else:
            assert phone == claims.FORCED_PHONES[claim.detail]


def test_the_simulator_forces_what_the_services_know() -> None:
    assert set(claims.FORCED_PHONES.values()) == set(BY_LAST_DIGITS)
    assert set(claims.FORCED_ACCOUNTS.values()) == set(OUTCOMES)


def test_claims_before_the_waiting_period_is_over_are_refused() -> None:
    with pytest.raises(ValueError, match="waiting period"):
        claims.make(policies(), ENROLLED + timedelta(days=3), 3)


def test_too_few_policies_are_refused() -> None:
    with pytest.raises(ValueError, match="400 claims need 400 policies"):
        claims.make(policies(10), NOW, 3)


def test_a_mix_may_be_of_honest_claims_alone() -> None:
    mix = Mix(outside_cover=0, twice_filed=0, ring=0, repeat_victim=0, scheme=0, sandbox=0)
    assert {claim.kind for claim in claims.make(policies(50), NOW, 3, count=50, mix=mix)} == {"honest"}
