"""What may be wrong with a product's questions, its table of grades, and what it lists one by one."""

from __future__ import annotations

from collections.abc import Iterable

from services.enrollment.products.domain.product_limits import (
    HIGHEST_RATE,
    LONGEST_GRADE,
    MOST_ANSWERS,
    MOST_FEN,
    MOST_GRADES,
    MOST_ITEMS,
    MOST_POINTS,
    MOST_POINTS_TOGETHER,
    MOST_QUESTIONS,
)
from services.enrollment.products.domain.product_terms import (
    code_faults,
    count_faults,
    name_faults,
    range_faults,
    text_faults,
)
from shared.events.products import ProductPublished, Rating, RatingQuestion
from shared.values.errors import InvalidField


def rating_faults(terms: ProductPublished) -> Iterable[InvalidField]:
    """A rating that leaves a risk without a grade, or has grades that no risk can reach."""
    rating = terms.rating
    if rating is None:
        return
    yield from _question_faults(rating)
    yield from _grade_faults(rating)


def _question_faults(rating: Rating) -> Iterable[InvalidField]:
    if not rating.questions:
        yield InvalidField("/rating/questions", "There is no question.", "Ask one, or leave rating out.")
    yield from count_faults(len(rating.questions), MOST_QUESTIONS, "/rating/questions")
    yield from code_faults([each.code for each in rating.questions], "/rating/questions")
    for place, question in enumerate(rating.questions):
        pointer = f"/rating/questions/{place}"
        yield from text_faults({f"{pointer}/text_zh": question.text_zh, f"{pointer}/text_en": question.text_en})
        if len(question.points) < 2:  # noqa: PLR2004  # a question with one answer asks nothing
            yield InvalidField(f"{pointer}/points", "The question has no choice of answers.", "Give two or more.")
        yield from count_faults(len(question.points), MOST_ANSWERS, f"{pointer}/points")
        for answer, points in question.points.items():
            yield from code_faults([answer], f"{pointer}/points/{answer}", numbered=False)
            yield from range_faults(points, -MOST_POINTS, MOST_POINTS, f"{pointer}/points/{answer}")
        yield from _answer_faults(question, f"{pointer}/answers")


def _answer_faults(question: RatingQuestion, pointer: str) -> Iterable[InvalidField]:
    """Texts of some answers only, or of what is none; a question may leave all of them out."""
    if not question.answers:
        return
    for code in sorted(question.points.keys() - question.answers.keys()):
        yield InvalidField(f"{pointer}/{code}", "This answer has no text.", "Give all answers a text, or none.")
    for code, answer in question.answers.items():
        if code not in question.points:
            yield InvalidField(f"{pointer}/{code}", "There is no such answer.", "Remove it, or give it points.")
        yield from text_faults(
            {f"{pointer}/{code}/text_zh": answer.text_zh, f"{pointer}/{code}/text_en": answer.text_en}
        )


def _grade_faults(rating: Rating) -> Iterable[InvalidField]:
    fewest = sum(min(each.points.values(), default=0) for each in rating.questions)
    most = sum(max(each.points.values(), default=0) for each in rating.questions)
    grades = rating.grades
    yield from count_faults(len(grades), MOST_GRADES, "/rating/grades")
    if not grades or grades[0].from_points > fewest:
        yield InvalidField(
            "/rating/grades", "The best answers reach no grade.", f"Begin with a grade from {fewest} points or fewer."
        )
    if grades and all(grade.rate_percent is None for grade in grades):
        yield InvalidField("/rating/grades", "No risk is insurable.", "Give one grade a rate_percent.")
    for place, grade in enumerate(grades):
        pointer = f"/rating/grades/{place}"
        if not grade.grade.strip() or grade.grade in [each.grade for each in grades[:place]]:
            yield InvalidField(f"{pointer}/grade", "The grade has no name of its own.", "Give each grade its name.")
        elif len(grade.grade) > LONGEST_GRADE:
            yield InvalidField(f"{pointer}/grade", "The name is too long.", f"Use at most {LONGEST_GRADE} characters.")
        yield from range_faults(
            grade.from_points, -MOST_POINTS_TOGETHER, MOST_POINTS_TOGETHER, f"{pointer}/from_points"
        )
        if grade.rate_percent is not None:
            yield from range_faults(grade.rate_percent, 1, HIGHEST_RATE, f"{pointer}/rate_percent")
        if place and grade.from_points <= grades[place - 1].from_points:
            yield InvalidField(f"{pointer}/from_points", "The grades are out of order.", "Send rising points.")
        elif place and grade.from_points <= fewest:
            yield InvalidField(
                f"{pointer}/from_points", "No answers reach the grade before it.", f"Send more than {fewest}."
            )
        elif grade.from_points > most:
            yield InvalidField(f"{pointer}/from_points", "No answers reach this grade.", f"Send at most {most}.")


def item_faults(terms: ProductPublished) -> Iterable[InvalidField]:
    items = terms.scheduled_items
    if items is None:
        return
    yield from code_faults([items.code], "/scheduled_items/code", numbered=False)
    yield from name_faults(items.name_zh, items.name_en, "/scheduled_items")
    yield from range_faults(items.most, 1, MOST_ITEMS, "/scheduled_items/most")
    yield from range_faults(items.premium_fen_each, 0, MOST_FEN, "/scheduled_items/premium_fen_each")
