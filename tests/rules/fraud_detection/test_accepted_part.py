"""What is paid where a person accepts some of a claim's transfers: by the one formula, for what is accepted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.transfers import Transfer
from services.fraud_detection.coverage.domain.cover import Product, Share
from services.fraud_detection.decisions.domain.accepted_part import refused_fen, without
from services.fraud_detection.decisions.domain.payable import payable, still_lost
from shared.values.money import Fen
from tests.rules.fraud_detection.builders import CLAIM, LOSS, PERSON, claim, product, used

YUAN = 100


def transfers(*paid: tuple[int, int]) -> tuple[Transfer, ...]:
    """Amount and refund of each, in fen."""
    return tuple(
        Transfer(
            claim_id=CLAIM,
            line=line,
            person_token=PERSON,
            told=True,
            occurred_at=LOSS + timedelta(hours=line),
            amount_fen=Fen(amount),
            channel="bank",
            reference_token=None,
            payee_token=None,
            refunded_fen=Fen(refunded),
            frozen_fen=Fen(0),
        )
        for line, (amount, refunded) in enumerate(paid)
    )


def of_transfers(told: tuple[Transfer, ...], *, back: int = 0, elsewhere: int = 0) -> Claim:
    """A claim of these; ``back`` came back without being of one of them."""
    refunded = sum(each.refunded_fen for each in told)
    return claim(
        amount_fen=Fen(sum(each.amount_fen for each in told)),
        recovered_fen=Fen(refunded + back),
        other_insurance_fen=Fen(elsewhere),
    )


@pytest.mark.parametrize(
    ("told", "around", "refused", "left"),
    [
        (((10_000, 0), (30_000, 0)), {}, {1}, 10_000),
        (((10_000, 0), (30_000, 0)), {"back": 4_000}, {1}, 9_000),
        (((10_000, 0), (30_000, 0)), {"back": 2_000, "elsewhere": 2_000}, {0}, 27_000),
        (((10_000, 3_000), (30_000, 0)), {}, {1}, 7_000),
        (((10_000, 0), (30_000, 30_000)), {}, {1}, 10_000),
        (((10_000, 10_000), (30_000, 30_000)), {}, {1}, 0),
        (((3, 0), (3, 0), (3, 0)), {"back": 1}, {0}, 6),
        (((10_000, 0), (30_000, 0)), {"elsewhere": 99_000}, {1}, 0),
    ],
    ids=[
        "what is accepted",
        "what came back of both, in proportion",
        "another insurer's too",
        "a refund is of its transfer",
        "and of no other",
        "nothing is lost any more",
        "in doubt a fen more to the resident",
        "another insurer pays it all",
    ],
)
def test_what_is_left_of_the_loss(
    told: tuple[tuple[int, int], ...], around: dict[str, int], refused: set[int], left: int
) -> None:
    paid = transfers(*told)
    filed = of_transfers(paid, **around)
    assert still_lost(without(filed, paid, refused)) == left
    assert refused_fen(filed, paid, refused) == still_lost(filed) - left


def test_the_deductible_comes_off_what_is_accepted() -> None:
    paid = transfers((10_000 * YUAN, 0), (30_000 * YUAN, 0))
    terms = product(event_deductible_fen=1_000 * YUAN, pay_percent=80)
    part = payable(terms, without(of_transfers(paid), paid, {1}), used(0))
    assert (part.amount_fen, part.event_deductible_fen) == (7_200 * YUAN, 1_000 * YUAN)


FEN = st.integers(min_value=0, max_value=9_000_000)


@st.composite
def cases(draw: st.DrawFn) -> tuple[tuple[Transfer, ...], Claim, Product, Any, Share]:
    """Transfers, the claim of them, its terms, what is used of the year, and what others pay of the loss."""
    paid = draw(st.lists(st.tuples(st.integers(1, 9_000_000), st.integers(0, 100)), min_size=1, max_size=6))
    told = transfers(*((amount, amount * percent // 100) for amount, percent in paid))
    filed = of_transfers(told, back=draw(FEN), elsewhere=draw(FEN))
    terms = product(
        event_deductible_fen=draw(FEN),
        annual_deductible_fen=draw(FEN),
        pay_percent=draw(st.integers(1, 100)),
        event_limit_fen=draw(st.integers(1, 5_000_000)),
    )
    part = draw(st.integers(1, 5))
    share = Share(
        part=part,
        whole=part + draw(st.integers(0, 5)),
        beside=frozenset(),
        loss_paid_fen=Fen(draw(FEN)),
        event_paid_fen=Fen(0),
        event_paid_here_fen=Fen(0),
        event_paid_of_type_fen=Fen(0),
        event_deductible_fen=Fen(0),
    )
    return told, filed, terms, used(draw(st.integers(0, 5_000_000))), share


@given(case=cases(), data=st.data())
def test_it_is_never_above_what_is_accepted_nor_above_a_limit(case: Any, data: st.DataObject) -> None:
    told, filed, terms, use, share = case
    refused = data.draw(st.sets(st.sampled_from([each.line for each in told])))
    pays = payable(terms, without(filed, told, refused), use, share).amount_fen
    accepted = [each for each in told if each.line not in refused]
    assert 0 <= pays <= sum(each.amount_fen - each.refunded_fen for each in accepted)
    assert pays <= terms.event_limit_fen
    assert pays + use.reserved_fen <= max(use.reserved_fen, terms.annual_limit_fen)


@given(case=cases())
def test_with_all_accepted_it_is_the_usual_approval_to_the_fen(case: Any) -> None:
    told, filed, terms, use, share = case
    assert payable(terms, without(filed, told, ()), use, share) == payable(terms, filed, use, share)
    assert refused_fen(filed, told, ()) == 0


@given(case=cases(), data=st.data())
def test_who_accepts_one_more_pays_no_less(case: Any, data: st.DataObject) -> None:
    told, filed, terms, use, share = case
    refused = data.draw(st.sets(st.sampled_from([each.line for each in told]), min_size=1))
    one_less = refused - {data.draw(st.sampled_from(sorted(refused)))}
    fewer, more = (payable(terms, without(filed, told, lines), use, share) for lines in (refused, one_less))
    assert fewer.amount_fen <= more.amount_fen
    assert refused_fen(filed, told, refused) >= refused_fen(filed, told, one_less)


@given(case=cases())
def test_with_none_accepted_nothing_is_left(case: Any) -> None:
    told, filed, terms, use, share = case
    lines = {each.line for each in told}
    assert still_lost(without(filed, told, lines)) == 0
    assert payable(terms, without(filed, told, lines), use, share).amount_fen == 0
