"""What cover costs: a price from each shipped product, and from one that is nothing but a file."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enrollment.products.domain.errors import NotInsurable
from services.enrollment.products.domain.pricing import Item, Price, Risk, lowest_premium, price
from services.enrollment.products.domain.product_comparison import compare
from services.enrollment.products.domain.product_explanation import explain
from services.enrollment.products.domain.products import check_terms
from services.enrollment.products.usecases import shipped
from shared.events.products import ProductPublished
from shared.values.errors import InvalidFields
from shared.values.money import Fen
from tests.rules.enrollment.builders import SIXTH, terms

CYBER = terms("enterprise-cyber")
BIAS = terms("algorithmic-bias")
ASKED = BIAS.rating.questions if BIAS.rating else []
SAFE = {
    "yearly_revenue": "under_10_million",
    "second_factor": "everywhere",
    "backups": "offline",
    "past_incidents": "none",
}
FAIR = {"field_of_use": "pricing", "bias_audit": "once", "human_review": "always"}


def models(count: int) -> tuple[Item, ...]:
    return tuple(Item(f"model-{n}", f"Ranking model {n}") for n in range(count))


@pytest.mark.parametrize(
    ("code", "fen"), [("resident-anti-fraud", 1200), ("resident-anti-fraud-shared", 600), ("account-theft", 300)]
)
def test_a_persons_cover_costs_what_its_product_says(code: str, fen: int) -> None:
    assert price(terms(code)) == Price(
        base=Fen(fen), items=Fen(0), points=None, grade=None, rate_percent=100, premium=Fen(fen), tax=Fen(0)
    )


@pytest.mark.parametrize(
    ("changes", "points", "grade", "yuan", "tax_fen"),
    [
        ({}, 8, "A", 9_600, 54_340),
        ({"yearly_revenue": "up_to_100_million"}, 18, "B", 12_000, 67_925),
        ({"past_incidents": "several", "second_factor": "partly"}, 43, "C", 19_200, 108_679),
    ],
)
def test_enterprise_cyber_cover_is_priced_by_the_grade_of_its_risk(
    changes: dict[str, str], points: int, grade: str, yuan: int, tax_fen: int
) -> None:
    quoted = price(CYBER, Risk(SAFE | changes))
    assert (quoted.points, quoted.grade, quoted.premium, quoted.tax) == (points, grade, yuan * 100, tax_fen)


def test_a_risk_of_a_grade_without_a_rate_is_not_insurable() -> None:
    careless = {"yearly_revenue": "over_100_million", "second_factor": "no", "backups": "no", "past_incidents": "none"}
    with pytest.raises(NotInsurable) as refused:
        price(CYBER, Risk(careless))
    assert refused.value.grade == "D"


def test_algorithmic_bias_cover_is_priced_by_its_models_and_its_grade() -> None:
    quoted = price(BIAS, Risk(FAIR, models(3)))
    assert (quoted.base, quoted.items, quoted.grade, quoted.rate_percent) == (800_000, 900_000, "B", 125)
    assert quoted.premium == 2_125_000
    assert quoted.tax == 120_283


@pytest.mark.parametrize(
    ("product", "risk", "pointers"),
    [
        (CYBER, Risk(), [f"/answers/{code}" for code in SAFE]),
        (CYBER, Risk(SAFE | {"backups": "floppy disks"}), ["/answers/backups"]),
        (CYBER, Risk(SAFE | {"star_sign": "leo"}), ["/answers/star_sign"]),
        (CYBER, Risk(SAFE, models(1)), ["/scheduled_items"]),
        (BIAS, Risk(FAIR), ["/scheduled_items"]),
        (BIAS, Risk(FAIR, models(51)), ["/scheduled_items"]),
        (BIAS, Risk(FAIR, (*models(2), Item("model-0", "Another"))), ["/scheduled_items/2/reference"]),
        (terms(), Risk(SAFE), ["/answers"]),
        (terms(), Risk(items=models(1)), ["/scheduled_items"]),
    ],
)
def test_what_a_product_does_not_ask_for_is_refused_and_what_it_asks_for_is_asked(
    product: ProductPublished, risk: Risk, pointers: list[str]
) -> None:
    with pytest.raises(InvalidFields) as refused:
        price(product, risk)
    assert [fault.pointer for fault in refused.value.faults] == pointers
    assert all(fault.detail and fault.fix for fault in refused.value.faults)


@given(st.fixed_dictionaries({each.code: st.sampled_from(list(each.points)) for each in ASKED}), st.integers(1, 50))
def test_another_model_never_makes_cover_cheaper_and_tax_is_inside_the_premium(
    answers: dict[str, str], count: int
) -> None:
    try:
        fewer, more = price(BIAS, Risk(answers, models(count))), price(BIAS, Risk(answers, models(count + 1)[:50]))
    except NotInsurable:
        return
    assert fewer.premium <= more.premium
    assert 0 < fewer.tax < fewer.premium


@pytest.mark.parametrize("product", ["resident-anti-fraud", "enterprise-cyber", "algorithmic-bias"])
def test_the_best_risk_pays_the_lowest_premium(product: str) -> None:
    sold = terms(product)
    questions = sold.rating.questions if sold.rating else []
    answers = {each.code: min(each.points, key=each.points.__getitem__) for each in questions}
    best = Risk(answers, models(1) if sold.scheduled_items else ())
    assert price(sold, best).premium == lowest_premium(sold)


def test_a_sixth_line_of_business_is_a_file_and_no_change_of_code(tmp_path: Path) -> None:
    (tmp_path / "drone-operators.1.json").write_bytes(msgspec.json.encode(SIXTH))
    (product,) = shipped.products(tmp_path)
    check_terms(product)
    quoted = price(product, Risk({"training": "no"}, models(2)))
    assert (quoted.premium, quoted.grade) == (165_000, "II")
    assert any("drones" in words.en for words in explain(product))
    assert compare(BIAS, product)
