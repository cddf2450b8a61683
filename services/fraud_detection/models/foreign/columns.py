"""What each column of a table is: label, time or group, for monitoring only, or to be learned from, and as what."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from services.fraud_detection.models.foreign.spec import FeatureSpec, TimeSplit, Unfit
from services.fraud_detection.models.foreign.table import ForeignTable, TableColumn
from services.fraud_detection.models.foreign.values import day, ladder, number

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]
Words = npt.NDArray[np.str_]

_POSITIVE: Final = {"1", "1.0", "true", "t", "yes", "y", "fraud", "fraudulent", "是", "欺诈"}
_NEGATIVE: Final = {
    "0",
    "0.0",
    "false",
    "f",
    "no",
    "n",
    "honest",
    "legit",
    "genuine",
    "normal",
    "not fraud",
    "否",
    "正常",
}
_MOSTLY: Final = 0.99
_MOST_DATES: Final = 6
_MOST_GROUPS: Final = 12


@dataclass(frozen=True, slots=True)
class Feature:
    """A column to learn from: ``numbers`` (NaN is missing), or ``codes`` of ``words`` (-1 is missing)."""

    name: str
    source: str
    kind: str
    numbers: Floats | None = None
    codes: Codes | None = None
    words: int = 0


@dataclass(frozen=True, slots=True)
class LeftOut:
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A table as a model sees it; rows without a label are in none of these arrays' ``known``."""

    fraud: Bools
    known: Bools
    order: Floats
    """Time as a number, or the number of the group."""
    features: tuple[Feature, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]


def prepare(table: ForeignTable, spec: FeatureSpec) -> Prepared:
    """Give each column its role and its kind.

    Raises:
        Unfit: the spec names a column that is not there, or the label, the time or a kind does not fit its column.
    """
    label = table.column("label", spec.label)
    split = table.column("time" if isinstance(spec.split, TimeSplit) else "group", spec.split.column)
    for role, names in (
        ("ignore", spec.ignore),
        ("monitoring_only", spec.monitoring_only),
        ("columns", spec.kinds or {}),
    ):
        for name in names:
            table.column(role, name)
    fraud, known = _label(label, spec.positive)
    notes = list(table.notes)
    if not known.all():
        notes.append(f"{int((~known).sum())} rows without a label were left out")
    order = _times(split) if isinstance(spec.split, TimeSplit) else _group_numbers(split)
    taken = {spec.label, spec.split.column, *spec.ignore, *spec.monitoring_only}
    features: list[Feature] = []
    left_out = [LeftOut(name, "ignored by the spec") for name in spec.ignore]
    dates: list[tuple[str, Floats]] = []
    if isinstance(spec.split, TimeSplit) and split.dates | _parses(split, day):
        dates.append((split.name, order))
    for column in table.columns.values():
        if column.name in taken:
            continue
        found = _feature(column, (spec.kinds or {}).get(column.name), table.rows)
        if isinstance(found, LeftOut):
            left_out.append(found)
        elif found.kind == "date" and found.numbers is not None:
            dates.append((column.name, found.numbers))
        else:
            features.append(found)
    features += _of_dates(dates, spec.split.column)
    if not features:
        raise Unfit("--data", "no column is left to learn from", "Take columns out of ignore and monitoring_only")
    return Prepared(fraud, known, order, tuple(features), tuple(left_out), tuple(notes))


def _label(column: TableColumn, positive: str | None) -> tuple[Bools, Bools]:
    if column.codes is None:
        raise Unfit("label", f"{column.name} has thousands of different values", "Name the column of two values")
    words = column.words
    if len(words) != 2:  # noqa: PLR2004
        shown = ", ".join(words[:6]) + ("…" if len(words) > 6 else "")  # noqa: PLR2004
        fix = "It needs two: take rows of any other value out, or name another column"
        raise Unfit("label", f"{column.name} has {len(words)} different values ({shown or 'all are missing'})", fix)
    if positive is not None:
        same = [word for word in words if _same(word, positive)]
        if not same:
            raise Unfit("label.positive", f"{positive} is no value of {column.name}", f"Its values are {words}")
        chosen = same[0]
    else:
        low = [word.lower() for word in words]
        sure = [word for word, lower in zip(words, low, strict=True) if lower in _POSITIVE]
        if len(sure) != 1 or not any(lower in _NEGATIVE for lower in low):
            fix = f"Say which means fraud, e.g. label: {{column: {column.name}, positive: {words[1]}}}"
            raise Unfit("label", f"{column.name} has the values {words[0]} and {words[1]}", fix)
        chosen = sure[0]
    return column.codes == words.index(chosen), column.codes >= 0


def _same(word: str, told: str) -> bool:
    if word.lower() == told.lower():
        return True
    left, right = number(word), number(told)
    return left is not None and left == right


def point_in_time(text: str) -> float | None:
    """A time as a number: days since 1970 for a date, a number as it is."""
    found = day(text)
    return found if found is not None else number(text)


def _parses(column: TableColumn, parse: object) -> bool:
    return bool(column.words) and callable(parse) and all(parse(word) is not None for word in column.words)


def _times(column: TableColumn) -> Floats:
    if column.codes is not None:
        parse = day if _parses(column, day) else number
        odd = [word for word in column.words if parse(word) is None]
        if odd:
            dates = sum(day(word) is not None for word in column.words)
            fix = (
                "Write all as 2026-12-31 (or with a time), or all as numbers"
                if dates
                else "Name a column of dates or numbers"
            )
            raise Unfit("time", f"{column.name} holds {odd[0]!r}, which is no time", fix)
        places = np.array([*(parse(word) for word in column.words), np.nan], float)
        times = places[column.codes]
    elif column.numbers is not None and not column.odd:
        times = column.numbers
    else:
        raise Unfit("time", f"{column.name} holds texts that are no time", "Write all as 2026-12-31, or all as numbers")
    if np.isnan(times).any():
        row = int(np.flatnonzero(np.isnan(times))[0]) + 1
        raise Unfit("time", f"{column.name} is missing in row {row}", "Give each row its time, or take the row out")
    return times


def _group_numbers(column: TableColumn) -> Floats:
    if column.codes is not None:
        return column.codes.astype(float)
    if column.numbers is None:
        raise Unfit("group", f"{column.name} has too many different texts", "Name a column with fewer groups")
    return np.unique(column.numbers, return_inverse=True)[1].astype(float)


def _feature(column: TableColumn, kind: str | None, rows: int) -> Feature | LeftOut:
    if kind == "text":
        return LeftOut(column.name, "free text by the spec")
    if column.numbers is not None:
        if kind not in (None, "number", "date"):
            fix = "Leave its kind out"
            raise Unfit(f"columns.{column.name}", f"cannot be a {kind}: it has too many different values", fix)
        return _number(column.name, "date" if column.dates else "number", column.numbers, kind)
    if column.codes is None:
        return LeftOut(column.name, "free text: more than 200,000 different values")
    if len(column.words) < 1 + (column.codes >= 0).all():
        return LeftOut(column.name, "has one value" if column.words else "is empty")
    return _read(column, column.codes, kind) or _category(column, column.codes, kind, rows)


def _read(column: TableColumn, codes: Codes, kind: str | None) -> Feature | LeftOut | None:
    """The column as numbers or dates, if it is that by the spec or by nearly all that it holds."""
    for wanted, parse in (("number", number), ("date", day)):
        if kind not in (None, wanted):
            continue
        values = np.array([np.nan if (value := parse(word)) is None else value for word in column.words] + [np.nan])
        if np.isfinite(values[codes]).sum() >= _MOSTLY * (codes >= 0).sum():
            return _number(column.name, wanted, values[codes], kind)
        if kind == wanted:
            odd = next(word for word, value in zip(column.words, values, strict=False) if np.isnan(value))
            fix = "Say category, or mend the values"
            raise Unfit(f"columns.{column.name}", f"cannot be a {kind}: it holds {odd!r}", fix)
    return None


def _category(column: TableColumn, codes: Codes, kind: str | None, rows: int) -> Feature | LeftOut:
    name, words = column.name, column.words
    steps = ladder(words) if kind in (None, "ordered") else None
    if steps is not None:
        return Feature(name, name, "ordered", numbers=np.array([*steps, np.nan])[codes])
    if kind == "ordered":
        raise Unfit(f"columns.{name}", f"has no order that is known ({', '.join(words[:4])})", "Say category")
    if kind is None and len(words) > max(50, 0.5 * rows):
        return LeftOut(name, f"free text or an identifier: {len(words)} different values in {rows} rows")
    return Feature(name, name, "category", codes=codes, words=len(words))


def _number(name: str, read: str, values: Floats, kind: str | None) -> Feature | LeftOut:
    if kind is None and read == "number" and _is_row_number(values):
        return LeftOut(name, "a running number: it tells the place in the file (columns: number takes it in)")
    return Feature(name, name, read, numbers=values)


def _is_row_number(values: Floats) -> bool:
    return len(values) >= 50 and bool((np.diff(values) == 1).all())  # noqa: PLR2004


def _of_dates(dates: list[tuple[str, Floats]], time_column: str) -> list[Feature]:
    """Days between two dates, weekday and hour: a date itself does not come again."""
    found = []
    for name, days in dates[:_MOST_DATES]:
        weekday = np.floor(days + 3) % 7  # 1970-01-01 was a Thursday
        found.append(Feature(f"weekday of {name}", name, "number", numbers=weekday))
        hour = np.floor(days % 1 * 24 + 1e-6)
        if np.nanmax(hour, initial=0) > 0:
            found.append(Feature(f"hour of {name}", name, "number", numbers=hour))
    for (first, start), (second, end) in combinations(dates[:_MOST_DATES], 2):
        source = second if first == time_column else first
        found.append(Feature(f"days from {first} to {second}", source, "number", numbers=end - start))
    return found


def groups_of(column: TableColumn, rows: npt.NDArray[np.int64]) -> Words:
    """A monitoring column as words; numbers of many values as bands of about as many of ``rows`` each."""
    if column.codes is not None:
        numeric = [number(word) for word in column.words]
        if len(column.words) <= _MOST_GROUPS or any(value is None for value in numeric):
            return np.array([*column.words, "(missing)"])[column.codes[rows]]
        values = np.array([*numeric, np.nan], float)[column.codes[rows]]
    elif column.numbers is not None:
        values = column.numbers[rows]
    else:
        return np.full(len(rows), "(free text)")
    edges = np.unique(np.nanquantile(values, np.linspace(0, 1, 6)))
    band = np.searchsorted(edges[1:-1], values, side="right")
    names = [f"{low:g} to {high:g}" for low, high in pairwise(edges.tolist())] or [f"{edges[0]:g}"]
    return np.where(np.isnan(values), "(missing)", np.array(names)[band.clip(0, len(names) - 1)])
