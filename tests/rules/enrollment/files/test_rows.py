"""Which subscribers can be covered, and from when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enrollment.policies.domain.references import reference_to_show
from services.enrollment.policies.domain.rows import COLUMNS, CheckedRow, Fault, RawRow
from tests.rules.enrollment.builders import NOON_IN_SHANGHAI, contract, id_number, judge, row, terms


def accepted(judged: CheckedRow | Fault) -> CheckedRow:
    assert isinstance(judged, CheckedRow), judged
    return judged


def code(judged: CheckedRow | Fault) -> str:
    assert isinstance(judged, Fault)
    return judged.code


def test_cover_begins_at_the_next_midnight_of_the_products_zone_where_no_date_is_asked_for() -> None:
    cover = accepted(judge(row())).cover
    assert cover.start == datetime(2026, 3, 1, 16, 0, tzinfo=UTC)
    assert cover.end - cover.start == timedelta(days=365)


def test_the_same_moment_is_another_day_where_the_product_is_sold() -> None:
    late_evening_in_london = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
    cover = accepted(judge(row(), now=late_evening_in_london)).cover
    assert cover.start == datetime(2026, 3, 2, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "grace", "said"),
    [
        ("2026-03-01", 0, None),
        ("2026-02-28", 0, "back_dated"),
        ("2026-02-28", 1, None),
        ("2026-02-27", 1, "back_dated"),
        ("2026-05-30", 0, None),
        ("2026-05-31", 0, "too_far_ahead"),
        ("2026-02-30", 0, "date_invalid"),
        ("01/03/2026", 0, "date_invalid"),
    ],
)
def test_cover_is_back_dated_no_further_than_the_contract_allows_and_ordered_a_quarter_ahead_at_most(
    asked: str, grace: int, said: str | None
) -> None:
    judged = judge(row(effective_date=asked), under=contract(back_dating_days=grace))
    assert (None if isinstance(judged, CheckedRow) else judged.code) == said


def test_cover_begins_inside_the_contract() -> None:
    ends_soon = contract(last_day=NOON_IN_SHANGHAI.date() + timedelta(days=3))
    assert code(judge(row(effective_date="2026-03-05"), under=ends_soon)) == "too_far_ahead"
    began_today = contract(first_day=NOON_IN_SHANGHAI.date(), back_dating_days=30)
    assert code(judge(row(effective_date="2026-02-28"), under=began_today)) == "back_dated"


@pytest.mark.parametrize(
    ("born", "covered"),
    [
        ("20100302", True),  # 16 on the first day of cover
        ("20100303", False),  # a day too young
        ("19450303", True),  # 80 until that day
        ("19450302", False),  # 81 on it
    ],
)
def test_age_counts_on_the_first_day_of_cover(born: str, *, covered: bool) -> None:
    judged = judge(row(document_number=id_number(born)))
    assert isinstance(judged, CheckedRow) == covered


PASSPORT = {"document_type": "passport", "document_number": "E12345678"}
OLD_CARD = {"document_type": "foreign_permanent_residence", "document_number": "USA110119800315"}


@pytest.mark.parametrize("document", [PASSPORT, OLD_CARD])
def test_where_the_document_tells_no_age_and_the_product_asks_it_the_partner_tells(document: dict[str, str]) -> None:
    assert code(judge(row(**document))) == "birth_date_missing"
    judged = accepted(judge(row(**document, birth_date="1980-03-15")))
    assert (judged.birth_year, judged.insured.birth_date) == (1980, "1980-03-15")
    young = judge(row(**document, birth_date="2010-03-03"))
    assert isinstance(young, Fault)
    assert (young.field, young.code) == ("birth_date", "age_outside")


@pytest.mark.parametrize("name", ["居民身份证", " 身份证", "Resident_ID", "ＲＥＳＩＤＥＮＴ＿ＩＤ"])
def test_types_of_documents_are_known_by_their_chinese_names_too(name: str) -> None:
    assert accepted(judge(row(document_type=name))).insured.document_type == "resident_id"


def test_who_names_no_known_type_of_document_is_told_those_that_the_product_insures() -> None:
    judged = judge(row(document_type="library_card"))
    assert isinstance(judged, Fault)
    assert "passport" in judged.fix
    assert "unified_social_credit_code" not in judged.fix


def test_a_product_for_every_age_asks_nobody_how_old_they_are() -> None:
    every_age = terms(age_min=0, age_max=150)
    assert accepted(judge(row(**PASSPORT), product=every_age)).birth_year == 0
    assert accepted(judge(row(**PASSPORT, birth_date="1980-03-15"), product=every_age)).birth_year == 1980


def test_a_date_of_birth_that_the_document_tells_is_not_stored_twice() -> None:
    judged = accepted(judge(row(birth_date="1980-03-15")))
    assert (judged.birth_year, judged.insured.birth_date) == (1980, "")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"partner_reference": ""}, "reference_missing"),
        ({"partner_reference": "=cmd|' /C calc'!A0"}, "reference_invalid"),
        ({"partner_reference": "13912345678"}, "reference_is_personal"),
        ({"partner_reference": id_number()}, "reference_is_personal"),
        ({"partner_reference": "138-1234-5678"}, "reference_is_personal"),
        ({"partner_reference": "0086-13812345678"}, "reference_is_personal"),
        ({"partner_reference": "110101.19900101.1234"}, "reference_is_personal"),
        ({"partner_reference": "u13912345678", "phone": "+86 139 1234 5678"}, "reference_is_personal"),
        (
            PASSPORT | {"partner_reference": "P/e1234-5678", "birth_date": "1980-03-15"},
            "reference_is_personal",
        ),
        ({"name": ""}, "name_missing"),
        ({"name": "张\ufffd"}, "name_invalid"),
        ({"name": "张" * 61}, "name_invalid"),
        ({"name": "\u200b\u200d"}, "name_invalid"),
        ({"name": "\u3164\u00a0"}, "name_invalid"),
        ({"effective_date": "2026-W10-1"}, "date_invalid"),
        ({"effective_date": "20260302"}, "date_invalid"),
        ({"document_type": "library_card"}, "document_type_invalid"),
        ({"document_number": "110101198003150010"}, "document_number_invalid"),
        ({"phone": "12345"}, "phone_invalid"),
        ({"birth_date": "1980-03-16"}, "birth_date_differs"),
        ({"birth_date": "15/03/1980"}, "birth_date_invalid"),
        (PASSPORT | {"birth_date": "1899-12-31"}, "birth_date_invalid"),
        (PASSPORT | {"birth_date": "2026-03-03"}, "birth_date_invalid"),
        ({"consent_text_version": ""}, "consent_text_version_missing"),
        ({"consent_text_version": "110101199001011234"}, "consent_text_version_is_personal"),
        ({"consent_text_version": "v1-138.1234.5678"}, "consent_text_version_is_personal"),
        ({"consent_channel": "by word of mouth"}, "consent_channel_invalid"),
        ({"consent_channel": "13912345678"}, "consent_channel_is_personal"),
        ({"consent_channel": "app13912345678"}, "consent_channel_is_personal"),
        (PASSPORT | {"consent_channel": "e1234-5678", "birth_date": "1980-03-15"}, "consent_channel_is_personal"),
        ({"consent_sha256": ""}, "consent_sha256_missing"),
        ({"consent_sha256": "5e" * 31}, "consent_sha256_invalid"),
        ({"consent_given_at": ""}, "time_invalid"),
        ({"consent_given_at": "2026-02-28T09:30:00"}, "time_invalid"),
        ({"consent_given_at": "2026-03-02T09:30:00+08:00"}, "consent_in_future"),
        ({"consent_given_at": "0001-01-01T00:00:00+08:00"}, "time_invalid"),
    ],
)
def test_each_fault_has_its_code_and_a_fix(changes: dict[str, str], said: str) -> None:
    judged = judge(row(**changes))
    assert code(judged) == said
    assert isinstance(judged, Fault)
    assert judged.detail
    assert judged.fix


def test_a_simulated_person_is_covered_in_a_sandbox_alone() -> None:
    simulated = row(document_number=id_number(region="000101"))
    assert isinstance(judge(simulated, sandbox=True), CheckedRow)
    assert code(judge(simulated, sandbox=False)) == "document_number_invalid"


def test_a_rejected_row_shows_no_reference_that_holds_its_own_phone_or_document() -> None:
    assert reference_to_show("tel-13912345678", "E12345678", "+86 139 1234 5678") is None
    assert reference_to_show("p.e1234-5678", "E12345678", "") is None
    assert reference_to_show("SUB-0042", "E12345678", "+86 139 1234 5678") == "SUB-0042"


def test_a_document_and_phone_are_stored_in_one_form() -> None:
    insured = accepted(
        judge(row(document_number=f" {id_number('19800317').lower()} ", phone="+86 139-1234-5678"))
    ).insured
    assert insured.document_number == id_number("19800317")
    assert insured.phone == "13912345678"


@pytest.mark.parametrize("zone", ["+08:00", "+16:00", "+23:59", "-23:59:59"])
def test_a_consent_given_anywhere_is_kept_as_a_moment_that_the_database_can_hold(zone: str) -> None:
    """PostgreSQL refuses a time whose zone is 16 hours away or more; Python takes them up to 24."""
    given_at = accepted(judge(row(consent_given_at=f"2026-02-26T09:30:00{zone}"))).consent.given_at
    assert given_at == datetime.fromisoformat(f"2026-02-26T09:30:00{zone}")
    assert given_at.utcoffset() == timedelta(0)


@given(st.lists(st.text(max_size=30), min_size=len(COLUMNS), max_size=len(COLUMNS)))
def test_whatever_a_row_holds_its_rejection_repeats_none_of_it(texts: list[str]) -> None:
    judged = judge(RawRow(*texts))
    assert isinstance(judged, Fault)
    plain = judge(RawRow(*[""] * len(COLUMNS)))
    assert isinstance(plain, Fault)
    # Said of the row in fixed words: nothing but the choice of the sentence depends on what stands in it.
    assert (judged.detail, judged.fix) in SENTENCES


SENTENCES = {
    (fault.detail, fault.fix)
    for fault in (
        judge(row(partner_reference="")),
        judge(row(partner_reference="13912345678")),
        judge(row(name="")),
        judge(row(consent_channel="")),
        judge(row(consent_sha256="")),
        judge(row(effective_date="x")),
        judge(row(consent_given_at="x")),
        judge(row(consent_given_at="")),
        judge(row(document_type="x")),
    )
    if isinstance(fault, Fault)
}


def test_terms_with_another_zone_have_their_own_midnight() -> None:
    cover = accepted(judge(row(effective_date="2026-03-02"), product=terms(zone="Asia/Urumqi"))).cover
    assert cover.start == datetime(2026, 3, 1, 18, 0, tzinfo=UTC)
