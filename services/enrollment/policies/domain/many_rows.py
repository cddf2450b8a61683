"""Judges the rows of a file column by column: the plain ones here, whatever looks unusual one by one by the Desk.

The Desk is the rule. A row counts as plain only where it is certain that the Desk would accept it, and as what; so both
always say the same, and tests hold one against the other. A millionth of a second a row instead of ten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Final

import polars as pl

from services.enrollment.policies.domain.document_types import document_type_of
from services.enrollment.policies.domain.references import reference_to_show
from services.enrollment.policies.domain.rows import (
    BLANK_LETTERS,
    COLUMNS,
    LONGEST_NAME,
    CheckedRow,
    Desk,
    Fault,
    RawRow,
    is_label,
)
from services.enrollment.products.domain.ages import asks_age
from shared.values.documents import DOCUMENT_TYPES, FIRST_YEAR, LAST_YEAR, PROVINCES, SIMULATED_REGION, WEIGHTS
from shared.values.personal_numbers import IDENTITY, SHORTEST, WHOLE

EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Moments are microseconds since then, as PostgreSQL stores them."""
MICROSECOND: Final = timedelta(microseconds=1)
_UNIX_MICROSECONDS: Final = (EPOCH - datetime(1970, 1, 1, tzinfo=UTC)) // MICROSECOND

ACCEPTED: Final[dict[str, type[pl.DataType]]] = {
    "line": pl.Int64,
    "partner_reference": pl.String,
    "document_type": pl.String,
    "document_number": pl.String,
    "name": pl.String,
    "phone": pl.String,
    "birth_date": pl.String,
    "birth_year": pl.Int16,
    "effective_from": pl.Int64,
    "effective_to": pl.Int64,
    "consent_text_version": pl.String,
    "consent_given_at": pl.Int64,
    "consent_channel": pl.String,
    "consent_sha256": pl.String,
}
"""The columns of what is accepted: a CheckedRow each, its moments as numbers."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that cannot be covered; ``partner_reference`` where it gave one that may be shown."""

    line: int
    partner_reference: str | None
    fault: Fault


@dataclass(frozen=True, slots=True)
class Judged:
    """``accepted`` has the columns of ACCEPTED and the order of the lines."""

    accepted: pl.DataFrame
    refused: list[Refused]


def judge_all(rows: pl.DataFrame, desk: Desk) -> Judged:
    """``rows`` has a column ``line`` and those of a RawRow, none of them null; texts may still have blanks around."""
    plain = _with_findings(_with_known_types(rows), desk)
    parts = [_accepted(plain.filter("plain"))]
    odd = plain.filter(~pl.col("plain")).select("line", *COLUMNS)
    if not odd.height:
        return Judged(parts[0], [])
    odd = odd.with_columns(pl.col(COLUMNS).str.strip_chars())
    if odd.height > _FEW:
        loose = _with_findings(odd.with_columns(_loose_number(), _loose_phone()), desk)
        parts.append(_accepted(loose.filter("plain")))
        odd = odd.filter(~loose["plain"])
    singly, refused = _singly(odd, desk)
    return Judged(pl.concat([*parts, singly]).sort("line"), refused)


def _with_known_types(rows: pl.DataFrame) -> pl.DataFrame:
    """Types of documents by our own names, where partners call them otherwise."""
    names = [each for each in rows["document_type"].unique() if each not in DOCUMENT_TYPES]
    known = {name: document_type for name in names if (document_type := document_type_of(name)) is not None}
    return rows.with_columns(pl.col("document_type").replace(known)) if known else rows


_FEW: Final = 500
"""Rows that the Desk has judged by the time that a second look at the columns takes: some milliseconds."""

_WIDE: Final = {
    **{chr(0xFF10 + digit): str(digit) for digit in range(10)},
    "\uff38": "X",
    "\uff58": "x",
    "\uff0b": "+",
    "\uff0d": "-",
    "\uff08": "(",
    "\uff09": ")",
    "\u3000": " ",
}
"""What a Chinese keyboard writes, each character's NFKC form."""


def _loose_number() -> pl.Expr:
    half = pl.col("document_number").str.replace_many(_WIDE).str.replace_all(r"[ \t]", "")
    return pl.when(half.str.contains(r"^[0-9A-Za-z]+$")).then(half.str.to_uppercase()).otherwise("document_number")


def _loose_phone() -> pl.Expr:
    half = pl.col("phone").str.replace_many(_WIDE).str.replace_all(r"[ \t()-]", "")
    bare = half.str.replace(r"^(?:\+86|0086|86)([0-9]{11})$", "$1")
    return pl.when(bare.str.contains(r"^[0-9]{11}$")).then(bare).otherwise("phone")


def _with_findings(rows: pl.DataFrame, desk: Desk) -> pl.DataFrame:
    """``rows`` with what was read in them, and ``plain``: whether all of it is certain."""
    known = (
        _days(rows["effective_date"], desk),
        pl.col("consent_given_at").str.to_datetime(_TIME_FORMAT, strict=False, time_unit="us").alias("given_at"),
        pl.col("document_number").str.slice(0, 17).cast(pl.Int64, strict=False).alias("digits"),
    )
    found = rows.with_columns(*known[1:]).join(known[0], on="effective_date", how="left", maintain_order="left")
    found = found.with_columns(
        (pl.col("digits") // 10**7 % 10**4).alias("year"),
        (pl.col("digits") // 10**3 % 10**4).alias("day"),
    )
    found = found.with_columns(
        (
            _texts()
            & _labels(found)
            & pl.col("effective_from").is_not_null()
            & _given(desk)
            & _document(desk)
            & _phone(desk)
        )
        .fill_null(value=False)
        .alias("plain")
    )
    return _without_unknown_texts(found, desk)


def _accepted(plain: pl.DataFrame) -> pl.DataFrame:
    eighteen = pl.col("document_number").str.len_bytes() == 18  # noqa: PLR2004  # only those tell a date
    return plain.select(
        "line",
        "partner_reference",
        "document_type",
        "document_number",
        "name",
        "phone",
        pl.lit("").alias("birth_date"),  # in the number, or not told
        pl.when(eighteen).then("year").otherwise(0).cast(pl.Int16).alias("birth_year"),
        "effective_from",
        "effective_to",
        "consent_text_version",
        (pl.col("given_at").dt.timestamp("us") - _UNIX_MICROSECONDS).alias("consent_given_at"),
        "consent_channel",
        pl.col("consent_sha256").str.to_lowercase(),
    )


def _texts() -> pl.Expr:
    reference = pl.col("partner_reference")
    bare = reference.str.replace_all(r"[._/:-]", "").str.to_uppercase()
    name = pl.col("name")
    return (
        reference.str.contains(r"^[A-Za-z0-9][A-Za-z0-9._/:-]{0,63}$")
        & ~bare.str.contains(f"^{WHOLE}$|{IDENTITY}")
        & ~bare.str.contains(pl.col("phone"), literal=True)
        & ~bare.str.contains(pl.col("document_number"), literal=True)
        & name.str.len_chars().is_between(1, LONGEST_NAME)
        & ~name.str.contains(r"[\x00-\x1f\x7f\x{fffd}]|^\s|\s$")
        & name.str.contains(rf"[^\p{{Cc}}\p{{Cf}}\p{{Z}}{BLANK_LETTERS}]")
        & pl.col("consent_sha256").str.contains(r"^[0-9A-Fa-f]{64}$")
    )


def _labels(rows: pl.DataFrame) -> pl.Expr:
    """A consent's version and channel, of which a file repeats a handful. Some could hold the row's own numbers: a
    passport's those with a digit, a phone or an identity number those with eleven; these rows are left to the Desk.
    """
    long_number = pl.col("document_number").str.len_bytes() == 18  # noqa: PLR2004  # no passport has so many
    certain = pl.lit(value=True)
    for column in ("consent_text_version", "consent_channel"):
        digits = {text: sum(map(str.isdigit, text)) for text in rows[column].unique() if is_label(text)}
        without = [text for text, count in digits.items() if not count]
        few = [text for text, count in digits.items() if 0 < count < SHORTEST]
        certain &= pl.col(column).is_in(without) | (long_number & pl.col(column).is_in(few))
    return certain


def _days(asked: pl.Series, desk: Desk) -> pl.DataFrame:
    """For each text that stands for an acceptable first day, that day and its cover; a file repeats a handful."""
    days = [(text, day) for text in asked.unique() if isinstance(day := desk.first_day(text), date)]
    covers = [desk.cover(day) for _text, day in days]
    return pl.DataFrame(
        {
            "effective_date": [text for text, _day in days],
            "first_year": [day.year for _text, day in days],
            "first_day": [day.month * 100 + day.day for _text, day in days],
            "effective_from": [micros(cover.start) for cover in covers],
            "effective_to": [micros(cover.end) for cover in covers],
        },
        schema={"effective_date": pl.String} | dict.fromkeys(_DAY_COLUMNS, pl.Int64),
    )


_DAY_COLUMNS: Final = ("first_year", "first_day", "effective_from", "effective_to")

_TIME_FORMAT: Final = "%Y-%m-%dT%H:%M:%S%z"
_TIME: Final = (
    r"^20[0-9]{2}-[01][0-9]-[0-3][0-9]T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(?:[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$"
)


def _given(desk: Desk) -> pl.Expr:
    return pl.col("consent_given_at").str.contains(_TIME) & (pl.col("given_at") <= desk.latest_consent)


def _without_unknown_texts(found: pl.DataFrame, desk: Desk) -> pl.DataFrame:
    """Leave to the Desk each consent text of which it has something to say, were it agreed to as early as any row's."""
    pairs = (
        found.filter("plain").group_by("consent_text_version", "consent_channel").agg(pl.col("given_at").min()).rows()
    )
    said = [(text, channel) for text, channel, first in pairs if desk.fault_of_consent(text, channel, first)]
    if not said:
        return found
    spoken_of = reduce(
        or_, ((pl.col("consent_text_version") == text) & (pl.col("consent_channel") == way) for text, way in said)
    )
    return found.with_columns(plain=pl.col("plain") & ~spoken_of)


def _phone(desk: Desk) -> pl.Expr:
    return pl.col("phone").str.contains(r"^1[0-9]{10}$" if desk.sandbox else r"^1[3-9][0-9]{9}$")


def _document(desk: Desk) -> pl.Expr:
    kind, number = pl.col("document_type"), pl.col("document_number")
    simulated = number.str.starts_with(SIMULATED_REGION) if desk.sandbox else pl.lit(value=False)
    regions = {
        "resident_id": number.str.slice(0, 2).is_in(sorted(PROVINCES)),
        "hk_macau_residence": number.str.starts_with("810000") | number.str.starts_with("820000"),
        "taiwan_residence": number.str.starts_with("830000"),
        "foreign_permanent_residence": number.str.starts_with("9"),
    }
    right_region = reduce(or_, ((kind == name) & (region | simulated) for name, region in regions.items()))
    dated = number.str.contains(r"^[0-9]{17}[0-9X]$") & right_region & _checked() & _born() & _of_age(desk)
    told = pl.col("birth_date")
    born = [number.str.slice(start, length) for start, length in ((6, 4), (10, 2), (12, 2))]
    dated &= (told == "") | (told == pl.concat_str(born, separator="-"))
    old_card = (kind == "foreign_permanent_residence") & number.str.contains(r"^[A-Z]{3}[0-9]{12}$")
    passport = (kind == "passport") & number.str.contains(r"^[A-Z0-9]{5,15}$") & number.str.contains(r"[0-9]")
    return dated | ((old_card | passport) & (told == "") & pl.lit(not asks_age(desk.terms)))


def _checked() -> pl.Expr:
    """The check digit, 10 for X: 12 less the weighted sum, modulo 11."""
    digits = pl.col("digits")
    places = ((weight, 10 ** (16 - place)) for place, weight in enumerate(WEIGHTS))
    total = pl.sum_horizontal(digits // power % 10 * weight for weight, power in places)
    last = pl.col("document_number").str.slice(17, 1)
    given = pl.when(last == "X").then(10).otherwise(last.cast(pl.Int64, strict=False))
    return (12 - total % 11) % 11 == given


def _born() -> pl.Expr:
    year, month, day = pl.col("year"), pl.col("day") // 100, pl.col("day") % 100
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    february = pl.when(leap).then(29).otherwise(28)
    last = pl.when(month == 2).then(february).otherwise(30 + (month + month // 8) % 2)  # noqa: PLR2004
    return year.is_between(FIRST_YEAR, LAST_YEAR) & month.is_between(1, 12) & (day >= 1) & (day <= last)


def _of_age(desk: Desk) -> pl.Expr:
    birthday_ahead = (pl.col("first_day") < pl.col("day")).cast(pl.Int64)
    age = pl.col("first_year") - pl.col("year") - birthday_ahead
    return age.is_between(desk.terms.age_min, desk.terms.age_max)


def _singly(odd: pl.DataFrame, desk: Desk) -> tuple[pl.DataFrame, list[Refused]]:
    """The rest, as the Desk says."""
    accepted: list[tuple[int, CheckedRow]] = []
    refused: list[Refused] = []
    for line, *texts in odd.iter_rows():
        raw = RawRow(*texts)
        judged = desk.judge(raw)
        if isinstance(judged, Fault):
            refused.append(
                Refused(line, reference_to_show(raw.partner_reference, raw.document_number, raw.phone), judged)
            )
        else:
            accepted.append((line, judged))
    return as_frame(accepted), refused


def as_frame(rows: Sequence[tuple[int, CheckedRow]]) -> pl.DataFrame:
    """Rows that the Desk accepted, each with its line, in columns."""
    return pl.DataFrame([_flat(line, row) for line, row in rows], schema=ACCEPTED, orient="row")


def _flat(line: int, row: CheckedRow) -> tuple[object, ...]:
    insured, consent = row.insured, row.consent
    return (
        line,
        row.partner_reference,
        insured.document_type,
        insured.document_number,
        insured.name,
        insured.phone,
        insured.birth_date,
        row.birth_year,
        micros(row.cover.start),
        micros(row.cover.end),
        consent.text_version,
        micros(consent.given_at),
        consent.channel,
        consent.sha256,
    )


def micros(moment: datetime) -> int:
    """``moment`` as a number of ACCEPTED's columns."""
    return (moment - EPOCH) // MICROSECOND
