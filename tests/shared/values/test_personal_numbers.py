"""Phone and identity numbers are known however they are written, and other long numbers are left alone."""

from __future__ import annotations

import re
import unicodedata
from random import Random

import pytest

from shared.values.clear_text import TextKind, is_personal
from shared.values.documents import check_digit
from shared.values.personal_numbers import ANY_DIGIT, is_personal_number, stands_alone_in, stands_in

PHONES = (
    "13812345678",
    "+86 138 1234 5678",
    "0086-13812345678",
    "138-1234-5678",
    "１３８１２３４５６７８",
    "138\u200b12345678",
)
IDENTITIES = (
    "110101199001011234",
    "11010119900101123x",
    "110101 19900101 1234",
    "110101.19900101.1234",
    "１１０１０１１９９００１０１１２３４",
    "00000019900101123X",
    "810000199001011234",
)


@pytest.mark.parametrize("number", PHONES + IDENTITIES)
@pytest.mark.parametrize("kind", TextKind)
def test_a_personal_number_is_known_in_a_text_of_any_kind(kind: TextKind, number: str) -> None:
    assert is_personal(kind, number)


@pytest.mark.parametrize("number", PHONES + IDENTITIES)
@pytest.mark.parametrize("around", ["Ask {}.", "https://hooks.example.cn/?to={}", "电话{}转", "roster_{}.csv", "({})"])
def test_a_personal_number_that_stands_alone_in_a_text_is_known(around: str, number: str) -> None:
    text = around.format(number)

    assert stands_alone_in(text)
    assert stands_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "app",
        "2026-01",
        "v2026.11.30-1",
        "SUB-000042",
        "2026-11-30T13:45:12.345678+08:00",
        "0190163d-8694-739b-aea5-966c26f8ad91",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "89860112345678901234",
        "400-810-1234",
        "010-12345678",
        "12012345678",
        "202611301234567890",
        "enrollment.policies.v1",
    ],
)
@pytest.mark.parametrize("kind", TextKind)
def test_other_numbers_are_left_alone(kind: TextKind, text: str) -> None:
    assert not is_personal(kind, text)


def test_a_phone_among_letters_counts_in_a_short_code_and_not_in_a_partners_reference() -> None:
    assert is_personal(TextKind.LABEL, "app13812345678")
    assert not is_personal(TextKind.REFERENCE, "SUB-15012345678")


def test_an_identity_number_inside_a_reference_is_known_by_its_check_digit() -> None:
    first = "11010119900101123"
    right = check_digit(first)
    wrong = str((int(right) + 1) % 10) if right != "X" else "1"

    assert is_personal_number(f"SUB-{first}{right}")
    assert not is_personal_number(f"SUB-{first}{wrong}")


def test_no_hash_is_taken_for_a_number() -> None:
    random = Random(20261130)  # noqa: S311  # no secret

    assert not any(stands_alone_in(f"{random.getrandbits(256):064x}") for _ in range(20_000))


def test_of_random_references_of_18_digits_one_in_a_thousand_at_most_is_taken_for_an_identity_number() -> None:
    random = Random(20261130)  # noqa: S311  # no secret

    assert sum(is_personal_number(f"{random.randrange(10**18):018}") for _ in range(20_000)) < 20


def test_the_digits_that_a_search_looks_for_are_those_that_folding_makes_digits() -> None:
    folded = {chr(code) for code in range(0x110000) if unicodedata.normalize("NFKC", chr(code)) in set("0123456789")}

    assert set(re.findall(f"[{ANY_DIGIT}]", "".join(map(chr, range(0x110000))))) == folded
