"""Which terms are acceptable, and which version is sold when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.enrollment.domain.errors import ContractNotRunning, ProductNotSold
from services.enrollment.domain.partners import check_may_sell
from services.enrollment.domain.products import check_terms, sold_at
from shared.events.products import ScamCover
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


def test_the_newest_version_that_has_begun_and_not_ended_is_sold() -> None:
    first = terms(product_version=1, effective_from=BEGIN)
    second = terms(
        product_version=2, effective_from=BEGIN + timedelta(days=10), effective_to=BEGIN + timedelta(days=20)
    )
    versions = [second, first]
    assert sold_at(versions, BEGIN - timedelta(seconds=1)) is None
    assert sold_at(versions, BEGIN) == first
    assert sold_at(versions, BEGIN + timedelta(days=10)) == second
    assert sold_at(versions, BEGIN + timedelta(days=20)) == first


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
