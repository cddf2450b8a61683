"""Cover in general form: liabilities, territory, renewals, losses that several policies share."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.fraud_detection.claims.domain.claims import OtherClaim
from services.fraud_detection.coverage.domain.cover import NOTHING_USED, Coverage, Product, Share, liability_codes
from services.fraud_detection.decisions.domain.decision_policy import Approve, Opinion, Review, decide
from services.fraud_detection.decisions.domain.one_event import may_be_one_event
from services.fraud_detection.decisions.domain.payable import annual_left, annual_limit, event_limit, payable
from services.fraud_detection.decisions.domain.sharing import Beside, share
from services.fraud_detection.filing.domain.filing import Claimant, Filing, check
from services.fraud_detection.models.domain.explanation import ScoreExplanation
from shared.events.products import ScamCover
from shared.values.errors import InvalidFields
from shared.values.ids import ClaimId, PolicyId
from shared.values.money import Fen
from shared.values.scam_types import ScamType
from tests.rules.fraud_detection.builders import (
    LOSS,
    POLICY,
    START,
    claim,
    coverage,
    failed,
    liability,
    other,
    product,
    used,
)

END = START + timedelta(days=365)
SECOND = timedelta(seconds=1)
ELSEWHERE = PolicyId("0190163d-8694-739b-aea5-966c26f8ad94")


def codes(**arguments: Any) -> list[str]:
    return [rule.code for rule in failed(**arguments)]


def two_liabilities(**changes: Any) -> Product:
    return product(
        **{
            "event_limit_fen": 4_000_000,
            "annual_limit_fen": 5_000_000,
            "scam_types": {},
            "liabilities": [
                liability("ransom", event_limit_fen=3_000_000, annual_limit_fen=3_000_000, pay_percent=50),
                liability("repair", event_deductible_fen=100_000, required_evidence=["invoice"]),
            ],
            **changes,
        }
    )


def test_a_product_without_liabilities_has_the_one_cover_for_fraud_losses() -> None:
    assert liability_codes(product()) == ("fraud_loss",)
    assert codes(filed=claim(liability="ransom")) == ["liability_not_covered"]
    assert liability_codes(two_liabilities()) == ("ransom", "repair")
    assert codes(terms=two_liabilities(), filed=claim()) == ["liability_not_covered"]


def test_a_liability_with_an_empty_matrix_does_not_ask_for_a_scam_type() -> None:
    assert codes(terms=two_liabilities(), filed=claim(liability="ransom", scam_type="illegal_online")) == []


def test_a_liability_with_a_matrix_goes_by_it_and_not_by_the_products() -> None:
    matrix = {"romance": ScamCover(cover="sub_limit", limit_fen=70_000), "other": ScamCover(cover="excluded")}
    terms = product(liabilities=[liability("transfers", scam_types=matrix)])
    assert codes(terms=terms, filed=claim(liability="transfers", scam_type="romance")) == []
    assert event_limit(terms, claim(liability="transfers", scam_type="romance")) == 70_000
    for scam_type in ("other", "fake_police"):
        assert codes(terms=terms, filed=claim(liability="transfers", scam_type=scam_type)) == ["scam_type_excluded"]


def test_a_liability_asks_for_its_own_evidence_on_top_of_the_products() -> None:
    (rule,) = failed(terms=two_liabilities(), filed=claim(liability="repair"), evidence=frozenset({"transfer_record"}))
    assert rule.text_en == "Please add these documents: police receipt, invoice."


@pytest.mark.parametrize(
    ("filed", "reserved", "of_liability", "expected"),
    [
        ({"liability": "ransom", "amount_fen": 1_000_001}, 0, 0, 500_000),
        ({"liability": "repair", "amount_fen": 1_000_000}, 0, 0, 900_000),
        ({"liability": "ransom", "amount_fen": 9_000_000}, 0, 0, 3_000_000),
        ({"liability": "repair", "amount_fen": 9_000_000}, 0, 0, 4_000_000),
        ({"liability": "ransom", "amount_fen": 9_000_000}, 2_900_000, 2_900_000, 100_000),
        ({"liability": "repair", "amount_fen": 9_000_000}, 4_800_000, 0, 200_000),
        ({"liability": "nothing", "amount_fen": 9_000_000}, 0, 0, 0),
    ],
    ids=[
        "its own percentage",
        "its own deductible",
        "its own event limit",
        "the product's event limit",
        "its own year",
        "the product's year",
        "no liability of the product",
    ],
)
def test_each_liability_pays_by_its_own_terms_under_the_products_limits(
    filed: dict[str, Any], reserved: int, of_liability: int, expected: int
) -> None:
    use = replace(used(reserved), liability_fen=Fen(of_liability))
    assert payable(two_liabilities(), claim(**filed), use).amount_fen == expected


def test_the_cover_that_a_payout_is_held_against_is_the_narrower_of_both_years() -> None:
    assert annual_limit(two_liabilities(), claim(liability="ransom")) == 3_000_000
    assert annual_limit(two_liabilities(), claim(liability="repair")) == 5_000_000
    assert annual_limit(product(), claim()) == 5_000_000
    assert annual_left(two_liabilities(), claim(liability="repair"), used(4_999_999)) == 1


@pytest.mark.parametrize(
    ("territory", "place", "expected"),
    [
        (["CN"], "CN", []),
        (["CN"], "US", ["outside_territory"]),
        (["CN", "HK"], "HK", []),
        ([], "US", []),
    ],
)
def test_a_loss_counts_where_the_cover_reaches(territory: list[str], place: str, expected: list[str]) -> None:
    assert codes(terms=product(territory=territory), filed=claim(territory=place)) == expected


def test_a_renewal_does_not_wait_again() -> None:
    renewed = coverage(waits_from=START - timedelta(days=365))
    first_day = claim(occurred_at=START)
    assert codes(cover=renewed, filed=first_day) == []
    assert codes(cover=coverage(), filed=first_day) == ["waiting_period"]
    assert codes(cover=renewed, filed=claim(occurred_at=START - SECOND)) == ["not_in_force"]


# Shared losses


def held_elsewhere(**changes: Any) -> Coverage:
    return coverage(policy_id=ELSEWHERE, stacks=True, **changes)


def shared(terms: Product, filed: Any, *elsewhere: tuple[Coverage, Product], others: Any = ()) -> Share:
    return share(terms, filed, [Beside(*each) for each in elsewhere], others)


def test_a_loss_is_shared_in_the_proportion_of_the_limits() -> None:
    small = product(event_limit_fen=1_000_000, annual_limit_fen=1_000_000)
    large = product(event_limit_fen=3_000_000, annual_limit_fen=3_000_000)
    filed = claim(amount_fen=800_003)
    mine = shared(small, filed, (held_elsewhere(), large))
    theirs = shared(large, filed, (held_elsewhere(), small))
    assert payable(small, filed, NOTHING_USED, mine).amount_fen == 200_000
    assert payable(large, filed, NOTHING_USED, theirs).amount_fen == 600_002


def test_who_bears_a_deductible_bears_it_once_however_many_policies_pay() -> None:
    terms = product(event_deductible_fen=300_000, annual_deductible_fen=100_000)
    filed = claim(amount_fen=1_000_000)
    half = payable(terms, filed, NOTHING_USED, shared(terms, filed, (held_elsewhere(), terms)))
    assert (half.amount_fen, half.deductible_fen) == (300_000, 50_000)


NAMED = {"event_reference": "INC-1", "event_named": True}


@given(
    losses=st.lists(st.integers(1, 900_000), min_size=2, max_size=4),
    deductible=st.integers(0, 1_000_000),
    percent=st.integers(1, 100),
)
def test_losses_of_one_event_are_paid_as_if_they_were_one_loss(
    losses: list[int], deductible: int, percent: int
) -> None:
    terms = product(event_deductible_fen=deductible, pay_percent=percent)
    paid: list[OtherClaim] = []
    for number, amount in enumerate(losses):
        filed = claim(amount_fen=Fen(amount), **NAMED)
        taken = payable(terms, filed, NOTHING_USED, share(terms, filed, (), paid))
        paid.append(
            other(
                claim_id=ClaimId(str(number)),
                approved=taken.amount_fen > 0,
                approved_fen=taken.amount_fen,
                event_deductible_fen=taken.event_deductible_fen,
                policy_id=POLICY,
                **NAMED,
            )
        )
    together = max(0, sum(losses) - deductible) * percent // 100
    assert together - len(losses) < sum(each.approved_fen for each in paid) <= together


@pytest.mark.parametrize(
    ("changes", "second"),
    [
        ({}, 700_000),
        ({"event_deductible_fen": Fen(100_000)}, 500_000),
        ({"approved": False, "approved_fen": Fen(0)}, 700_000),
        ({"event_named": False}, 400_000),
        ({"event_reference": "INC-2"}, 400_000),
        ({"event_deductible_fen": Fen(0)}, 400_000),
        ({"liability": "ransom"}, 400_000),
        ({"policy_id": ELSEWHERE}, 400_000),
    ],
)
def test_only_what_was_borne_of_the_events_deductible_on_this_cover_is_not_borne_again(
    changes: dict[str, Any], second: int
) -> None:
    terms = product(event_deductible_fen=300_000)
    bore = {"policy_id": POLICY, "approved": True, "approved_fen": Fen(500_000), "event_deductible_fen": Fen(300_000)}
    first = other(**{**bore, **NAMED, **changes})
    filed = claim(amount_fen=Fen(700_000), **NAMED)
    assert payable(terms, filed, NOTHING_USED, share(terms, filed, (), (first,))).amount_fen == second


@pytest.mark.parametrize(
    ("changes", "terms"),
    [
        ({"effective_from": LOSS + SECOND}, {}),
        ({"effective_to": LOSS}, {}),
        ({"effective_from": LOSS - timedelta(days=6)}, {}),
        ({}, {"territory": ["US"]}),
        ({}, {"scam_types": {}}),
    ],
    ids=["not yet in force", "ended", "still waiting", "another territory", "another kind of scam"],
)
def test_a_policy_that_does_not_answer_for_the_loss_bears_no_share(
    changes: dict[str, Any], terms: dict[str, Any]
) -> None:
    mine = shared(product(), claim(), (held_elsewhere(**changes), product(**terms)))
    assert (mine.part, mine.whole) == (5_000_000, 5_000_000)


def test_a_share_is_claimed_beside_another_and_is_no_duplicate() -> None:
    mine = shared(product(), claim(), (held_elsewhere(), product()))
    paid = other(policy_id=ELSEWHERE, approved=True, approved_fen=Fen(720_000))
    assert codes(others=(paid,), share=mine) == []
    assert codes(others=(paid,)) == ["duplicate_loss"]
    again = other(policy_id=POLICY, approved=True)
    assert codes(others=(again,), share=mine) == ["duplicate_loss"]


def test_what_the_others_paid_for_another_loss_of_the_event_is_no_part_of_this_one() -> None:
    """Two losses of one event, half a year apart, under two policies that share each of them."""
    filed = claim(amount_fen=Fen(350_000), **NAMED)
    months = timedelta(days=180)
    paid = other(
        policy_id=ELSEWHERE,
        approved=True,
        approved_fen=Fen(500_000),
        amount_fen=Fen(1_000_000),
        occurred_at=LOSS - months,
        discovered_at=LOSS - months,
        **NAMED,
    )
    mine = shared(product(), filed, (held_elsewhere(), product()), others=(paid,))
    assert payable(product(), filed, NOTHING_USED, mine).amount_fen == 175_000


def test_what_the_others_paid_is_no_loss_any_more_even_where_shares_changed_since() -> None:
    paid = other(policy_id=ELSEWHERE, approved=True, approved_fen=Fen(1_000_000))
    ended = held_elsewhere(effective_to=LOSS)
    mine = shared(product(), claim(amount_fen=1_440_000), (ended, product()), others=(paid,))
    assert payable(product(), claim(), NOTHING_USED, mine).amount_fen == 440_000
    whole = replace(mine, loss_paid_fen=Fen(1_440_000))
    assert codes(share=whole) == ["loss_paid_already"]


@given(
    limits=st.lists(st.integers(1, 5_000_000), min_size=1, max_size=6),
    amount=st.integers(1, 20_000_000),
    recovered=st.integers(0, 5_000_000),
    deductible=st.integers(0, 500_000),
    percent=st.integers(1, 100),
)
def test_shares_together_never_exceed_the_loss_nor_any_limit(
    limits: list[int], amount: int, recovered: int, deductible: int, percent: int
) -> None:
    """In whichever order they are decided: each sees what those before it were approved for."""
    all_terms = [
        product(
            event_limit_fen=limit,
            annual_limit_fen=limit,
            event_deductible_fen=deductible,
            pay_percent=percent,
            scam_types={"romance": ScamCover(cover="covered")},
        )
        for limit in limits
    ]
    policies = [PolicyId(f"policy-{number}") for number in range(len(limits))]
    paid: list[Any] = []
    for number, terms in enumerate(all_terms):
        filed = claim(scam_type="romance", amount_fen=amount, recovered_fen=recovered, policy_id=policies[number])
        beside = [
            (coverage(policy_id=policies[each], stacks=True), all_terms[each])
            for each in range(len(limits))
            if each != number
        ]
        taken = payable(terms, filed, NOTHING_USED, shared(terms, filed, *beside, others=paid)).amount_fen
        assert 0 <= taken <= limits[number]
        paid.append(
            other(
                claim_id=ClaimId(f"claim-{number}"),
                scam_type="romance",
                policy_id=policies[number],
                approved=True,
                approved_fen=taken,
            )
        )
    assert sum(each.approved_fen for each in paid) <= max(0, amount - recovered)


# One event under several liabilities


def test_one_event_under_two_liabilities_is_no_duplicate_but_shares_the_events_limit() -> None:
    terms = two_liabilities()
    repair = other(
        policy_id=POLICY, liability="repair", approved=True, approved_fen=Fen(3_500_000), shares_evidence=True
    )
    filed = claim(liability="ransom", amount_fen=9_000_000)
    mine = shared(terms, filed, others=(repair,))
    assert (
        codes(terms=terms, filed=filed, others=(repair,), share=mine, evidence=frozenset(terms.required_evidence)) == []
    )
    assert payable(terms, filed, NOTHING_USED, mine).amount_fen == 500_000
    full = shared(terms, filed, others=(replace(repair, approved_fen=Fen(4_000_000)),))
    assert codes(terms=terms, filed=filed, share=full) == ["event_limit_used_up"]


@pytest.mark.parametrize(
    ("scam_type", "event_paid_fen", "expected"),
    [("game_trade", 800_000, 200_000), ("romance", 2_900_000, 100_000), ("romance", 1_500_000, 1_000_000)],
    ids=["the sub-limit's rest", "the liability's rest", "the whole sub-limit"],
)
def test_what_is_left_of_an_event_is_the_least_rest_of_sub_limit_and_liability(
    scam_type: ScamType, event_paid_fen: int, expected: int
) -> None:
    matrix = {"romance": ScamCover(cover="covered"), "game_trade": ScamCover(cover="sub_limit", limit_fen=1_000_000)}
    terms = product(liabilities=[liability("transfers", event_limit_fen=3_000_000, scam_types=matrix)])
    filed = claim(liability="transfers", scam_type="game_trade", amount_fen=9_000_000, event_reference="E-1")
    before = other(
        policy_id=POLICY,
        liability="transfers",
        scam_type=scam_type,
        event_reference="E-1",
        approved=True,
        approved_fen=Fen(event_paid_fen),
    )
    mine = shared(terms, filed, others=(before,))
    assert payable(terms, filed, NOTHING_USED, mine).amount_fen == expected


def test_a_person_looks_where_one_loss_is_told_of_under_two_liabilities() -> None:
    filed = claim(liability="ransom")
    repair = other(policy_id=POLICY, liability="repair")
    assert may_be_one_event(two_liabilities(), filed, repair)
    assert not may_be_one_event(two_liabilities(), filed, replace(repair, liability="ransom"))
    assert not may_be_one_event(two_liabilities(), filed, replace(repair, policy_id=ELSEWHERE))
    opinion = Opinion(
        model_id="m",
        sha256="s",
        probability=0.0,
        explanation=ScoreExplanation(0.0, 0.0, (), 0.0),
        approve_below=0.5,
        auto_approve_limit_fen=Fen(10**9),
        auto_approve_loss_limit_fen=Fen(10**9),
    )
    assert decide(two_liabilities(), filed, (), Fen(5), opinion, related=True) == Review("related_claim")
    assert decide(two_liabilities(), filed, (), Fen(5), opinion) == Approve(Fen(5))


def test_what_happened_at_one_time_without_a_scam_type_is_looked_at_but_shares_no_limit() -> None:
    filed = claim(liability="ransom", scam_type="other", amount_fen=9_000_000)
    repair = other(policy_id=POLICY, liability="repair", scam_type="other", approved=True, approved_fen=Fen(4_000_000))
    assert may_be_one_event(two_liabilities(), filed, repair)
    assert shared(two_liabilities(), filed, others=(repair,)).event_paid_fen == 0
    later = replace(repair, occurred_at=LOSS + timedelta(days=3), discovered_at=LOSS + timedelta(days=4))
    assert not may_be_one_event(two_liabilities(), filed, later)


def test_what_is_told_of_a_rule_fits_a_loss_that_is_no_scam() -> None:
    late = claim(discovered_at=LOSS, reported_at=LOSS + timedelta(days=30), liability="ransom")
    rules = failed(terms=two_liabilities(report_within_hours=24, look_back_hours=48), filed=late)
    assert [rule.code for rule in rules] == ["report_too_late", "outside_look_back"]
    for rule in rules:
        assert not {"police", "scam"} & set(rule.text_en.lower().split())
        assert not [word for word in ("报警", "骗") if word in rule.text_zh]


def test_a_loss_that_is_no_scam_and_contradicts_itself_is_told_so_in_its_own_words() -> None:
    filing = Filing(
        policy_id=POLICY,
        claimant=Claimant(document_type="passport", document_number="E1", phone="1"),
        scam_type=None,
        occurred_at=LOSS,
        discovered_at=LOSS - timedelta(hours=1),
        reported_at=LOSS - timedelta(hours=2),
        amount_fen=Fen(1),
        recovered_fen=Fen(0),
        other_insurance_fen=Fen(0),
        description=None,
        evidence=(),
        payee_token=claim().payee_token,
        device_id=None,
        handler_id=None,
    )
    with pytest.raises(InvalidFields) as refused:
        check(filing, now=LOSS + timedelta(days=1))
    assert [fault.detail for fault in refused.value.faults] == [
        "The loss was discovered before it happened.",
        "The loss was reported before it was discovered.",
    ]
