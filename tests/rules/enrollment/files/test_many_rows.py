"""Rows judged in columns: whatever a row holds, the verdict is the one that the Desk gives it alone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.enrollment.people.domain.consents import ConsentText, ConsentTextsInUse
from services.enrollment.policies.domain import many_rows
from services.enrollment.policies.domain.many_rows import as_frame, judge_all
from services.enrollment.policies.domain.rows import COLUMNS, Desk, Fault, RawRow
from shared.values.documents import DOCUMENT_TYPES, check_digit
from tests.rules.enrollment.builders import desk, id_number, row


@pytest.fixture(autouse=True)
def _no_row_is_too_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a handful of odd rows is looked at in columns a second time."""
    monkeypatch.setattr(many_rows, "_FEW", 0)


def one_by_one(rows: list[RawRow], judge: Desk) -> tuple[list[tuple[Any, ...]], list[tuple[int, Fault]]]:
    stripped = [
        RawRow(*(text or "" for text in pl.Series(msgspec.structs.astuple(each), dtype=pl.String).str.strip_chars()))
        for each in rows
    ]
    judged = [(line, judge.judge(each)) for line, each in enumerate(stripped, start=2)]
    accepted = as_frame([(line, said) for line, said in judged if not isinstance(said, Fault)])
    return accepted.rows(), [(line, said) for line, said in judged if isinstance(said, Fault)]


def in_columns(rows: list[RawRow], judge: Desk) -> tuple[list[tuple[Any, ...]], list[tuple[int, Fault]]]:
    texts = [(line, *msgspec.structs.astuple(each)) for line, each in enumerate(rows, start=2)]
    schema: dict[str, Any] = {"line": pl.Int64} | dict.fromkeys(COLUMNS, pl.String)
    judged = judge_all(pl.DataFrame(texts, schema=schema, orient="row"), judge)
    assert judged.accepted.schema == as_frame([]).schema
    return judged.accepted.rows(), sorted((each.line, each.fault) for each in judged.refused)


def assert_same(rows: list[RawRow], **kind: Any) -> None:
    alone = one_by_one(rows, desk(**kind))
    assert in_columns(rows, desk(**kind)) == (alone[0], sorted(alone[1]))


def wide(text: str) -> str:
    """As a Chinese keyboard writes it."""
    return "".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in text)


BLANKS = st.text(st.sampled_from(" \t\u3000\u00a0\u200b\x1f\x85\ufeff"), max_size=2)
TEXT = st.text(max_size=20)
LATE = st.dates(date(2026, 2, 20), date(2026, 6, 10)).flatmap(
    lambda day: st.sampled_from([str(day), str(day), f"{day:%G-W%V-%u}", f"{day:%Y%m%d}"])
)
MOMENT = st.datetimes(
    datetime(1999, 1, 1), datetime(2026, 3, 3), timezones=st.sampled_from([UTC]), allow_imaginary=False
)


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """An 18-digit number that is right in most of its parts."""
    regions = ["110101", "810000", "820000", "830000", "830100", "911101", "900000", "000101", "100000", "160000", ""]
    region = draw(st.sampled_from(regions)) or draw(st.from_regex(r"[0-9]{6}", fullmatch=True))
    born = draw(
        st.one_of(
            st.dates(date(1899, 12, 1), date(2100, 2, 1)).map(lambda day: f"{day:%Y%m%d}"),
            st.dates(date(1944, 1, 1), date(2011, 1, 1)).map(lambda day: f"{day:%Y%m%d}"),
            st.sampled_from(["20000229", "19000229", "20010229", "19800431", "19801301", "19800100", "00000000"]),
        )
    )
    first_17 = region + born.zfill(8) + draw(st.from_regex(r"[0-9]{3}", fullmatch=True))
    last = draw(st.sampled_from([check_digit(first_17)] * 6 + ["0", "x", "X", ""]))
    number = first_17 + last
    return draw(st.sampled_from([number, number, number.lower(), wide(number)]))


DOCUMENTS = st.one_of(
    numbers(), st.from_regex(r"[A-Za-z0-9 -]{1,16}", fullmatch=True), st.from_regex(r"[A-Z]{3}[0-9]{12}"), TEXT
)
PHONES = st.builds(
    lambda before, number, shape: shape(before + number),
    st.sampled_from(["", "", "+86", "+86 ", "0086", "86", "+ 86-", "(+86)", "086"]),
    st.one_of(st.from_regex(r"1[0-9]{10}", fullmatch=True), st.from_regex(r"[0-9 -]{0,14}", fullmatch=True)),
    st.sampled_from([str, str, wide]),
)
TIMES = st.one_of(
    MOMENT.map(lambda moment: moment.isoformat(timespec="seconds")),
    MOMENT.map(lambda moment: moment.isoformat()),
    st.from_regex(
        r"20[0-9]{2}-[0-1][0-9]-[0-3][0-9][T ][0-2][0-9](:[0-6][0-9]){2}(\.[0-9]{1,7})?(Z|[+-][0-2][0-9]:?[0-9]{2})?",
        fullmatch=True,
    ),
    TEXT,
)
BIRTHDAYS = st.dates(date(1899, 12, 1), date(2100, 2, 1)).map(str)
ROWS = st.builds(
    lambda reference, kind, number, name, phone, born, first_day, version, given_at, channel, sha256, around, blank: (
        RawRow(
            *(
                blank + text if place == around else text
                for place, text in enumerate(
                    (reference, kind, number, name, phone, born, first_day, version, given_at, channel, sha256)
                )
            )
        )
    ),
    st.one_of(st.just("sub-1"), st.from_regex(r"[A-Za-z0-9._/:-]{0,66}", fullmatch=True), PHONES, numbers(), TEXT),
    st.one_of(st.sampled_from(DOCUMENT_TYPES), st.sampled_from(["resident_id", "身份证", "护照", "Passport"]), TEXT),
    DOCUMENTS,
    st.one_of(
        st.sampled_from(
            [
                "张小明",
                "John Smith",
                "张" * 60,
                "张" * 61,
                "",
                "\u200b\u200d",
                "\u3164",
                "\u200b张",
                "a\ufffd",
                "a\x1fb",
            ]
        ),
        TEXT,
    ),
    PHONES,
    st.one_of(st.just(""), BIRTHDAYS, TEXT),
    st.one_of(st.just(""), LATE, TEXT),
    st.one_of(st.just("2026-01"), TEXT),
    TIMES,
    st.one_of(st.just("app"), TEXT),
    st.one_of(st.just("5e" * 32), st.just("5E" * 32), st.from_regex(r"[0-9a-g]{62,65}", fullmatch=True)),
    st.integers(0, len(COLUMNS) - 1),
    BLANKS,
)

DAMAGE = st.tuples(st.sampled_from(COLUMNS), st.one_of(DOCUMENTS, PHONES, TIMES, LATE, BIRTHDAYS, BLANKS, TEXT))


@settings(deadline=None)  # polars starts its threads in the first example
@given(st.lists(ROWS, min_size=1, max_size=12), st.booleans(), st.booleans())
def test_arbitrary_rows_get_the_verdicts_that_they_get_alone(
    rows: list[RawRow],
    sandbox: bool,  # noqa: FBT001
    every_age: bool,  # noqa: FBT001
) -> None:
    assert_same(rows, sandbox=sandbox, every_age=every_age)


@settings(deadline=None)
@given(st.lists(st.tuples(numbers(), PHONES, DAMAGE, st.booleans()), min_size=1, max_size=12))
def test_good_rows_with_one_thing_changed_get_the_verdicts_that_they_get_alone(
    changes: list[tuple[str, str, tuple[str, str], bool]],
) -> None:
    rows = [
        row(**({"document_number": number, "phone": phone} | ({damage[0]: damage[1]} if damaged else {})))
        for number, phone, damage, damaged in changes
    ]
    assert_same(rows, sandbox=True)


@pytest.mark.parametrize(
    "changes",
    [
        {"document_type": "居民身份证"},
        {"document_type": " Resident_ID"},
        {"document_type": "护照", "document_number": "E12345678", "birth_date": "1980-03-15"},
        {"document_type": "统一社会信用代码"},
        {"document_number": wide(id_number())},
        {"document_number": f" {id_number('19800317').lower()} "},
        {"document_number": "１１０１０１ １９８００３１５ ００１" + id_number()[-1]},
        {"phone": "+86 139-1234-5678"},
        {"phone": "＋８６　１３９１２３４５６７８"},
        {"phone": "(0086)13912345678"},
        {"phone": "8613912345678"},
        {"document_type": "passport", "document_number": "e12345678"},
        {"document_type": "passport", "document_number": "e12345678", "birth_date": "1980-03-15"},
        {"document_type": "passport", "document_number": "ABCDEF"},
        {"birth_date": "1980-03-15"},
        {"birth_date": "1980-03-16"},
        {"birth_date": "1980-3-15"},
        {"document_type": "foreign_permanent_residence", "document_number": "USA110119800315"},
        {"document_type": "hk_macau_residence", "document_number": id_number(region="810000")},
        {"document_type": "taiwan_residence", "document_number": id_number(region="810000")},
        {"consent_channel": "13912345678"},
        {"consent_channel": "app-2026"},
        {"consent_text_version": "v-110101199001011234"},
        {"consent_text_version": "2026-01-15.093000"},
        {"document_type": "passport", "document_number": "E12345678", "consent_channel": "e1234.5678"},
        {"partner_reference": f"SUB-{id_number('19800317')}"},
        {"consent_given_at": "2026-02-28T09:30:00.123456+08:00"},
        {"consent_given_at": "2026-02-28T23:59:60+08:00"},
        {"consent_given_at": "2026-03-01T12:05:00+08:00"},
        {"consent_given_at": "2026-03-01T12:05:01+08:00"},
        {"consent_given_at": "2026-02-30T09:30:00+08:00"},
        {"consent_given_at": "2026-02-28T09:30:00Z"},
        {"name": "\u00a0张小明"},
        {"effective_date": " 2026-03-05"},
        {"consent_sha256": "5E" * 32},
        {"document_number": "+1010119800315001" + "X"},
    ],
)
def test_the_odd_and_the_wrong_are_told_apart_as_by_hand(changes: dict[str, str]) -> None:
    for every_age in (False, True):
        assert_same([row(), row(**changes), row(partner_reference="sub-2")], every_age=every_age)


def test_most_rows_of_a_file_that_is_written_loosely_are_judged_in_columns_too(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        row(document_type="居民身份证", document_number=wide(id_number()), phone="+86 139 1234 5678"),
        row(
            document_number=id_number("19800317").lower(),
            phone="（＋８６）１３９１２３４５６７８",
            birth_date="1980-03-17",
        ),
    ]
    monkeypatch.setattr(Desk, "judge", lambda *_: pytest.fail("a row went to the Desk"))
    accepted, refused = in_columns(rows, desk())
    assert [(each[3], each[5]) for each in accepted] == [
        (id_number(), "13912345678"),
        (id_number("19800317"), "13912345678"),
    ]
    assert refused == []


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["2026-01", "2026-02", "2026-03"]), st.sampled_from(["app", "hall"]), LATE),
        min_size=1,
        max_size=8,
    )
)
def test_where_a_contract_accepts_published_texts_alone_each_consent_is_held_against_them(
    consents: list[tuple[str, str, str]],
) -> None:
    published = ConsentTextsInUse(
        ConsentText(version, "同意", "I agree", channels, valid_from, valid_from, "test")
        for version, channels, valid_from in (
            ("2026-01", (), datetime(2026, 1, 1, tzinfo=UTC)),
            ("2026-02", ("app",), datetime(2026, 2, 25, tzinfo=UTC)),
        )
    )
    rows = [
        row(consent_text_version=version, consent_channel=channel, consent_given_at=f"{day}T01:00:00+00:00")
        for version, channel, day in consents
    ]
    assert_same(rows, consent_texts=published)


@pytest.mark.parametrize(
    "reference", ["u13912345678", "138-1234-5678", "0086.13812345678", f"a/{id_number()}", "SUB-1"]
)
def test_a_reference_that_holds_a_personal_number_is_told_alike(reference: str) -> None:
    assert_same([row(partner_reference=reference)])


def test_a_reference_that_holds_the_rows_own_passport_is_told_alike() -> None:
    passport = {"document_type": "passport", "document_number": "E12345678", "birth_date": "1980-03-15"}
    assert_same([row(partner_reference=each, **passport) for each in ("p-e1234.5678", "pE12345678x", "SUB-1")])
