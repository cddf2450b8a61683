"""Which terms are acceptable, and which version is sold when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from services.enrollment.partners.domain.errors import ContractNotRunning
from services.enrollment.partners.domain.partners import check_may_sell
from services.enrollment.products.domain.errors import ProductNotSold
from services.enrollment.products.domain.products import check_terms, needs_a_schedule, never_sold, sold_at
from services.enrollment.products.usecases import shipped
from shared.events.products import (
    AnswerText,
    Exclusion,
    ProductPublished,
    RatingGrade,
    RatingQuestion,
    RefundStep,
    ScamCover,
)
from shared.values.errors import InvalidFields
from shared.values.ids import ProductCode
from shared.values.scam_types import SCAM_TYPES
from tests.rules.enrollment.builders import contract, terms

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
CODE = ProductCode("resident-anti-fraud")


def test_the_shipped_product_is_acceptable() -> None:
    product = terms()
    check_terms(product)
    assert set(product.scam_types) == set(SCAM_TYPES)
    assert product.event_limit_fen == 5_000_000


@pytest.mark.parametrize(
    ("pointer", "changes"),
    [
        ("/zone", {"zone": "Mars/Olympus"}),
        ("/effective_to", {"effective_to": BEGIN - timedelta(days=400)}),
        ("/event_limit_fen", {"annual_limit_fen": 1}),
        ("/event_deductible_fen", {"event_deductible_fen": 5_000_000}),
        ("/age_max", {"age_max": 1}),
        ("/waiting_days", {"waiting_days": 365}),
        ("/required_evidence", {"required_evidence": ["crystal_ball"]}),
        (
            "/scam_types/romance",
            {"scam_types": {code: terms().scam_types[code] for code in SCAM_TYPES if code != "romance"}},
        ),
        ("/scam_types/moon", {"scam_types": terms().scam_types | {"moon": ScamCover(cover="covered")}}),
        ("/scam_types/other/limit_fen", {"scam_types": terms().scam_types | {"other": ScamCover(cover="sub_limit")}}),
        (
            "/scam_types/other/limit_fen",
            {"scam_types": terms().scam_types | {"other": ScamCover(cover="sub_limit", limit_fen=5_000_001)}},
        ),
        (
            "/scam_types/other/limit_fen",
            {"scam_types": terms().scam_types | {"other": ScamCover(cover="covered", limit_fen=5)}},
        ),
    ],
)
def test_terms_that_contradict_themselves_name_the_field(pointer: str, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidFields) as raised:
        check_terms(terms(**changes))
    assert [fault.pointer for fault in raised.value.faults] == [pointer]


def of(code: str, **changes: Any) -> ProductPublished:
    return terms(code, **changes)


def without(rule: str, *, of: str = "resident-anti-fraud") -> dict[str, str]:
    """A product's clauses without that of one rule."""
    return {code: clause for code, clause in terms(of).clauses.items() if code != rule}


def liability(**changes: Any) -> ProductPublished:
    """Enterprise cyber cover with its first liability changed."""
    first, *rest = terms("enterprise-cyber").liabilities
    return terms("enterprise-cyber", liabilities=[msgspec.structs.replace(first, **changes), *rest])


def rating(**changes: Any) -> ProductPublished:
    """Enterprise cyber cover with its rating changed."""
    usual = terms("enterprise-cyber").rating
    assert usual is not None
    return terms("enterprise-cyber", rating=msgspec.structs.replace(usual, **changes))


def items(**changes: Any) -> ProductPublished:
    usual = terms("algorithmic-bias").scheduled_items
    assert usual is not None
    return terms("algorithmic-bias", scheduled_items=msgspec.structs.replace(usual, **changes))


QUESTION = RatingQuestion(code="q", text_zh="问", text_en="Asked?", points={"yes": 0, "no": 10})
YES = AnswerText(text_zh="是", text_en="Yes")
GRADE = RatingGrade(grade="A", from_points=0, rate_percent=100)
ALL_EXCLUDED = {code: ScamCover(cover="excluded") for code in SCAM_TYPES}


@pytest.mark.parametrize(
    ("pointer", "product"),
    [
        ("/product_code", of("account-theft", product_code="Account Theft")),
        ("/name_zh", of("account-theft", name_zh=" ")),
        ("/currency", of("account-theft", currency="USD")),
        ("/line_of_business", of("account-theft", line_of_business="Anti Fraud")),
        ("/territory/1", of("account-theft", territory=["CN", "XX"])),
        ("/territory/1", of("account-theft", territory=["CN", "CN"])),
        ("/premium_fen", of("account-theft", premium_fen=-1)),
        ("/pay_percent", terms(pay_percent=101)),
        ("/term_days", terms(term_days=367)),
        ("/tax_basis_points", of("account-theft", tax_basis_points=10_001)),
        ("/annual_deductible_fen", terms(annual_deductible_fen=5_000_000)),
        ("/age_min", of("enterprise-cyber", age_min=18)),
        ("/retroactive_days", of("enterprise-cyber", retroactive_days=30)),
        ("/extended_reporting_days", of("enterprise-cyber", extended_reporting_days=30)),
        ("/clauses/moon_phase", terms(clauses=terms().clauses | {"moon_phase": "9.9"})),
        ("/clauses/waiting_period", terms(clauses=without("waiting_period"))),
        ("/clauses/waiting_period", terms(clauses=terms().clauses | {"waiting_period": " "})),
        ("/clauses/age_out_of_range", terms(clauses=without("age_out_of_range"))),
        ("/clauses/scam_type_excluded", terms(clauses=without("scam_type_excluded"))),
        ("/clauses/evidence_missing", terms(clauses=without("evidence_missing"))),
        ("/clauses/outside_territory", terms(clauses=without("outside_territory"))),
        ("/clauses/below_deductible", terms(clauses=without("below_deductible"))),
        ("/clauses/loss_paid_already", terms(stacking="pro_rata")),
        (
            "/clauses/item_not_listed",
            of("algorithmic-bias", clauses=without("item_not_listed", of="algorithmic-bias")),
        ),
        (
            "/clauses/act_before_retroactive_date",
            of("algorithmic-bias", clauses=without("act_before_retroactive_date", of="algorithmic-bias")),
        ),
        ("/exclusions/1/code", terms(exclusions=[terms().exclusions[0]] * 2)),
        ("/exclusions/0/text_en", terms(exclusions=[Exclusion(code="war", text_zh="战争", text_en="")])),
        ("/refund_table/0/from_day", terms(refund_table=[RefundStep(from_day=1, refund_percent=50)])),
        ("/refund_table/0/refund_percent", terms(refund_table=[RefundStep(from_day=0, refund_percent=101)])),
        (
            "/refund_table/1/from_day",
            terms(refund_table=[RefundStep(from_day=0, refund_percent=50), RefundStep(from_day=0, refund_percent=50)]),
        ),
        (
            "/refund_table/1/from_day",
            terms(refund_table=[RefundStep(from_day=0, refund_percent=50), RefundStep(from_day=365, refund_percent=0)]),
        ),
        (
            "/refund_table/1/refund_percent",
            terms(refund_table=[RefundStep(from_day=0, refund_percent=50), RefundStep(from_day=9, refund_percent=60)]),
        ),
        ("/liabilities/0/code", liability(code="Response")),
        ("/liabilities/1/code", liability(code="business_interruption")),
        ("/liabilities/0/name_en", liability(name_en="")),
        ("/liabilities/0/event_limit_fen", liability(event_limit_fen=100_000_001)),
        ("/liabilities/0/annual_limit_fen", liability(annual_limit_fen=300_000_001)),
        ("/liabilities/0/event_deductible_fen", liability(event_deductible_fen=50_000_000)),
        ("/liabilities/0/pay_percent", liability(pay_percent=0)),
        ("/liabilities/0/exclusions/0/code", liability(exclusions=[Exclusion(code="1", text_zh="一", text_en="One")])),
        (
            "/liabilities/0/exclusions/0/code",
            liability(exclusions=[Exclusion(code="own_crime", text_zh="别的", text_en="Something else.")]),
        ),
        ("/liabilities/0/exclusions/0/code", liability(exclusions=terms("enterprise-cyber").exclusions[:1])),
        ("/liabilities/0/required_evidence", liability(required_evidence=["crystal_ball"])),
        ("/liabilities/0/scam_types/moon", liability(scam_types=ALL_EXCLUDED | {"moon": ScamCover(cover="excluded")})),
        ("/scam_types/romance", liability(scam_types=ALL_EXCLUDED | {"romance": ScamCover(cover="covered")})),
        ("/scam_types/other", of("account-theft", scam_types=ALL_EXCLUDED | {"other": ScamCover(cover="covered")})),
        ("/event_deductible_fen", of("account-theft", event_deductible_fen=100)),
        ("/event_deductible_fen", of("account-theft", pay_percent=90)),
        ("/rating/questions", rating(questions=[], grades=[GRADE])),
        ("/rating/questions/1/code", rating(questions=[QUESTION, QUESTION], grades=[GRADE])),
        (
            "/rating/questions/0/text_zh",
            rating(questions=[msgspec.structs.replace(QUESTION, text_zh="")], grades=[GRADE]),
        ),
        (
            "/rating/questions/0/points",
            rating(questions=[msgspec.structs.replace(QUESTION, points={"yes": 0})], grades=[GRADE]),
        ),
        (
            "/rating/questions/0/points/Yes!",
            rating(questions=[msgspec.structs.replace(QUESTION, points={"Yes!": 0, "no": 1})], grades=[GRADE]),
        ),
        (
            "/rating/questions/0/answers/no",
            rating(questions=[msgspec.structs.replace(QUESTION, answers={"yes": YES})], grades=[GRADE]),
        ),
        (
            "/rating/questions/0/answers/maybe",
            rating(
                questions=[msgspec.structs.replace(QUESTION, answers=dict.fromkeys(("yes", "no", "maybe"), YES))],
                grades=[GRADE],
            ),
        ),
        ("/rating/grades", rating(questions=[QUESTION], grades=[])),
        ("/rating/grades", rating(questions=[QUESTION], grades=[msgspec.structs.replace(GRADE, from_points=1)])),
        ("/rating/grades", rating(questions=[QUESTION], grades=[msgspec.structs.replace(GRADE, rate_percent=None)])),
        (
            "/rating/grades/0/rate_percent",
            rating(questions=[QUESTION], grades=[msgspec.structs.replace(GRADE, rate_percent=1001)]),
        ),
        (
            "/rating/grades/1/from_points",
            rating(questions=[QUESTION], grades=[GRADE, RatingGrade(grade="B", from_points=0, rate_percent=1)]),
        ),
        (
            "/rating/grades/1/from_points",
            rating(questions=[QUESTION], grades=[GRADE, RatingGrade(grade="B", from_points=11, rate_percent=1)]),
        ),
        (
            "/rating/grades/1/from_points",
            rating(
                questions=[QUESTION],
                grades=[
                    msgspec.structs.replace(GRADE, from_points=-5),
                    RatingGrade(grade="B", from_points=0, rate_percent=None),
                ],
            ),
        ),
        (
            "/rating/grades/1/grade",
            rating(questions=[QUESTION], grades=[GRADE, RatingGrade(grade="A", from_points=5, rate_percent=1)]),
        ),
        *(("/zone", terms(zone=zone)) for zone in ("Middle/Earth", "Asia", "localtime", "right/Asia/Shanghai")),
        ("/scheduled_items/code", items(code="Deployed model")),
        ("/scheduled_items/name_zh", items(name_zh="")),
        ("/scheduled_items/most", items(most=0)),
        ("/scheduled_items/premium_fen_each", items(premium_fen_each=-1)),
    ],
)
def test_a_fault_in_the_general_form_is_named_where_it_stands_with_its_fix(
    pointer: str, product: ProductPublished
) -> None:
    with pytest.raises(InvalidFields) as raised:
        check_terms(product)
    assert [fault.pointer for fault in raised.value.faults] == [pointer]
    assert all(fault.detail and fault.fix for fault in raised.value.faults)


@pytest.mark.parametrize("product", shipped.products(), ids=lambda product: product.product_code)
def test_every_shipped_product_is_acceptable(product: ProductPublished) -> None:
    check_terms(product)


def test_a_rule_that_no_claim_under_the_product_may_fail_needs_no_clause() -> None:
    check_terms(terms(waiting_days=0, clauses=without("waiting_period")))
    check_terms(terms(territory=[], clauses=without("outside_territory")))
    check_terms(terms(required_evidence=[], clauses=without("evidence_missing")))
    all_covered = {code: ScamCover(cover="covered") for code in SCAM_TYPES}
    check_terms(terms(scam_types=all_covered, clauses=without("scam_type_excluded")))
    assert "scam_type_excluded" not in terms("algorithmic-bias").clauses


def test_only_a_plain_persons_product_is_sold_by_file() -> None:
    sold = {product.product_code for product in shipped.products() if not needs_a_schedule(product)}
    assert sold == {"resident-anti-fraud", "resident-anti-fraud-shared", "account-theft"}


def test_the_newest_version_that_has_begun_is_sold_and_once_it_ends_nothing_is() -> None:
    first = terms(product_version=1, effective_from=BEGIN)
    second = terms(
        product_version=2, effective_from=BEGIN + timedelta(days=10), effective_to=BEGIN + timedelta(days=20)
    )
    versions = [second, first]
    assert sold_at(versions, BEGIN - timedelta(seconds=1)) is None
    assert sold_at(versions, BEGIN) == first
    assert sold_at(versions, BEGIN + timedelta(days=10)) == second
    assert sold_at(versions, BEGIN + timedelta(days=20)) is None
    third = terms(product_version=3, effective_from=BEGIN + timedelta(days=30))
    assert sold_at([*versions, third], BEGIN + timedelta(days=20)) is None
    assert sold_at([*versions, third], BEGIN + timedelta(days=30)) == third


def test_a_version_that_begins_no_later_than_one_that_waits_takes_its_place() -> None:
    first = terms(product_version=1, effective_from=BEGIN)
    waiting = terms(product_version=2, effective_from=BEGIN + timedelta(days=10))
    earlier = terms(product_version=3, effective_from=BEGIN + timedelta(days=10))
    later = terms(product_version=3, effective_from=BEGIN + timedelta(days=11))
    assert never_sold([first, waiting], earlier) == (waiting,)
    assert never_sold([first, waiting], later) == ()
    assert sold_at([first, waiting, earlier], BEGIN + timedelta(days=10)) == earlier


@pytest.mark.parametrize("state", ["suspended", "wind_down"])
def test_a_partner_that_is_not_active_sells_nothing_new(state: str) -> None:
    with pytest.raises(ContractNotRunning):
        check_may_sell(contract(state=state), CODE, BEGIN.date())


def test_a_partner_sells_through_the_last_day_of_its_contract_and_only_what_stands_in_it() -> None:
    last_day = contract().last_day
    check_may_sell(contract(), CODE, last_day)
    with pytest.raises(ContractNotRunning):
        check_may_sell(contract(), CODE, last_day + timedelta(days=1))
    with pytest.raises(ProductNotSold):
        check_may_sell(contract(), ProductCode("enterprise-cyber"), last_day)
