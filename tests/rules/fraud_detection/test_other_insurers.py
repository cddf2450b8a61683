"""What is paid where other insurers cover the loss too: each bears its part by its sum insured."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.fraud_detection.claims.domain.claims import Claim, OtherCover
from services.fraud_detection.coverage.domain.cover import NOTHING_USED, LimitUse, Product
from services.fraud_detection.decisions.domain.accepted_part import among_parts, in_two, refused_fen, without
from services.fraud_detection.decisions.domain.payable import (
    AmongInsurers,
    Payable,
    among_insurers,
    is_within_deductibles,
    loss_to_bear,
    payable,
    still_lost,
)
from services.fraud_detection.decisions.domain.sharing import Beside, share
from shared.values.ids import PolicyId
from shared.values.money import Fen
from tests.rules.fraud_detection.builders import claim, coverage, failed, product, used
from tests.rules.fraud_detection.test_accepted_part import of_transfers, transfers

MORE = st.integers(min_value=0, max_value=20_000_000)
SUM = st.integers(min_value=0, max_value=30_000_000)
COVERS = st.lists(st.tuples(SUM, MORE), min_size=1, max_size=4)
SECOND = PolicyId("0190163d-8694-739b-aea5-966c26f8ad94")


def filed(*covers: tuple[int, int], **changes: Any) -> Claim:
    """A claim that tells these covers: sum insured and paid of each, in fen."""
    told = tuple(OtherCover(insurer="平安", sum_insured_fen=Fen(each), paid_fen=Fen(paid)) for each, paid in covers)
    return claim(other_covers=told, other_insurance_fen=Fen(sum(paid for _, paid in covers)), **changes)


def shared(**terms: Any) -> Product:
    return product(**{"other_insurance": "pro_rata", **terms})


def pays(terms: Product, told: Claim, use: LimitUse = NOTHING_USED, beside: tuple[Beside, ...] = ()) -> Payable:
    return payable(terms, told, use, share(terms, told, beside, ()))


@pytest.mark.parametrize(
    ("terms", "told", "reserved", "expected"),
    [
        ({}, filed((15_000_000, 0)), 0, 360_000),
        ({}, filed((3_000_000, 0), (7_000_000, 0)), 0, 480_000),
        ({"event_deductible_fen": 300_000, "pay_percent": 70}, filed((5_000_000, 0)), 0, 399_000),
        ({}, filed((5_000_000, 720_000)), 0, 720_000),
        ({}, filed((5_000_000, 1_000_000)), 0, 440_000),
        ({}, filed((5_000_000, 1_440_000)), 0, 0),
        ({}, filed((0, 500_000)), 0, 940_000),
        ({}, filed((3_000_000, 0), scam_type="game_trade"), 0, 360_000),
        ({}, filed((5_000_000, 0), amount_fen=Fen(9_000_000)), 3_000_000, 2_000_000),
        ({}, filed((15_000_000, 0), amount_fen=Fen(40_000_000)), 0, 5_000_000),
        ({}, filed((5_000_000, 300_000), recovered_fen=Fen(440_000)), 0, 500_000),
        ({"pay_percent": 70}, filed((10_000_000, 0), amount_fen=Fen(1_001)), 0, 233),
        ({"other_insurance": "deducted"}, filed((5_000_000, 500_000)), 0, 940_000),
        ({}, claim(other_insurance_fen=Fen(500_000)), 0, 940_000),
    ],
    ids=[
        "two insurers: a quarter of 14,400 yuan",
        "three insurers: a third",
        "deductible, percentage, half",
        "the other one paid its part, and that lessens no other",
        "the other one paid more than its part",
        "the other one paid it all",
        "of a sum of nothing only what it paid counts",
        "the sub-limit is what is insured here: a quarter",
        "what is left of the year, and no larger part for it",
        "the limit, where the loss is above all sums",
        "what came back lessens all parts",
        "rounded down to the fen",
        "a product that takes off what others pay",
        "no cover is told: what others paid is taken off",
    ],
)
def test_a_loss_that_other_insurers_cover_pays_its_part(
    terms: dict[str, Any], told: Claim, reserved: int, expected: int
) -> None:
    assert pays(shared(**terms), told, used(reserved)).amount_fen == expected


def test_own_policies_and_other_insurers_share_one_loss() -> None:
    terms = shared(stacking="pro_rata")
    large = shared(stacking="pro_rata", product_version=2, event_limit_fen=15_000_000, annual_limit_fen=15_000_000)
    told = filed((5_000_000, 0))
    other = Beside(coverage(policy_id=SECOND), large)
    assert pays(terms, told, beside=(other,)).amount_fen == 288_000  # 5 of 25 parts of 14,400 yuan
    assert pays(large, told, beside=(Beside(coverage(policy_id=SECOND), terms),)).amount_fen == 864_000


def test_the_part_of_the_years_deductible_is_taken_that_the_policy_bears_of_the_loss() -> None:
    found = pays(shared(annual_deductible_fen=1_000_000), filed((5_000_000, 0)))
    assert (found.amount_fen, found.deductible_fen) == (220_000, 500_000)


def test_what_others_paid_makes_no_loss_smaller_than_its_deductible() -> None:
    terms, told = shared(event_deductible_fen=1_000_000), filed((5_000_000, 700_000))
    assert not is_within_deductibles(terms, told, NOTHING_USED, share(terms, told, (), ()))
    assert pays(terms, told).amount_fen == 220_000
    assert is_within_deductibles(
        terms, filed((5_000_000, 0), amount_fen=Fen(1_000_000)), NOTHING_USED, share(terms, told, (), ())
    )


def test_a_loss_that_another_insurer_paid_whole_fails_the_rule_of_nothing_left() -> None:
    assert "fully_recovered" in {each.code for each in failed(shared(), filed=filed((5_000_000, 1_440_000)))}
    assert failed(shared(), filed=filed((5_000_000, 1_000_000))) == ()


@pytest.mark.parametrize(("paid", "left"), [(0, 1_080_000), (1_000_000, 80_000)])
def test_an_approval_says_what_of_the_loss_nobody_paid(paid: int, left: int) -> None:
    terms, told = shared(), filed((15_000_000, paid))
    found = share(terms, told, (), ())
    assert among_insurers(terms, told, found, Fen(360_000)) == AmongInsurers(
        part_fen=Fen(5_000_000), whole_fen=Fen(20_000_000), open_fen=Fen(left)
    )
    assert among_insurers(product(), told, found, Fen(360_000)) is None


def test_what_others_paid_is_of_the_transfers_that_are_not_accepted_too() -> None:
    paid = transfers((10_000, 0), (30_000, 0))
    told = filed((5_000_000, 4_000), amount_fen=Fen(40_000))
    accepted = without(told, paid, {1})
    assert (still_lost(accepted), loss_to_bear(shared(), accepted)) == (9_000, 10_000)
    assert refused_fen(told, paid, {1}) == 27_000
    assert pays(shared(), accepted).amount_fen == 5_000
    assert without(told, paid, ()) == told
    alone = of_transfers(paid, elsewhere=4_000)
    assert without(alone, paid, {1}).other_insurance_fen == 4_000


def test_both_claims_of_a_split_are_borne_by_the_same_sums() -> None:
    paid = transfers((10_000, 0), (30_000, 0))
    told = filed((5_000_000, 4_000), amount_fen=Fen(40_000))
    both = in_two(told, paid, {1})
    assert [(each.other_covers, each.other_insurance_fen) for each in both] == [
        (told.other_covers, 1_000),
        (told.other_covers, 3_000),
    ]
    assert [pays(shared(), each).amount_fen for each in both] == [5_000, 15_000]
    assert pays(shared(), without(told, paid, (), {1})).amount_fen == 5_000


def lost(amount: int, recovered: int = 0, elsewhere: int = 0) -> Claim:
    """A part of a claim that was split."""
    return claim(amount_fen=Fen(amount), recovered_fen=Fen(recovered), other_insurance_fen=Fen(elsewhere))


@pytest.mark.parametrize(
    ("parts", "paid", "each"),
    [
        ([lost(720_000), lost(720_000)], 720_000, (360_000, 360_000)),
        ([lost(500), lost(300), lost(200)], 100, (50, 30, 20)),
        ([lost(500, 500), lost(500)], 100, (0, 100)),
        ([lost(500, 500), lost(500, 500)], 100, (100, 0)),
        ([lost(500, 0, 500), lost(500)], 400, (0, 400)),
        ([lost(1), lost(1), lost(1)], 2, (1, 1, 0)),
        ([lost(1, 0, 9), lost(1)], 1, (0, 1)),
        ([lost(700)], 700, (700,)),
    ],
    ids=[
        "halves",
        "in proportion",
        "of what came back nothing is lost",
        "nor of any",
        "no more than was lost",
        "a fen that does not divide",
        "one that was paid beyond its loss",
        "a claim that was not split",
    ],
)
def test_what_another_insurer_pays_after_a_split_is_of_all_parts(
    parts: list[Claim], paid: int, each: tuple[int, ...]
) -> None:
    assert among_parts(parts, Fen(paid)) == each


@given(
    parts=st.lists(st.tuples(MORE, MORE, MORE).map(lambda each: lost(*each)), min_size=1, max_size=4), data=st.data()
)
def test_all_of_it_is_told_and_of_no_part_more_than_was_lost(parts: list[Claim], data: st.DataObject) -> None:
    room = [max(0, each.amount_fen - each.other_insurance_fen) for each in parts]
    paid = data.draw(st.integers(0, sum(room)))
    found = among_parts(parts, Fen(paid))
    assert sum(found) == paid
    assert all(0 <= part <= left for part, left in zip(found, room, strict=True))


@given(amounts=st.lists(st.integers(1, 9_000_000), min_size=2, max_size=5), data=st.data())
def test_before_the_split_or_after_it_is_parted_alike_but_for_a_fen(amounts: list[int], data: st.DataObject) -> None:
    paid = data.draw(st.integers(0, sum(amounts)))
    told = transfers(*((amount, 0) for amount in amounts))
    whole = filed((5_000_000, 0), amount_fen=Fen(sum(amounts)))
    before = in_two(replace(whole, other_insurance_fen=Fen(paid)), told, {1})
    after = among_parts(in_two(whole, told, {1}), Fen(paid))
    assert all(abs(each.other_insurance_fen - fen) <= 1 for each, fen in zip(before, after, strict=True))


@given(
    amount=st.integers(1, 20_000_000),
    recovered=MORE,
    covers=COVERS,
    deductible=MORE,
    annual=MORE,
    percent=st.integers(1, 100),
    reserved=st.integers(0, 5_000_000),
)
def test_never_less_than_nothing_and_with_others_pay_never_more_than_the_loss(  # noqa: PLR0917
    amount: int,
    recovered: int,
    covers: list[tuple[int, int]],
    deductible: int,
    annual: int,
    percent: int,
    reserved: int,
) -> None:
    terms = shared(event_deductible_fen=deductible, annual_deductible_fen=annual, pay_percent=percent)
    told = filed(*covers, amount_fen=Fen(amount), recovered_fen=Fen(recovered))
    found = pays(terms, told, used(reserved))
    paid_elsewhere = sum(paid for _, paid in covers)
    assert 0 <= found.amount_fen <= max(0, amount - recovered - paid_elsewhere)
    assert found.amount_fen <= terms.event_limit_fen
    assert found.amount_fen + reserved <= terms.annual_limit_fen
    assert 0 <= found.deductible_fen <= annual


@given(losses=st.tuples(MORE, MORE), covers=COVERS, percent=st.integers(1, 100), deductible=MORE, annual=MORE)
def test_a_larger_loss_is_never_paid_less(
    losses: tuple[int, int], covers: list[tuple[int, int]], percent: int, deductible: int, annual: int
) -> None:
    terms = shared(event_deductible_fen=deductible, annual_deductible_fen=annual, pay_percent=percent)
    less, more = (pays(terms, filed(*covers, amount_fen=Fen(loss))).amount_fen for loss in sorted(losses))
    assert less <= more


@given(amount=MORE, sums=st.tuples(SUM, SUM), paid=MORE, percent=st.integers(1, 100), deductible=MORE)
def test_the_more_others_insure_the_less_is_paid_here(
    amount: int, sums: tuple[int, int], paid: int, percent: int, deductible: int
) -> None:
    terms = shared(event_deductible_fen=deductible, pay_percent=percent)
    more, less = (pays(terms, filed((each, paid), amount_fen=Fen(amount))).amount_fen for each in sorted(sums))
    assert more >= less


@given(amount=MORE, recovered=MORE, elsewhere=MORE, percent=st.integers(1, 100), deductible=MORE, annual=MORE)
def test_without_other_covers_nothing_is_otherwise(  # noqa: PLR0917
    amount: int, recovered: int, elsewhere: int, percent: int, deductible: int, annual: int
) -> None:
    terms = {"event_deductible_fen": deductible, "annual_deductible_fen": annual, "pay_percent": percent}
    told = claim(amount_fen=Fen(amount), recovered_fen=Fen(recovered), other_insurance_fen=Fen(elsewhere))
    assert pays(shared(**terms), told) == pays(product(**terms), told) == payable(product(**terms), told, NOTHING_USED)


@given(loss=st.integers(0, 8_000_000), ours=st.integers(1, 5_000_000), theirs=st.integers(1, 5_000_000))
def test_two_insurers_who_share_so_pay_the_loss_up_to_their_sums_but_for_a_fen_each(
    loss: int, ours: int, theirs: int
) -> None:
    one, two = (
        pays(shared(event_limit_fen=own, annual_limit_fen=own), filed((other, 0), amount_fen=Fen(loss))).amount_fen
        for own, other in ((ours, theirs), (theirs, ours))
    )
    insured = min(loss, ours + theirs)
    assert insured - 1 <= one + two <= insured
