"""What stands on a certificate, the code on it, and the page itself as a reader's program sees it."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pypdf
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enrollment.people.domain.policies import Claims, Consent, Policy
from services.enrollment.policies.api.certificate_page import draw
from services.enrollment.policies.domain.certificates import Certificate, code_of, lines, read_code, shown_code
from services.enrollment.products.domain.cover import cover_period
from services.enrollment.products.usecases import shipped
from shared.events.products import ProductPublished
from shared.values.ids import PartnerId, PolicyId, ProductCode
from shared.values.money import CNY, Fen
from tests.rules.enrollment.builders import terms

KEY = bytes(range(32))
POLICY = PolicyId("0190163d-8694-739b-aea5-966c26f8ad91")
NOW = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


def certificate(
    product: ProductPublished | None = None, *, waits_from: datetime | None = None, **said: Any
) -> Certificate:
    product = product or terms()
    cover = cover_period(product, date(2026, 3, 2))
    policy = Policy(
        policy_id=POLICY,
        partner_id=PartnerId("telecom-east"),
        partner_reference="sub-1",
        product_code=ProductCode(product.product_code),
        product_version=product.product_version,
        batch_id=None,
        state="in_force",
        version=1,
        premium=Fen(product.premium_fen),
        currency=CNY,
        effective_from=cover.start,
        effective_to=cover.end,
        enrolled_at=NOW,
        consent=Consent("2026-01", NOW, "app", "0" * 64),
        chunk_id=POLICY,
        chunk_place=0,
        claims=Claims(0, 0, Fen(0)),
        waits_from=waits_from or cover.start,
    )
    facts: dict[str, Any] = {
        "policy": policy,
        "terms": product,
        "name": "张小明",
        "document_type": "resident_id",
        "document": "110*************15",
        "partner": "东部电信 Telecom East",
        "premium": policy.premium,
        "items": 0,
        "code": code_of(POLICY, KEY),
        "issued_at": NOW,
    }
    return Certificate(**(facts | said))


def text_of(pdf: bytes) -> str:
    (page,) = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return page.extract_text()


def test_the_page_says_in_both_languages_who_is_covered_for_what_and_how_long() -> None:
    text = text_of(draw(certificate(msgspec.structs.replace(terms(), waiting_days=3))))
    for said in (
        "保险凭证",
        "Certificate of Insurance",
        "张小明",
        "居民身份证",
        "110*************15",
        terms().name_zh,
        terms().name_en,
        "2026-03-02",
        "2027-03-01",
        "CNY 50,000.00",
        "CNY 12.00",
        "东部电信 Telecom East",
        POLICY,
        shown_code(code_of(POLICY, KEY)),
        "等待期",
        "losses count from 2026-03-05 00:00",
    ):
        assert said in text, said


def test_the_glyphs_are_in_the_file_so_that_no_reader_needs_a_chinese_font() -> None:
    reader = pypdf.PdfReader(io.BytesIO(draw(certificate())))
    fonts = reader.pages[0]["/Resources"]["/Font"]  # type: ignore[index]
    used = [font.get_object() for font in fonts.values() if "Noto" in str(font.get_object()["/BaseFont"])]
    assert used
    assert all("/FontFile2" in font["/FontDescriptor"] for font in used)


def test_a_page_is_drawn_and_not_blank() -> None:
    picture = pypdfium2.PdfDocument(draw(certificate()))[0].render(scale=1).to_pil().convert("L")
    dark = sum(count for value, count in enumerate(picture.histogram()) if value < 128)
    assert picture.size == (596, 842)
    assert 2_000 < dark < 60_000


@pytest.mark.parametrize("name", ["堃喆", "劉䶮", "歐陽修", "Zoë O'Connor", "古丽·买买提"])
def test_rare_and_traditional_characters_of_names_are_shown(name: str) -> None:
    text = text_of(draw(certificate(name=name)))
    assert name in text
    assert "〓" not in text


def text_by_pdfium(pdf: bytes) -> str:
    return str(pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range())


@pytest.mark.parametrize("name", ["张𬭎伟", "𪟝\U00030edd", "𬬩𬬭𬬮"])
@pytest.mark.parametrize("read", [text_of, text_by_pdfium])
def test_a_name_beyond_the_basic_plane_is_copied_and_searched_as_it_is_drawn(
    name: str, read: Callable[[bytes], str]
) -> None:
    text = read(draw(certificate(name=name)))
    assert name in text
    assert "〓" not in text


def test_a_character_that_the_font_lacks_is_shown_as_lacking_and_said_to_be() -> None:
    text = text_of(draw(certificate(name="张\U0003134a")))
    assert "张〓" in text
    assert "A character that the font lacks" in text


@pytest.mark.parametrize("product", shipped.products(), ids=lambda product: product.product_code)
def test_each_shipped_product_fits_on_one_page(product: ProductPublished) -> None:
    drawn = draw(certificate(product, items=3))
    assert len(pypdf.PdfReader(io.BytesIO(drawn)).pages) == 1
    text = text_of(drawn)
    assert product.name_zh in text
    for liability in product.liabilities:
        assert liability.name_en in text


def test_a_product_of_many_liabilities_is_drawn_smaller_and_keeps_clear_of_the_foot() -> None:
    (cyber,) = [product for product in shipped.products() if product.product_code == "enterprise-cyber"]
    many = [msgspec.structs.replace(cyber.liabilities[0], name_en=f"Liability {number}") for number in range(20)]
    reader = pypdf.PdfReader(io.BytesIO(draw(certificate(msgspec.structs.replace(cyber, liabilities=many)))))
    assert len(reader.pages) == 1
    heights: dict[str, float] = {}
    reader.pages[0].extract_text(
        visitor_text=lambda text, cm, tm, *_: heights.update({text.strip(): cm[5] + cm[3] * tm[5]})
    )
    assert min(height for text, height in heights.items() if "Liability" in text or POLICY in text) > 130


def deductible_of(product: ProductPublished) -> str:
    (said,) = [line for line in lines(certificate(product)) if line.en == "Deductible and share paid"]
    text = "\n".join(said.texts)
    drawn = text_of(draw(certificate(product)))
    assert all(each in drawn for each in said.texts)
    assert "〓" not in drawn
    return text


@pytest.mark.parametrize(
    ("event", "annual", "percent", "said"),
    [
        (0, 0, 100, "无免赔 no deductible；赔付 pays 100%"),
        (300_000, 0, 70, "每次免赔 deductible CNY 3,000.00；赔付 pays 70%"),
        (0, 300_000, 100, "年度免赔 annual deductible CNY 3,000.00；赔付 pays 100%"),
        (
            100_000,
            300_000,
            70,
            "每次免赔 deductible CNY 1,000.00\n年度免赔 annual deductible CNY 3,000.00；赔付 pays 70%",
        ),
    ],
)
def test_what_the_insured_bears_of_a_loss_and_of_a_year_is_said(
    event: int, annual: int, percent: int, said: str
) -> None:
    product = terms(event_deductible_fen=event, annual_deductible_fen=annual, pay_percent=percent)
    assert deductible_of(product) == said


@pytest.mark.parametrize(
    ("event", "annual", "percent", "said"),
    [
        (0, 0, 100, "无免赔 no deductible；赔付 pays 100%"),
        (0, 300_000, 100, "年度免赔 annual deductible CNY 3,000.00；赔付 pays 100%"),
        (100_000, 0, 100, "见各项保障责任 as said of each liability above"),
        (
            0,
            300_000,
            80,
            "见各项保障责任 as said of each liability above\n年度免赔 annual deductible CNY 3,000.00",
        ),
    ],
)
def test_a_product_of_several_liabilities_says_of_each_what_the_insured_bears(
    event: int, annual: int, percent: int, said: str
) -> None:
    cyber = terms("enterprise-cyber")
    first, second = cyber.liabilities[:2]
    liabilities = [
        msgspec.structs.replace(first, event_deductible_fen=event, pay_percent=percent),
        msgspec.structs.replace(second, event_deductible_fen=0, pay_percent=100),
    ]
    product = msgspec.structs.replace(cyber, liabilities=liabilities, annual_deductible_fen=annual)
    assert deductible_of(product) == said


def test_a_renewal_says_that_waiting_is_served() -> None:
    first = cover_period(terms(), date(2025, 3, 2)).start
    (waiting,) = [line for line in lines(certificate(waits_from=first)) if line.en == "Waiting period"]
    assert "served" in waiting.texts[0]


def test_a_product_without_waiting_says_so() -> None:
    product = msgspec.structs.replace(terms(), waiting_days=0)
    (waiting,) = [line for line in lines(certificate(product)) if line.en == "Waiting period"]
    assert waiting.texts == ("无 none",)


def test_a_code_is_the_same_each_time_and_another_for_another_policy_or_key() -> None:
    code = code_of(POLICY, KEY)
    assert code == code_of(POLICY, KEY)
    assert len(code) == 20
    assert code != code_of(PolicyId(POLICY.replace("9", "8")), KEY)
    assert code != code_of(POLICY, KEY[::-1])


@given(st.uuids())
def test_a_code_is_read_however_a_person_types_it(policy_id: object) -> None:
    code = code_of(PolicyId(str(policy_id)), KEY)
    assert read_code(shown_code(code)) == code
    assert read_code(shown_code(code).lower().replace("0", "o").replace("1", "l")) == code


def test_the_last_day_of_cover_is_shown_and_not_the_moment_after_it() -> None:
    (term,) = [line for line in lines(certificate()) if line.en == "Period of cover"]
    assert term.texts[1] == "from 2026-03-02 00:00 to 2027-03-01 24:00 (Asia/Shanghai)"
    assert timedelta(days=365) == certificate().policy.effective_to - certificate().policy.effective_from
