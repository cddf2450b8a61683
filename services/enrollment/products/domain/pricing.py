"""What cover costs: terms, answers and scheduled items to a premium with its parts. Whole fen, rounded once.

The premium is ``(premium_fen + items x premium_fen_each) x rate_percent / 100``, half a fen up. A product without
rating has the rate 100. What of the premium is tax says compensation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from services.enrollment.products.domain.compensation import tax_in
from services.enrollment.products.domain.errors import NotInsurable
from services.enrollment.products.domain.product_words import Words
from shared.events.products import ProductPublished, Rating, RatingQuestion
from shared.values.errors import InvalidField, InvalidFields
from shared.values.money import Fen

USUAL_RATE: Final = 100

_PERSONAL_NUMBER: Final = re.compile(r"(?<![0-9A-Za-z])([0-9]{17}[0-9Xx]|1[3-9][0-9]{9})(?![0-9A-Za-z])")


class Item(msgspec.Struct, frozen=True):
    """One thing that a policy lists, e.g. a deployed model. ``reference`` is the holder's own word for it."""

    reference: str
    name: str


@dataclass(frozen=True, slots=True)
class Risk:
    """What is told of a risk: the answers to the product's questions, and what the policy is to list."""

    answers: Mapping[str, str] = field(default_factory=dict)
    items: Sequence[Item] = ()


NOTHING_TOLD: Final = Risk()


@dataclass(frozen=True, slots=True)
class Price:
    """A premium and how it came about. ``points`` and ``grade`` are None where the product asks nothing."""

    base: Fen
    items: Fen
    """Of all scheduled items together, before the rate."""
    points: int | None
    grade: str | None
    rate_percent: int
    premium: Fen
    tax: Fen
    """Contained in the premium."""


def price(terms: ProductPublished, risk: Risk = NOTHING_TOLD) -> Price:
    """What cover for one term costs.

    Raises:
        InvalidFields: an answer or an item is missing, unknown, or not asked for; pointers as in a request's body.
        NotInsurable: the risk has a grade that the product does not insure.
    """
    faults = (*_answer_faults(terms, risk.answers), *_item_faults(terms, risk.items))
    if faults:
        raise InvalidFields(faults)
    points, grade, rate = _graded(terms.rating, risk.answers)
    each = terms.scheduled_items.premium_fen_each if terms.scheduled_items else 0
    items = each * len(risk.items)
    premium = _rated(terms.premium_fen + items, rate)
    return Price(
        base=Fen(terms.premium_fen),
        items=Fen(items),
        points=points,
        grade=grade,
        rate_percent=rate,
        premium=premium,
        tax=tax_in(premium, terms.tax_basis_points),
    )


def lowest_premium(terms: ProductPublished) -> Fen:
    """What the best risk that the product insures pays, with one item where it lists any."""
    rates = [each.rate_percent for each in terms.rating.grades] if terms.rating else [USUAL_RATE]
    rate = min(rate for rate in rates if rate is not None)
    item = terms.scheduled_items.premium_fen_each if terms.scheduled_items else 0
    return _rated(terms.premium_fen + item, rate)


@dataclass(frozen=True, slots=True)
class PricedPart:
    """One part of a premium, in fen, and what it is for."""

    code: str
    words: Words
    amount: Fen


def parts(terms: ProductPublished, priced: Price) -> tuple[PricedPart, ...]:
    """How the premium comes about, in parts that sum up to it; the grade's may be below zero."""
    found = [PricedPart("base", Words("基础保费", "basic premium"), priced.base)]
    if terms.scheduled_items is not None:
        names = terms.scheduled_items.name_zh, terms.scheduled_items.name_en
        found.append(PricedPart("scheduled_items", Words(f"清单项目:{names[0]}", f"items: {names[1]}"), priced.items))
    if priced.grade is not None:
        words = Words(
            f"风险等级 {priced.grade}:{priced.rate_percent}%", f"grade {priced.grade}: {priced.rate_percent} %"
        )
        found.append(PricedPart("grade", words, Fen(priced.premium - priced.base - priced.items)))
    return tuple(found)


def by_points(question: RatingQuestion) -> list[str]:
    """The answers from the best to the worst; the database keeps no order of them."""
    return sorted(question.points, key=lambda answer: (question.points[answer], answer))


def _rated(amount: int, rate_percent: int) -> Fen:
    return Fen((amount * rate_percent + USUAL_RATE // 2) // USUAL_RATE)


def _graded(rating: Rating | None, answers: Mapping[str, str]) -> tuple[int | None, str | None, int]:
    if rating is None:
        return None, None, USUAL_RATE
    points = sum(question.points[answers[question.code]] for question in rating.questions)
    reached = [grade for grade in rating.grades if grade.from_points <= points][-1]
    if reached.rate_percent is None:
        raise NotInsurable(reached.grade)
    return points, reached.grade, reached.rate_percent


def _answer_faults(terms: ProductPublished, answers: Mapping[str, str]) -> Iterable[InvalidField]:
    questions = {each.code: each for each in terms.rating.questions} if terms.rating else {}
    if answers and not questions:
        yield InvalidField("/answers", "This product asks nothing of a risk.", "Leave it out.")
        return
    for code, question in questions.items():
        choices = ", ".join(by_points(question))
        if code not in answers:
            yield InvalidField(f"/answers/{code}", "The question is not answered.", f"Answer one of {choices}.")
        elif answers[code] not in question.points:
            yield InvalidField(f"/answers/{code}", "This is none of the answers.", f"Answer one of {choices}.")
    for code in answers:
        if code not in questions:
            yield InvalidField(f"/answers/{code}", "There is no such question.", f"Answer {', '.join(questions)}.")


def _item_faults(terms: ProductPublished, items: Sequence[Item]) -> Iterable[InvalidField]:
    listed = terms.scheduled_items
    if listed is None:
        if items:
            yield InvalidField("/scheduled_items", "This product lists nothing one by one.", "Leave it out.")
        return
    if not 1 <= len(items) <= listed.most:
        yield InvalidField(
            "/scheduled_items",
            f"A policy lists 1 to {listed.most} of {listed.name_en}.",
            "Send each with its reference and its name.",
        )
    for place, item in enumerate(items):
        yield from personal_faults(item, f"/scheduled_items/{place}")
    references = [item.reference for item in items]
    for place, reference in enumerate(references):
        if reference in references[:place]:
            yield InvalidField(
                f"/scheduled_items/{place}/reference", "Another item has this reference.", "Give each its own."
            )


def personal_faults(item: Item, pointer: str) -> Iterable[InvalidField]:
    """What of the item at ``pointer`` may not be stored in clear, nor published."""
    for named, text in (("reference", item.reference), ("name", item.name)):
        if _PERSONAL_NUMBER.search(text):
            yield InvalidField(
                f"{pointer}/{named}",
                "This holds what looks like a phone or identity number, and items are stored in clear.",
                "Leave the number out.",
            )
