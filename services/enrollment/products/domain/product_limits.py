"""How long, how many and how large the terms of a product may be: what a file, a draft and a reply are all held to.

A version that is stored is shown for ever: what one of them would accept and another one refuse could never be shown.
So HTTP's models are made from this table (api/product_models). Which terms contradict each other, other modules say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

import msgspec
from msgspec import Meta

from services.enrollment.products.domain.territories import TERRITORIES
from shared.values import slugs
from shared.values.errors import InvalidField

LONGEST_NAME: Final = 120
_MOST_FEN: Final = 1_000_000_000_000
"""Ten billion yuan: above any cover, far below what a bigint holds."""
_MOST_QUESTIONS: Final = 100
_MOST_POINTS: Final = 1000

_FEN: Final = "An amount in fen, the hundredth of a yuan."
_AMOUNT: Final = Meta(ge=0, le=_MOST_FEN, description=_FEN)
_LIMIT: Final = Meta(gt=0, le=_MOST_FEN, description=_FEN)
_PERCENT: Final = Meta(ge=1, le=100)
_AGE: Final = Meta(ge=0, le=150)
_DAYS: Final = Meta(ge=0, le=3660)
_HOURS: Final = Meta(ge=1, le=87_600)
"""Ten years each: longer terms are another kind of insurance."""
_CODE: Final = Meta(pattern=f"^{slugs.TERMS_CODE}$")
_NAME: Final = Meta(min_length=1, max_length=LONGEST_NAME)
_TEXT: Final = Meta(min_length=1, max_length=1000)
"""Half a page."""

LIMITS: Final[Mapping[str, Meta]] = MappingProxyType(
    {
        "*": _CODE,
        "code": _CODE,
        "line_of_business": _CODE,
        "name_zh": _NAME,
        "name_en": _NAME,
        "text_zh": _TEXT,
        "text_en": _TEXT,
        "zone": Meta(pattern="^[A-Za-z][A-Za-z0-9_+/-]{1,63}$"),
        "premium_fen": _AMOUNT,
        "tax_basis_points": Meta(ge=0, le=10_000),
        # What a year allows (annual limit, annual deductible) is counted for each policy, so a term is no longer.
        "term_days": Meta(ge=1, le=366),
        "limit_fen": _LIMIT,
        "event_limit_fen": _LIMIT,
        "annual_limit_fen": _LIMIT,
        "event_deductible_fen": _AMOUNT,
        "annual_deductible_fen": _AMOUNT,
        "pay_percent": _PERCENT,
        "waiting_days": _DAYS,
        "look_back_hours": _HOURS,
        "report_within_hours": _HOURS,
        "recovery_wait_days": _DAYS,
        "age_min": _AGE,
        "age_max": _AGE,
        "territory": Meta(max_length=len(TERRITORIES)),
        "territory/*": Meta(pattern="^[A-Z]{2}$"),
        "retroactive_days": _DAYS,
        "extended_reporting_days": _DAYS,
        "required_evidence": Meta(max_length=20),
        "required_evidence/*": _CODE,
        "exclusions": Meta(max_length=100),
        "scam_types": Meta(max_length=50),
        "liabilities": Meta(max_length=50),
        "questions": Meta(min_length=1, max_length=_MOST_QUESTIONS),
        "points": Meta(min_length=2, max_length=50),
        "points/*": Meta(ge=-_MOST_POINTS, le=_MOST_POINTS),
        "answers": Meta(max_length=50),
        "grades": Meta(min_length=1, max_length=50),
        "grade": Meta(min_length=1, max_length=20),
        "from_points": Meta(ge=-_MOST_QUESTIONS * _MOST_POINTS, le=_MOST_QUESTIONS * _MOST_POINTS),
        # A risk that costs more than ten times the usual one is one that nobody should insure.
        "rate_percent": Meta(ge=1, le=1000),
        "most": Meta(ge=1, le=1000),
        "premium_fen_each": _AMOUNT,
        "refund_table": Meta(max_length=50),
        "from_day": _DAYS,
        "refund_percent": Meta(ge=0, le=100),
        "clauses": Meta(max_length=100),
        "clauses/*": Meta(min_length=1, max_length=40),
    }
)
"""By the names of the terms, which mean the same wherever they stand; ``points/*`` are the entries of ``points``, ``*``
the keys of any object.
"""
_NONE: Final = Meta()

FIRST_MOMENT: Final = datetime(1900, 1, 1, tzinfo=UTC)
LAST_MOMENT: Final = datetime(2200, 1, 1, tzinfo=UTC)
"""What insurance speaks of; at the ends of the calendar a mere change of zone overflows."""


def size_faults(terms: msgspec.Struct, pointer: str = "") -> Iterable[InvalidField]:
    """Numbers out of their range, texts that are empty or too long, codes that are none or stand twice in one list, and
    too many of something; in nested terms too. What is too few is said by who knows what is missing.
    """
    for name in terms.__struct_fields__:
        yield from _faults(getattr(terms, name), name, f"{pointer}/{name}")


def _faults(term: object, name: str, pointer: str) -> Iterable[InvalidField]:
    limit = LIMITS.get(name, _NONE)
    match term:
        case msgspec.Struct():
            yield from size_faults(term, pointer)
        case int():
            yield from _number_faults(term, limit, pointer)
        case str():
            yield from _text_faults(term, limit, pointer)
        case list() | dict():
            if limit.max_length is not None and len(term) > limit.max_length:
                yield InvalidField(pointer, "There are too many of them.", f"Send {limit.max_length} or fewer.")
            known = set()
            for key, each in term.items() if isinstance(term, dict) else enumerate(term):
                if isinstance(key, str):
                    yield from _faults(key, "*", f"{pointer}/{key}")
                yield from _faults(each, f"{name}/*", f"{pointer}/{key}")
                code = getattr(each, "code", key)
                if code in known:
                    at = f"{pointer}/{key}/code"
                    yield InvalidField(at, "Another one has this code.", "Give each a code of its own.")
                known.add(code)
        case _:
            pass


def _number_faults(number: int, limit: Meta, pointer: str) -> Iterable[InvalidField]:
    least, most = limit.ge if limit.gt is None else limit.gt + 1, limit.le
    if least is not None and most is not None and not least <= number <= most:
        yield InvalidField(pointer, "The number is out of its range.", f"Send {least} to {most}.")


def _text_faults(text: str, limit: Meta, pointer: str) -> Iterable[InvalidField]:
    """Customers read them, so both languages must say something."""
    if limit is _CODE and not re.fullmatch(slugs.TERMS_CODE, text):
        yield InvalidField(pointer, "This is no code.", "Send small letters, digits and underscores, a letter first.")
    if limit.max_length is not None and not text.strip():
        yield InvalidField(pointer, "The text is empty.", "Write it for the customer, in Chinese and in English.")
    elif limit.max_length is not None and len(text) > limit.max_length:
        yield InvalidField(pointer, "The text is too long.", f"Use at most {limit.max_length} characters.")
