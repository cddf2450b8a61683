"""Which ages a product covers. Pure."""

from __future__ import annotations

from datetime import date
from typing import Final

from shared.events.products import ProductPublished

EVERY_AGE: Final = (0, 150)
"""The age range of a product that asks nobody how old they are."""


def asks_age(terms: ProductPublished) -> bool:
    return (terms.age_min, terms.age_max) != EVERY_AGE


def age_fits(born: date, first_day: date, terms: ProductPublished) -> bool:
    """Whether the product covers a person born then whose cover begins on ``first_day``."""
    age = first_day.year - born.year - ((first_day.month, first_day.day) < (born.month, born.day))
    return terms.age_min <= age <= terms.age_max
