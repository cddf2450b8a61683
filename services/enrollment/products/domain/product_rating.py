"""What may be wrong with a product's questions and with its table of grades."""

from __future__ import annotations

from collections.abc import Iterable

from services.enrollment.products.domain.product_limits import LIMITS
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
    for place, question in enumerate(rating.questions):
        pointer = f"/rating/questions/{place}"
        if len(question.points) < (LIMITS["points"].min_length or 0):
            yield InvalidField(f"{pointer}/points", "The question has no choice of answers.", "Give two or more.")
        yield from _answer_faults(question, f"{pointer}/answers")


def _answer_faults(question: RatingQuestion, pointer: str) -> Iterable[InvalidField]:
    """Texts of some answers only, or of what is none; a question may leave all of them out."""
    if not question.answers:
        return
    for code in sorted(question.points.keys() - question.answers.keys()):
        yield InvalidField(f"{pointer}/{code}", "This answer has no text.", "Give all answers a text, or none.")
    for code in question.answers:
        if code not in question.points:
            yield InvalidField(f"{pointer}/{code}", "There is no such answer.", "Remove it, or give it points.")


def _grade_faults(rating: Rating) -> Iterable[InvalidField]:
    fewest = sum(min(each.points.values(), default=0) for each in rating.questions)
    most = sum(max(each.points.values(), default=0) for each in rating.questions)
    grades = rating.grades
    if not grades or grades[0].from_points > fewest:
        yield InvalidField(
            "/rating/grades", "The best answers reach no grade.", f"Begin with a grade from {fewest} points or fewer."
        )
    if grades and all(grade.rate_percent is None for grade in grades):
        yield InvalidField("/rating/grades", "No risk is insurable.", "Give one grade a rate_percent.")
    for place, grade in enumerate(grades):
        pointer = f"/rating/grades/{place}"
        if grade.grade in [each.grade for each in grades[:place]]:
            yield InvalidField(f"{pointer}/grade", "The grade has no name of its own.", "Give each grade its name.")
        if place and grade.from_points <= grades[place - 1].from_points:
            yield InvalidField(f"{pointer}/from_points", "The grades are out of order.", "Send rising points.")
        elif place and grade.from_points <= fewest:
            yield InvalidField(
                f"{pointer}/from_points", "No answers reach the grade before it.", f"Send more than {fewest}."
            )
        elif grade.from_points > most:
            yield InvalidField(f"{pointer}/from_points", "No answers reach this grade.", f"Send at most {most}.")
