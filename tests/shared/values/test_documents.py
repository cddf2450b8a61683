"""Identity documents and mobile numbers: two ways to write one end in one form, and what is none is refused."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.values.documents import (
    DOCUMENT_TYPES,
    check_digit,
    code_check_character,
    holder_kind,
    normalize_document,
    normalize_phone,
)
from shared.values.errors import InvalidField

# The example of GB 11643-1999, annex A.
STANDARD_EXAMPLE = "11010519491231002X"
SIMULATED = "00010119900101001"
SIMULATED_ID = SIMULATED + check_digit(SIMULATED)


def test_the_example_of_the_standard_is_taken() -> None:
    document = normalize_document("resident_id", STANDARD_EXAMPLE, sandbox=False)

    assert (document.number, document.birth_date) == (STANDARD_EXAMPLE, date(1949, 12, 31))


@pytest.mark.parametrize(
    "written",
    [
        "11010519491231002x",
        " 110105 19491231 002X ",
        "１１０１０５１９４９１２３１００２Ｘ",
        "110105\u200b19491231\u3000002X",
        "\ufeff11010519491231002X\n",
    ],
)
def test_one_number_has_one_form_however_it_is_written(written: str) -> None:
    assert normalize_document("resident_id", written, sandbox=False).number == STANDARD_EXAMPLE


@pytest.mark.parametrize(
    ("number", "says"),
    [
        ("110105194912310021", "check digit"),
        ("11010519491231002", "18 characters"),
        ("1101051949123100 2XX", "18 characters"),
        ("A1010519491231002X", "18 characters"),
        ("", "18 characters"),
        ("99010519491231002" + check_digit("99010519491231002"), "no region"),
        ("11010519490231002" + check_digit("11010519490231002"), "date of birth"),
        ("11010500011231002" + check_digit("11010500011231002"), "date of birth"),
        ("²1010519491231002X", "check digit"),
    ],
)
def test_a_number_that_cannot_be_is_refused_with_its_reason(number: str, says: str) -> None:
    with pytest.raises(InvalidField) as refused:
        normalize_document("resident_id", number, sandbox=False, pointer="/insured/document_number")

    assert says in refused.value.detail
    assert refused.value.pointer == "/insured/document_number"
    assert number.strip() == "" or number not in str(refused.value)


def test_a_simulated_person_is_taken_in_sandboxes_only() -> None:
    assert normalize_document("resident_id", SIMULATED_ID, sandbox=True).number == SIMULATED_ID
    with pytest.raises(InvalidField, match="sandboxes only"):
        normalize_document("resident_id", SIMULATED_ID, sandbox=False)


@given(st.integers(0, 16), st.integers(1, 9))
def test_any_single_wrong_digit_is_found(position: int, shift: int) -> None:
    wrong = str((int(STANDARD_EXAMPLE[position]) + shift) % 10)
    mistyped = STANDARD_EXAMPLE[:position] + wrong + STANDARD_EXAMPLE[position + 1 :]

    with pytest.raises(InvalidField):
        normalize_document("resident_id", mistyped, sandbox=True)


@pytest.mark.parametrize(
    ("kind", "body", "born"),
    [
        ("hk_macau_residence", "81000019800229001", None),
        ("hk_macau_residence", "81000019800228001", date(1980, 2, 28)),
        ("hk_macau_residence", "82000019991231007", date(1999, 12, 31)),
        ("taiwan_residence", "83000019700615002", date(1970, 6, 15)),
        ("foreign_permanent_residence", "91184019850407001", date(1985, 4, 7)),
    ],
)
def test_residence_permits_carry_a_check_digit_and_a_birth_date_too(kind: str, body: str, born: date | None) -> None:
    number = body + check_digit(body)

    document = normalize_document(kind, number, sandbox=False)

    assert document.number == number
    assert born is None or document.birth_date == born


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("hk_macau_residence", "83000019700615002"),
        ("taiwan_residence", "81000019700615002"),
        ("foreign_permanent_residence", "11010519491231002"),
        ("resident_id", "84000019700615002"),
    ],
)
def test_a_permit_of_one_kind_is_not_taken_for_another(kind: str, body: str) -> None:
    with pytest.raises(InvalidField):
        normalize_document(kind, body + check_digit(body), sandbox=False)


def test_the_older_permanent_residence_card_and_passports_are_taken() -> None:
    card = normalize_document("foreign_permanent_residence", "usa310075042401", sandbox=False)
    passport = normalize_document("passport", "ｅ1234 5678", sandbox=False)

    assert (card.number, card.birth_date) == ("USA310075042401", None)
    assert (passport.number, passport.birth_date) == ("E12345678", None)


@pytest.mark.parametrize("number", ["E12", "护照12345678", "ABCDEFGH", "E" * 10 + "1" * 10, "E1234-5678"])
def test_what_is_no_passport_number_is_refused(number: str) -> None:
    with pytest.raises(InvalidField):
        normalize_document("passport", number, sandbox=True)


def test_an_unknown_type_names_the_types_there_are() -> None:
    with pytest.raises(InvalidField) as refused:
        normalize_document("driving_licence", "1", sandbox=True, pointer="/insured/document_number")

    assert refused.value.pointer == "/insured/document_type"
    assert "taiwan_residence" in refused.value.fix


@pytest.mark.parametrize(
    "written",
    [
        "13800138000",
        "+86 138 0013 8000",
        "+8613800138000",
        "0086-138-0013-8000",
        "86 13800138000",
        "（＋８６）１３８００１３８０００",
        "138—0013—8000",
        "138\u00a00013\u20118000",
    ],
)
def test_one_phone_has_one_form_however_it_is_written(written: str) -> None:
    assert normalize_phone(written, sandbox=False) == "13800138000"


@pytest.mark.parametrize("written", ["", "1380013800", "23800138000", "+85212345678", "138001380000", "12345678901"])
def test_what_is_no_mobile_number_is_refused(written: str) -> None:
    with pytest.raises(InvalidField) as refused:
        normalize_phone(written, sandbox=False, pointer="/claimant/phone")

    assert refused.value.pointer == "/claimant/phone"


def test_a_phone_that_nobody_can_have_is_taken_in_sandboxes_only() -> None:
    assert normalize_phone("10000009001", sandbox=True) == "10000009001"
    with pytest.raises(InvalidField):
        normalize_phone("10000009001", sandbox=False)


@given(st.text(max_size=40))
def test_no_text_at_all_makes_it_fail_otherwise(text: str) -> None:
    for kind in ("resident_id", "passport", "taiwan_residence", "foreign_permanent_residence"):
        try:
            number = normalize_document(kind, text, sandbox=True).number
        except InvalidField:
            continue
        assert normalize_document(kind, number, sandbox=True).number == number


# The example of GB 32100-2015, and codes that companies print on their own pages.
STANDARD_CODE = "91350100M000100Y43"
SIMULATED_CODE = "91000001MA0000001" + code_check_character("91000001MA0000001")


@pytest.mark.parametrize("code", [STANDARD_CODE, "9144030071526726XG", "914403001922038216", "91110000802100433B"])
def test_the_unified_social_credit_code_of_an_organization_is_taken(code: str) -> None:
    document = normalize_document("unified_social_credit_code", f" {code.lower()} ", sandbox=False)

    assert (document.type, document.number, document.birth_date) == ("unified_social_credit_code", code, None)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("91350100M000100Y44", "check character"),
        ("91350100M000100Y4", "18 digits and capitals"),
        ("91350100I000100Y43", "18 digits and capitals"),
        ("91350A00M000100Y43", "18 digits and capitals"),
        ("", "18 digits and capitals"),
        (SIMULATED_CODE, "sandboxes only"),
    ],
)
def test_what_is_no_organizations_code_is_refused_with_its_reason(code: str, says: str) -> None:
    with pytest.raises(InvalidField) as refused:
        normalize_document("unified_social_credit_code", code, sandbox=False, pointer="/insured/document_number")

    assert says in refused.value.detail
    assert refused.value.pointer == "/insured/document_number"
    assert code == "" or code not in str(refused.value)


def test_a_simulated_organization_is_taken_in_a_sandbox() -> None:
    assert normalize_document("unified_social_credit_code", SIMULATED_CODE, sandbox=True).number == SIMULATED_CODE


@given(st.integers(0, 16), st.integers(1, 30))
def test_any_single_wrong_character_of_a_code_is_found(position: int, shift: int) -> None:
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    wrong = alphabet[(alphabet.index(STANDARD_CODE[position]) + shift) % 31]
    mistyped = STANDARD_CODE[:position] + wrong + STANDARD_CODE[position + 1 :]

    with pytest.raises(InvalidField):
        normalize_document("unified_social_credit_code", mistyped, sandbox=True)


def test_one_document_type_names_organizations_and_all_others_persons() -> None:
    assert [kind for kind in DOCUMENT_TYPES if holder_kind(kind) == "organization"] == ["unified_social_credit_code"]


@pytest.mark.parametrize(
    ("region", "right"),
    [("810000", "hk_macau_residence"), ("820000", "hk_macau_residence"), ("830000", "taiwan_residence")],
)
def test_a_residence_permit_is_not_taken_for_a_resident_s_card_too(region: str, right: str) -> None:
    first = f"{region}19800315001"
    number = first + check_digit(first)
    assert normalize_document(right, number, sandbox=False).number == number
    with pytest.raises(InvalidField) as refused:
        normalize_document("resident_id", number, sandbox=False)
    assert (refused.value.pointer, refused.value.fix) == ("/document_type", f"Send {right} as its type.")
