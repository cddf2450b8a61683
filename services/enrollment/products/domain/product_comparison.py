"""What differs between two versions of a product, each term as a sentence in Chinese and English.

Both versions are written out as facts, one a term, in the order of the struct; what is compared is these facts. So a
new field of the terms is compared as soon as it exists.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from msgspec import Struct
from msgspec.structs import fields

from services.enrollment.products.domain.product_words import (
    LABELS,
    Words,
    answer_words,
    in_their_order,
    percent,
    plain,
    value_words,
)
from shared.events.products import (
    Exclusion,
    Liability,
    ProductPublished,
    Rating,
    RatingGrade,
    RatingQuestion,
    RefundStep,
    ScamCover,
    ScheduledItems,
)
from shared.values.scam_types import SCAM_NAMES

_NOT_COMPARED: Final = frozenset({"product_version"})


@dataclass(frozen=True, slots=True)
class Change:
    """One term that differs. ``term`` says where it stands, list entries by their codes."""

    term: str
    sentence: Words


@dataclass(frozen=True, slots=True)
class _Fact:
    term: str
    label: Words
    value: Words


def compare(before: ProductPublished, after: ProductPublished) -> tuple[Change, ...]:
    """Every term that ``after`` changes, adds or drops, in the order of the terms."""
    old = {fact.term: fact for fact in _facts(before, after.zone)}
    new = {fact.term: fact for fact in _facts(after, after.zone)}
    changes: list[Change] = []
    for term, fact in new.items():
        was = old.get(term)
        if was is None:
            changes.append(Change(term, _added(fact)))
        elif was.value != fact.value:
            changes.append(Change(term, _changed(was, fact)))
    changes += [Change(term, _dropped(fact)) for term, fact in old.items() if term not in new]
    return tuple(changes)


def _added(fact: _Fact) -> Words:
    return Words(f"新增{fact.label.zh}:{_bare(fact.value.zh)}。", f"New: {fact.label.en}: {_bare(fact.value.en)}.")


def _changed(was: _Fact, fact: _Fact) -> Words:
    zh = f"{fact.label.zh}:由“{_bare(was.value.zh)}”改为“{_bare(fact.value.zh)}”。"
    return Words(zh, f"{_capital(fact.label.en)}: from “{_bare(was.value.en)}” to “{_bare(fact.value.en)}”.")


def _dropped(fact: _Fact) -> Words:
    zh = f"取消{fact.label.zh}(原为:{_bare(fact.value.zh)})。"
    return Words(zh, f"Dropped: {fact.label.en} (it was: {_bare(fact.value.en)}).")


def _bare(text: str) -> str:
    return text.rstrip("。.")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _facts(of: Struct, zone: str, term: str = "", within: Words | None = None) -> Iterable[_Fact]:
    """The facts of a struct's fields; ``within`` is said before each label of something nested."""
    for field in fields(of):
        its_own_key = field.name == "code" and isinstance(of, Liability)
        if field.name not in _NOT_COMPARED and not its_own_key:
            label = _inside(within, LABELS.get(field.name, Words(field.name, field.name)))
            yield from _of_value(field.name, getattr(of, field.name), zone, f"{term}/{field.name}".lstrip("/"), label)


def _of_value(name: str, value: object, zone: str, term: str, label: Words) -> Iterable[_Fact]:
    match value:
        case list() if value and isinstance(value[0], Struct):
            for entry in value:
                yield from _of_entry(entry, zone, term, label)
        case list() if name not in {"territory", "required_evidence"}:
            return
        case dict():
            for code, entry in in_their_order(value):
                yield _of_code(name, code, entry, f"{term}/{code}", label)
        case Rating():
            yield from _of_value("questions", value.questions, zone, f"{term}/questions", LABELS["questions"])
            yield from _of_value("grades", value.grades, zone, f"{term}/grades", LABELS["grades"])
        case ScheduledItems():
            yield from _facts(value, zone, term, label)
        case None if name in {"rating", "scheduled_items"}:
            return
        case _:
            yield _Fact(term, label, value_words(name, value, zone))


def _of_entry(entry: object, zone: str, term: str, label: Words) -> Iterable[_Fact]:
    match entry:
        case Exclusion():
            yield _Fact(f"{term}/{entry.code}", _named(label, entry.code), Words(entry.text_zh, entry.text_en))
        case Liability():
            named = Words(f"{label.zh}“{entry.name_zh}”", f"{label.en} “{entry.name_en}”")
            yield from _facts(entry, zone, f"{term}/{entry.code}", named)
        case RatingQuestion():
            named = _named(label, entry.code)
            yield _Fact(f"{term}/{entry.code}", named, Words(entry.text_zh, entry.text_en))
            yield from _of_answers(entry, f"{term}/{entry.code}", named)
        case RatingGrade():
            yield _Fact(f"{term}/{entry.grade}", _named(label, entry.grade), _grade(entry))
        case RefundStep():
            said = Words(f"第 {entry.from_day} 天起的{label.zh}", f"{label.en} from day {entry.from_day} on")
            yield _Fact(f"{term}/{entry.from_day}", said, percent(entry.refund_percent))
        case _:
            raise TypeError(type(entry).__name__)


def _of_answers(question: RatingQuestion, term: str, label: Words) -> Iterable[_Fact]:
    """What an answer is called, and its points; of an answer without a text its code is read."""
    points, text = _inside(label, LABELS["points"]), _inside(label, LABELS["answers"])
    for code, worth in sorted(question.points.items()):
        said = answer_words(question, code)
        yield _Fact(f"{term}/points/{code}", Words(f"{points.zh}“{said.zh}”", f"{points.en} “{said.en}”"), plain(worth))
    for code in sorted(question.answers):
        yield _Fact(f"{term}/answers/{code}", _named(text, code), answer_words(question, code))


def _of_code(name: str, code: str, value: object, term: str, label: Words) -> _Fact:
    if isinstance(value, ScamCover):
        treated = value_words("cover", value.cover, "")
        if value.limit_fen is not None:
            limit = value_words("limit_fen", value.limit_fen, "")
            treated = Words(f"承保,限额 {limit.zh}", f"covered up to {limit.en}")
        names = SCAM_NAMES.get(code, (code, code))
        return _Fact(term, Words(f"{label.zh}“{names[0]}”", f"{label.en} “{names[1]}”"), treated)
    return _Fact(term, _named(label, code), value_words(name, value, ""))


def _grade(grade: RatingGrade) -> Words:
    if grade.rate_percent is None:
        return Words(f"{grade.from_points} 分起,不予承保", f"from {grade.from_points} points on, not insurable")
    rate = percent(grade.rate_percent)
    return Words(
        f"{grade.from_points} 分起,按保费的 {rate.zh} 收取",
        f"from {grade.from_points} points on, {rate.en} of the premium",
    )


def _named(label: Words, code: str) -> Words:
    return Words(f"{label.zh} {code}", f"{label.en} {code}")


def _inside(within: Words | None, label: Words) -> Words:
    return label if within is None else Words(f"{within.zh}的{label.zh}", f"{within.en}, {label.en}")
