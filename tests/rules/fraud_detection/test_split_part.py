"""What is accepted of a claim is paid first and the rest is decided apart: together they are paid as one claim is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import permutations
from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.fraud_detection.claims.domain.claims import Claim, OtherClaim, are_parts_of_one
from services.fraud_detection.claims.domain.transfers import TransferFacts
from services.fraud_detection.coverage.domain.cover import NOTHING_USED, LimitUse, Product
from services.fraud_detection.decisions.domain.accepted_part import in_two, refused_fen, without
from services.fraud_detection.decisions.domain.cover_rules import failed_rules
from services.fraud_detection.decisions.domain.decision_policy import NoOpinion, Review, decide
from services.fraud_detection.decisions.domain.one_event import is_of_one_event, is_same_loss, may_be_one_event
from services.fraud_detection.decisions.domain.payable import Payable, event_limit, payable, still_lost
from services.fraud_detection.decisions.domain.resembling import repeated
from services.fraud_detection.decisions.domain.sharing import share
from services.fraud_detection.filing.domain.amending import Amendment, recovered_after, told_later_of_part
from shared.values.ids import ClaimId
from shared.values.money import Fen
from shared.values.scam_types import ScamType
from shared.values.shapes import reshape
from tests.rules.fraud_detection.builders import ALL_EVIDENCE, CLAIM, coverage, product
from tests.rules.fraud_detection.test_accepted_part import FEN, of_transfers, transfers

SECOND = ClaimId("0190163d-8694-739b-aea5-966c26f8ad9f")
THIRD = ClaimId("0190163d-8694-739b-aea5-966c26f8ada0")


YUAN: Final = 100
SCAM_TYPE: Final[st.SearchStrategy[ScamType]] = st.sampled_from(("fake_customer_service", "game_trade", "romance"))
"""One of them has a sub-limit of 10,000 yuan."""


def other(claim: Claim, paid: Payable | None = None) -> OtherClaim:
    """The claim as another one sees it, with what it was approved for."""
    return reshape(
        claim,
        OtherClaim,
        shares_evidence=True,
        by_claimant=True,
        passed_on=True,
        approved=paid is not None,
        approved_fen=paid.amount_fen if paid else Fen(0),
        event_deductible_fen=paid.event_deductible_fen if paid else Fen(0),
    )


def after(use: LimitUse, paid: Payable) -> LimitUse:
    return replace(
        use,
        reserved_fen=Fen(use.reserved_fen + paid.amount_fen),
        liability_fen=Fen(use.liability_fen + paid.amount_fen),
        deductible_fen=Fen(use.deductible_fen + paid.deductible_fen),
    )


@dataclass(frozen=True)
class Case:
    """Transfers by line: accepted at once, refused, or open."""

    told: Any
    filed: Claim
    terms: Product
    use: LimitUse
    refused: frozenset[int]
    still_open: frozenset[int]

    def one(self) -> Payable:
        """What one approval of all that is not refused pays."""
        return payable(self.terms, without(self.filed, self.told, self.refused), self.use)

    def first(self) -> Payable:
        return payable(self.terms, without(self.filed, self.told, self.refused, self.still_open), self.use)

    def second(self, refused: frozenset[int] = frozenset(), scam_type: ScamType | None = None) -> Payable:
        """What the claim that is split off is paid afterwards; ``scam_type``: what the police say of it."""
        paid = self.first()
        split = in_two(self.filed, self.told, self.still_open)[1]
        claim = replace(split, claim_id=SECOND, split_root=CLAIM, scam_type=scam_type or split.scam_type)
        told = [each for each in self.told if each.line in self.still_open]
        beside = share(self.terms, claim, (), [other(self.filed, paid)])
        return payable(self.terms, without(claim, told, refused), after(self.use, paid), beside)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    paid = draw(st.lists(st.tuples(st.integers(1, 9_000_000), st.integers(0, 100)), min_size=2, max_size=6))
    told = transfers(*((amount, amount * percent // 100) for amount, percent in paid))
    said = draw(st.lists(st.sampled_from(("accepted", "refused", "open")), min_size=len(told), max_size=len(told)))
    reserved = draw(st.integers(0, 5_000_000))
    return Case(
        told,
        replace(of_transfers(told, back=draw(FEN), elsewhere=draw(FEN)), scam_type=draw(SCAM_TYPE)),
        product(
            event_deductible_fen=draw(st.integers(0, 3_000_000)),
            annual_deductible_fen=draw(st.integers(0, 3_000_000)),
            pay_percent=draw(st.integers(1, 100)),
            event_limit_fen=draw(st.integers(1, 5_000_000)),
        ),
        replace(NOTHING_USED, reserved_fen=Fen(reserved), liability_fen=Fen(reserved)),
        frozenset(line for line, each in enumerate(said) if each == "refused"),
        frozenset(line for line, each in enumerate(said) if each == "open"),
    )


@given(case=cases())
def test_both_amounts_are_those_of_one_and_neither_is_below_zero(case: Case) -> None:
    parts = in_two(case.filed, case.told, case.still_open)
    for name in ("amount_fen", "recovered_fen", "other_insurance_fen"):
        of_parts = [getattr(each, name) for each in parts]
        assert sum(of_parts) == getattr(case.filed, name)
        assert min(of_parts) >= 0
    for part, is_open in zip(parts, (False, True), strict=True):
        of_part = [each for each in case.told if (each.line in case.still_open) is is_open]
        assert part.amount_fen == sum(each.amount_fen for each in of_part)
        assert part.recovered_fen >= sum(each.refunded_fen for each in of_part)
    assert refused_fen(case.filed, case.told, case.refused, case.still_open) >= 0
    assert sum(map(still_lost, parts)) == still_lost(case.filed)


@given(case=cases())
def test_together_they_pay_what_one_approval_of_all_pays_but_for_two_fen(case: Case) -> None:
    """Where anything is payable first; else nothing is split."""
    first = case.first()
    if first.amount_fen == 0:
        return
    together = first.amount_fen + case.second().amount_fen
    assert abs(together - case.one().amount_fen) <= 2


@given(case=cases(), data=st.data())
def test_never_above_the_loss_nor_a_limit(case: Case, data: st.DataObject) -> None:
    refused = (
        frozenset(data.draw(st.sets(st.sampled_from(sorted(case.still_open))))) if case.still_open else frozenset()
    )
    police_say = data.draw(SCAM_TYPE)
    first = case.first().amount_fen
    together = first + case.second(refused, police_say).amount_fen
    accepted = [each for each in case.told if each.line not in case.refused | refused]
    assert together <= still_lost(case.filed)
    assert together <= sum(each.amount_fen - each.refunded_fen for each in accepted)
    assert together <= case.terms.event_limit_fen
    assert together <= max(first, event_limit(case.terms, replace(case.filed, scam_type=police_say)))
    assert together + case.use.reserved_fen <= max(case.use.reserved_fen, case.terms.annual_limit_fen)


@given(
    lost=st.tuples(st.integers(1, 60_000 * YUAN), st.integers(1, 60_000 * YUAN)), told=SCAM_TYPE, police_say=SCAM_TYPE
)
@example(lost=(6_000 * YUAN, 30_000 * YUAN), told="romance", police_say="game_trade")
def test_what_the_police_say_of_one_part_opens_no_sub_limit_anew(
    lost: tuple[int, int], told: ScamType, police_say: ScamType
) -> None:
    """Of 50,000 yuan 10,000 are for trades in games: where 6,000 were paid before they said so, 4,000 are left."""
    paid = transfers(*((each, 0) for each in lost))
    filed = replace(of_transfers(paid), scam_type=told)
    case = Case(paid, filed, product(), NOTHING_USED, frozenset(), frozenset({1}))
    first, limit = case.first().amount_fen, event_limit(case.terms, replace(filed, scam_type=police_say))
    assert case.second(scam_type=police_say).amount_fen == min(lost[1], max(0, limit - first))


@given(case=cases())
def test_what_is_paid_first_does_not_hang_on_whether_the_rest_is_open_or_refused(case: Case) -> None:
    all_refused = payable(case.terms, without(case.filed, case.told, case.refused | case.still_open), case.use)
    assert abs(case.first().amount_fen - all_refused.amount_fen) <= 1


def test_deductibles_are_borne_once() -> None:
    told = transfers((10_000_00, 0), (30_000_00, 0))
    terms = product(event_deductible_fen=1_000_00, annual_deductible_fen=500_00, pay_percent=80)
    case = Case(told, of_transfers(told), terms, NOTHING_USED, frozenset(), frozenset({1}))
    assert case.first() == Payable(Fen(6_800_00), Fen(500_00), Fen(1_000_00))
    assert case.second() == Payable(Fen(24_000_00), Fen(0), Fen(0))


def split() -> tuple[Claim, Claim]:
    told = transfers((10_000_00, 0), (30_000_00, 0))
    first, second = in_two(of_transfers(told), told, {1})
    return first, replace(second, claim_id=SECOND, split_from=CLAIM, split_root=CLAIM)


@pytest.mark.parametrize("which", ["first", "second"])
def test_parts_of_one_claim_are_of_one_event_and_repeat_nothing(which: str) -> None:
    claim, beside = split() if which == "first" else reversed(split())
    seen = other(beside, Payable(Fen(1), Fen(0)))
    facts = TransferFacts(told=True, same_payee=frozenset({beside.claim_id}))
    assert are_parts_of_one(claim, seen)
    assert not is_same_loss(product(), claim, seen)
    assert is_of_one_event(product(), claim, seen)
    assert may_be_one_event(product(), claim, seen)
    assert repeated(claim, [seen], facts) is None
    found = failed_rules(
        product(), coverage(), claim, evidence=ALL_EVIDENCE, others=[seen], use=NOTHING_USED, transfers=facts
    )
    assert not found


def test_a_third_claim_resembles_each_of_both() -> None:
    first, second = split()
    third = replace(first, claim_id=THIRD)
    for each in (first, second):
        assert repeated(third, [other(each, Payable(Fen(1), Fen(0)))], TransferFacts(told=True)) is not None
        assert is_same_loss(product(), third, other(each))


def test_persons_may_say_that_parts_are_of_two_events() -> None:
    first, second = (
        replace(each, event_named=True, event_reference=name) for each, name in zip(split(), "ab", strict=True)
    )
    assert not is_of_one_event(product(), first, other(second))


EVENT: Final[dict[str, Any]] = {"event_named": True, "event_reference": "e1"}


def named_after_the_split(**changes: Any) -> dict[str, Claim]:
    """The first part and a third claim that a person named alike, and the second part, which nobody named."""
    first, second = split()
    third = replace(first, claim_id=THIRD, submitted_at=first.submitted_at + timedelta(days=9), **EVENT)
    return {"first": replace(first, **EVENT), "second": replace(second, **changes), "third": third}


def paid_in_turn(terms: Product, claims: dict[str, Claim], order: Sequence[str]) -> dict[str, Payable]:
    """What each of the claims is paid for 30,000, 20,000 and 20,000 yuan still lost, one after the other."""
    lost = {"first": 30_000 * YUAN, "second": 20_000 * YUAN, "third": 20_000 * YUAN}
    paid: dict[str, Payable] = {}
    for name in order:
        claim = replace(claims[name], amount_fen=Fen(lost[name]))
        others = [other(claims[each], paid.get(each)) for each in claims if each != name]
        paid[name] = payable(terms, claim, NOTHING_USED, share(terms, claim, (), others))
    return paid


@pytest.mark.parametrize("order", list(permutations(("first", "second", "third"))))
def test_an_event_that_is_named_after_the_split_is_that_of_all_parts(order: tuple[str, ...]) -> None:
    """Its limit is 50,000 yuan and its deductible 1,000."""
    paid = paid_in_turn(product(annual_limit_fen=90_000 * YUAN), named_after_the_split(), order)
    assert sum(each.amount_fen for each in paid.values()) == 50_000 * YUAN
    terms = product(annual_limit_fen=90_000 * YUAN, event_limit_fen=90_000 * YUAN, event_deductible_fen=1_000 * YUAN)
    borne = [each.event_deductible_fen for each in paid_in_turn(terms, named_after_the_split(), order).values()]
    assert sorted(borne) == [0, 0, 1_000 * YUAN]


def test_a_part_that_a_person_named_otherwise_is_not_of_the_event() -> None:
    claims = named_after_the_split(event_named=True, event_reference="e2")
    paid = paid_in_turn(product(annual_limit_fen=90_000 * YUAN), claims, ("first", "second", "third"))
    assert [each.amount_fen for each in paid.values()] == [30_000 * YUAN, 20_000 * YUAN, 20_000 * YUAN]
    first, second, third = claims.values()
    known = [first, second, third]
    assert not is_of_one_event(product(), third, other(second), known)
    nobodys = replace(second, claim_id=ClaimId(CLAIM[:-1] + "f"), event_named=False, event_reference=None)
    for each in known:
        assert is_of_one_event(product(), each, other(nobodys), known)
        assert is_of_one_event(product(), nobodys, other(each), known)


@pytest.mark.parametrize(("told_before", "recovered"), [(200, 700), (0, 500)])
def test_what_came_back_before_the_split_stays_where_a_transfer_is_corrected(told_before: int, recovered: int) -> None:
    told = transfers((8_000, 0), (2_000, 0))
    second = replace(in_two(of_transfers(told, back=5 * told_before), told, {1})[1], split_from=CLAIM)
    assert second.recovered_fen == told_before
    before, after = [told[1]], [replace(told[1], refunded_fen=Fen(500))]
    for elsewhere in (0, 30):
        since = replace(second, recovered_fen=Fen(second.recovered_fen + elsewhere))
        later = told_later_of_part(since, elsewhere, before)
        assert recovered_after(since, Amendment(phone="13900019999"), later, before, before) == told_before + elsewhere
        assert recovered_after(since, Amendment(), later, before, after) == recovered + elsewhere


def test_what_was_split_off_always_waits_for_a_person() -> None:
    _, second = split()
    assert decide(product(), second, (), Fen(1), NoOpinion("no_model")) == Review("split_off")
    forced = replace(second, sandbox_value="approve")
    assert decide(product(), forced, (), Fen(1), NoOpinion("no_model")) == Review("split_off")
