"""Two versions of a product compared, and a product explained in plain words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from services.enrollment.products.domain.product_comparison import compare
from services.enrollment.products.domain.product_explanation import explain
from services.enrollment.products.domain.product_words import LABELS, Words
from services.enrollment.products.usecases import shipped
from shared.events.products import AnswerText, Exclusion, ProductPublished, RefundStep, ScamCover
from tests.rules.enrollment.builders import terms

EVERYTHING = terms("enterprise-cyber")
OTHER_VALUES: dict[str, Any] = {
    "product_code": "another",
    "effective_from": datetime(2027, 1, 1, tzinfo=UTC),
    "effective_to": datetime(2028, 1, 1, tzinfo=UTC),
    "zone": "UTC",
    "insured_kind": "person",
    "territory": [],
    "stacking": "pro_rata",
    "other_insurance": "pro_rata",
    "trigger": "claims_made",
    "required_evidence": ["invoice"],
    "exclusions": [],
    "scam_types": {},
    "clauses": {},
    "liabilities": [],
    "rating": None,
    "scheduled_items": terms("algorithmic-bias").scheduled_items,
    "refund_table": [],
}


@pytest.mark.parametrize("field", [name for name in ProductPublished.__struct_fields__ if name != "product_version"])
def test_whatever_term_is_changed_the_comparison_says_so_in_both_languages(field: str) -> None:
    value = getattr(EVERYTHING, field)
    other = OTHER_VALUES.get(field, f"{value} x" if isinstance(value, str) else 11)
    changes = compare(EVERYTHING, msgspec.structs.replace(EVERYTHING, **{field: other}))
    assert changes
    assert all(change.term.split("/")[0] == field for change in changes)
    assert all(change.sentence.zh.endswith("。") and change.sentence.en.endswith(".") for change in changes)


def test_a_version_compared_with_itself_differs_in_nothing_whatever_its_number() -> None:
    assert compare(EVERYTHING, msgspec.structs.replace(EVERYTHING, product_version=2)) == ()


def test_every_term_has_a_name_for_people_in_both_languages() -> None:
    named = {*LABELS, "product_version", "rating"}
    assert set(ProductPublished.__struct_fields__) <= named
    assert all(words.zh and words.en for words in LABELS.values())


def test_the_comparison_reads_like_a_note_to_a_colleague() -> None:
    before = terms()
    after = msgspec.structs.replace(
        before,
        product_version=2,
        premium_fen=1500,
        event_deductible_fen=300_000,
        exclusions=[
            *before.exclusions[1:],
            Exclusion(code="lent_account", text_zh="出借账户。", text_en="A lent account."),
        ],
        scam_types=before.scam_types | {"romance": ScamCover(cover="sub_limit", limit_fen=1_000_000)},
        refund_table=[RefundStep(from_day=0, refund_percent=80)],
    )
    changes = {change.term: change.sentence for change in compare(before, after)}
    assert {term: said.en for term, said in changes.items()} == {
        "premium_fen": "Premium: from “12.00 yuan” to “15.00 yuan”.",
        "event_deductible_fen": "Event deductible: from “0.00 yuan” to “3,000.00 yuan”.",
        "exclusions/lent_account": "New: exclusion lent_account: A lent account.",
        "exclusions/own_crime": f"Dropped: exclusion own_crime (it was: {before.exclusions[0].text_en.rstrip('.')}).",
        "scam_types/romance": "Scam type “online romance”: from “covered” to “covered up to 10,000.00 yuan”.",
        "refund_table/0": "New: refund from day 0 on: 80 %.",
    }
    assert changes["premium_fen"].zh == "保费:由“12.00 元”改为“15.00 元”。"
    assert changes["scam_types/romance"].zh == "诈骗类型“网络婚恋、交友”:由“承保”改为“承保,限额 10,000.00 元”。"


def test_a_liability_is_compared_by_its_code_wherever_it_stands() -> None:
    moved = msgspec.structs.replace(EVERYTHING, liabilities=EVERYTHING.liabilities[::-1])
    assert compare(EVERYTHING, moved) == ()
    first, *rest = EVERYTHING.liabilities
    dearer = msgspec.structs.replace(first, event_deductible_fen=2_000_000)
    (change,) = compare(EVERYTHING, msgspec.structs.replace(EVERYTHING, liabilities=[dearer, *rest]))
    assert change.term == "liabilities/incident_response/event_deductible_fen"
    assert change.sentence.zh == "保障责任“事件响应费用”的每次免赔额:由“10,000.00 元”改为“20,000.00 元”。"


@pytest.mark.parametrize("product", shipped.products(), ids=lambda product: product.product_code)
def test_every_shipped_product_is_explained_with_its_limits_and_exclusions(product: ProductPublished) -> None:
    said = explain(product)
    zh, en = "\n".join(words.zh for words in said), "\n".join(words.en for words in said)
    assert product.name_zh in zh
    assert product.name_en in en
    for exclusion in [*product.exclusions, *(each for one in product.liabilities for each in one.exclusions)]:
        assert exclusion.text_zh in zh
        assert exclusion.text_en in en
    for liability in product.liabilities:
        assert f"{liability.event_limit_fen // 100:,}.00" in zh
        assert f"{liability.event_limit_fen // 100:,}.00" in en


def test_the_questions_about_a_risk_are_read_with_their_answers_in_either_language() -> None:
    said = explain(terms("enterprise-cyber"))
    (zh,) = [words.zh for words in said if "离线备份" in words.zh]
    assert zh.endswith("(有离线备份并演练过恢复 0 分、有离线备份但未演练 8 分、没有 25 分)")
    (en,) = [words.en for words in said if "offline backups" in words.en]
    assert en.endswith("(offline and tried: 0, offline but not tried: 8, no: 25)")
    for product in shipped.products():
        for question in product.rating.questions if product.rating else ():
            assert set(question.answers) == set(question.points)


def test_answers_without_texts_are_read_by_their_codes() -> None:
    rating = EVERYTHING.rating
    assert rating is not None
    questions = [msgspec.structs.replace(each, answers={}) for each in rating.questions]
    bare = msgspec.structs.replace(EVERYTHING, rating=msgspec.structs.replace(rating, questions=questions))
    assert any("offline_and_tried 0 分" in words.zh for words in explain(bare))


def test_points_are_compared_under_the_answers_words() -> None:
    rating = EVERYTHING.rating
    assert rating is not None
    first, *rest = rating.questions
    dearer = msgspec.structs.replace(first, points=first.points | {"over_100_million": 30})
    (change,) = compare(
        EVERYTHING,
        msgspec.structs.replace(EVERYTHING, rating=msgspec.structs.replace(rating, questions=[dearer, *rest])),
    )
    assert change.term == "rating/questions/yearly_revenue/points/over_100_million"
    assert change.sentence.zh == "问题 yearly_revenue的得分“一亿元以上”:由“25”改为“30”。"
    assert "“over 100 million yuan”: from “25” to “30”." in change.sentence.en
    renamed = msgspec.structs.replace(
        first, answers=first.answers | {"over_100_million": AnswerText(text_zh="更多", text_en="more")}
    )
    changes = compare(
        EVERYTHING,
        msgspec.structs.replace(EVERYTHING, rating=msgspec.structs.replace(rating, questions=[renamed, *rest])),
    )
    assert [each.term for each in changes] == ["rating/questions/yearly_revenue/answers/over_100_million"]


def test_the_explanation_works_an_example_of_what_the_insured_bears() -> None:
    said = [words.en for words in explain(terms("resident-anti-fraud-shared"))]
    assert (
        "The first 3,000.00 yuan of each event's loss are the insured's, 70 % of the rest is paid:"
        " of a loss of 10,000.00 yuan, 4,900.00 yuan."
    ) in said


def test_the_explanation_tells_what_claims_made_means_and_what_a_policy_lists() -> None:
    said = "\n".join(words.en for words in explain(terms("algorithmic-bias")))
    assert "within 60 days after it" in said
    assert "1 to 50 of deployed models; each adds 3,000.00 yuan" in said
    assert "Grade D, from 80 points on: not insurable." in said


@pytest.mark.parametrize("annual", [0, 50_000])
@pytest.mark.parametrize("code", ["resident-anti-fraud", "resident-anti-fraud-shared", "enterprise-cyber"])
def test_no_product_with_an_annual_deductible_is_said_to_have_none(code: str, annual: int) -> None:
    product = msgspec.structs.replace(terms(code), annual_deductible_fen=annual)
    en = "\n".join(words.en for words in explain(product))
    zh = "\n".join(words.zh for words in explain(product))
    assert ("bears the first 500.00 yuan a year" in en) == ("一年内的前 500.00 元" in zh) == bool(annual)
    assert not (annual and ("There is no deductible" in en or "没有免赔额," in zh))
    examples = [line for line in en.splitlines() if "of a loss of" in line]
    assert all(("once the annual deductible is used up" in line) == bool(annual) for line in examples)


def test_what_waits_with_claims_made_is_the_claim_and_not_the_loss() -> None:
    said = {words.en for words in explain(terms("algorithmic-bias", waiting_days=7))}
    assert "A claim that is first made in the first 7 days is not paid; a renewal does not wait again." in said


def test_what_other_insurers_pay_is_explained_and_is_another_thing_than_several_covers() -> None:
    deducted, shared = terms(), terms(other_insurance="pro_rata")
    assert Words(
        "其他保险公司已经赔付的部分,先从损失中扣除。", "What another insurer has paid is taken off the loss first."
    ) in explain(deducted)
    assert any(
        "each pays by its sum insured" in each.en and "按保险金额的比例分摊" in each.zh for each in explain(shared)
    )
    (change,) = compare(deducted, shared)
    assert change.sentence == Words(
        "其他保险:由“先扣除其他保险的赔付”改为“各保险人按保险金额比例分摊”。",
        "Other insurance: from “what others pay is taken off first” to “each insurer pays by its sum insured”.",
    )


def test_an_end_of_sale_pro_rata_covers_an_annual_deductible_and_a_refund_table_are_explained() -> None:
    product = terms(
        effective_to=datetime(2027, 1, 1, tzinfo=UTC),
        stacking="pro_rata",
        annual_deductible_fen=50_000,
        refund_table=[RefundStep(from_day=0, refund_percent=80), RefundStep(from_day=180, refund_percent=0)],
    )
    said = "\n".join(words.en for words in explain(product))
    assert "until 2027-01-01 08:00" in said
    assert "share one loss pro rata" in said
    assert "bears the first 500.00 yuan a year" in said
    assert "There is no deductible" not in said
    assert "80 % from day 0 on, 0 % from day 180 on" in said
