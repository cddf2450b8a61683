"""What may be wrong with the single terms of a product: words, numbers, spans of time, lists. One function a group.

Liabilities and rating have their own modules; which of these are asked, and in which order, says products.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from zoneinfo import available_timezones

from services.enrollment.products.domain.ages import asks_age
from services.enrollment.products.domain.product_limits import (
    FIRST_MOMENT,
    LAST_MOMENT,
    LONGEST_DAYS,
    LONGEST_HOURS,
    LONGEST_NAME,
    LONGEST_TERM,
    LONGEST_TEXT,
    MOST_EVIDENCE_KINDS,
    MOST_EXCLUSIONS,
    MOST_FEN,
    MOST_REFUND_STEPS,
)
from services.enrollment.products.domain.territories import TERRITORIES
from shared.events.products import Exclusion, ProductPublished
from shared.values import slugs
from shared.values.errors import InvalidField
from shared.values.evidence_kinds import EVIDENCE_KINDS

_SLUG: Final = re.compile(slugs.TERMS_CODE)
_PRODUCT_CODE: Final = re.compile(slugs.PRODUCT_CODE)
_RANGES: Final[tuple[tuple[str, int, int], ...]] = (
    ("premium_fen", 0, MOST_FEN),
    ("term_days", 1, LONGEST_TERM),
    ("event_limit_fen", 1, MOST_FEN),
    ("annual_limit_fen", 1, MOST_FEN),
    ("event_deductible_fen", 0, MOST_FEN),
    ("annual_deductible_fen", 0, MOST_FEN),
    ("pay_percent", 1, 100),
    ("waiting_days", 0, LONGEST_DAYS),
    ("look_back_hours", 1, LONGEST_HOURS),
    ("report_within_hours", 1, LONGEST_HOURS),
    ("recovery_wait_days", 0, LONGEST_DAYS),
    ("age_min", 0, 150),
    ("age_max", 0, 150),
    ("tax_basis_points", 0, 10_000),
    ("retroactive_days", 0, LONGEST_DAYS),
    ("extended_reporting_days", 0, LONGEST_DAYS),
)


def word_faults(terms: ProductPublished) -> Iterable[InvalidField]:
    """Codes that are none, names that are empty, and where and in which money the product is sold."""
    if not _PRODUCT_CODE.fullmatch(terms.product_code):
        yield InvalidField("/product_code", "This is no code of a product.", "Send small letters, digits and hyphens.")
    yield from code_faults([terms.line_of_business], "/line_of_business", numbered=False)
    yield from name_faults(terms.name_zh, terms.name_en, "")
    if terms.currency != "CNY":
        yield InvalidField("/currency", "Cover is sold in yuan alone.", "Send CNY.")
    # Names of one word are old ones, or mean the zone of the machine that reads them.
    if "/" not in terms.zone or terms.zone not in available_timezones():
        yield InvalidField("/zone", "This is no time zone.", "Send an IANA name, e.g. Asia/Shanghai.")
    for place, code in enumerate(terms.territory):
        if code not in TERRITORIES:
            yield InvalidField(
                f"/territory/{place}", "This is no territory.", "Send ISO 3166-1 codes of two letters, e.g. CN."
            )
        elif code in terms.territory[:place]:
            yield InvalidField(f"/territory/{place}", "The territory stands here twice.", "Name it once.")


def number_faults(terms: ProductPublished) -> Iterable[InvalidField]:
    """Numbers out of their range, and those that contradict each other."""
    for name, least, most in _RANGES:
        yield from range_faults(getattr(terms, name), least, most, f"/{name}")
    yield from limit_faults(terms.event_limit_fen, terms.annual_limit_fen, terms.event_deductible_fen, "")
    if terms.annual_deductible_fen >= terms.annual_limit_fen:
        yield InvalidField(
            "/annual_deductible_fen", "The year's deductible leaves nothing to pay.", "Send less than annual_limit_fen."
        )
    if terms.age_max < terms.age_min:
        yield InvalidField("/age_max", "The age range is empty.", "Send at least age_min.")
    if terms.insured_kind == "organization" and asks_age(terms):
        yield InvalidField("/age_min", "An organization has no age.", "Send age_min 0 and age_max 150.")
    if terms.waiting_days >= terms.term_days:
        yield InvalidField("/waiting_days", "The waiting period fills the whole term.", "Send less than term_days.")


def period_faults(terms: ProductPublished) -> Iterable[InvalidField]:
    for name in ("effective_from", "effective_to"):
        moment = getattr(terms, name)
        if moment is not None and not FIRST_MOMENT <= moment < LAST_MOMENT:
            yield InvalidField(
                f"/{name}", "No cover is sold then.", f"Send a time from {FIRST_MOMENT.year} to {LAST_MOMENT.year - 1}."
            )
    if terms.effective_to is not None and terms.effective_to <= terms.effective_from:
        yield InvalidField("/effective_to", "The version ends before it begins.", "Send a time after effective_from.")


def claims_made_faults(terms: ProductPublished) -> Iterable[InvalidField]:
    if terms.trigger == "claims_made":
        return
    for name in ("retroactive_days", "extended_reporting_days"):
        if getattr(terms, name) != 0:
            yield InvalidField(
                f"/{name}", "This stands with the trigger claims_made alone.", "Leave it out, or change trigger."
            )


def refund_faults(terms: ProductPublished) -> Iterable[InvalidField]:
    """A table that does not begin with the first day, is out of order, or pays more to who waits longer."""
    table = terms.refund_table
    yield from count_faults(len(table), MOST_REFUND_STEPS, "/refund_table")
    if table and table[0].from_day != 0:
        yield InvalidField("/refund_table/0/from_day", "The first days are missing.", "Begin with from_day 0.")
    for place, step in enumerate(table):
        pointer = f"/refund_table/{place}"
        yield from range_faults(step.refund_percent, 0, 100, f"{pointer}/refund_percent")
        yield from range_faults(step.from_day, 0, terms.term_days - 1, f"{pointer}/from_day")
        if place and step.from_day <= table[place - 1].from_day:
            yield InvalidField(f"{pointer}/from_day", "The days are out of order.", "Send rising days.")
        if place and step.refund_percent > table[place - 1].refund_percent:
            yield InvalidField(
                f"{pointer}/refund_percent", "A later day gives back more.", "Send at most the percentage before."
            )


def limit_faults(event_limit: int, annual_limit: int, deductible: int, pointer: str) -> Iterable[InvalidField]:
    """Of a product (``pointer`` is empty) or of one of its liabilities."""
    if event_limit > annual_limit:
        yield InvalidField(
            f"{pointer}/event_limit_fen", "One event's limit is above the year's.", "Send at most annual_limit_fen."
        )
    if deductible >= event_limit:
        yield InvalidField(
            f"{pointer}/event_deductible_fen",
            "The deductible leaves nothing to pay.",
            "Send less than event_limit_fen.",
        )


def range_faults(value: int, least: int, most: int, pointer: str) -> Iterable[InvalidField]:
    if not least <= value <= most:
        yield InvalidField(pointer, "The number is out of its range.", f"Send {least} to {most}.")


def count_faults(count: int, most: int, pointer: str) -> Iterable[InvalidField]:
    if count > most:
        yield InvalidField(pointer, "There are too many of them.", f"Send {most} or fewer.")


def evidence_faults(kinds: Sequence[str], pointer: str) -> Iterable[InvalidField]:
    yield from count_faults(len(kinds), MOST_EVIDENCE_KINDS, pointer)
    for kind in kinds:
        if kind not in EVIDENCE_KINDS:
            yield InvalidField(pointer, f"{kind!r} is no kind of evidence.", f"Use {', '.join(EVIDENCE_KINDS)}.")


def exclusion_faults(exclusions: Sequence[Exclusion], pointer: str) -> Iterable[InvalidField]:
    yield from count_faults(len(exclusions), MOST_EXCLUSIONS, pointer)
    yield from code_faults([each.code for each in exclusions], pointer)
    for place, each in enumerate(exclusions):
        texts = {f"{pointer}/{place}/text_zh": each.text_zh, f"{pointer}/{place}/text_en": each.text_en}
        yield from text_faults(texts)


def code_faults(codes: Sequence[str], pointer: str, *, numbered: bool = True) -> Iterable[InvalidField]:
    """Codes that are none or stand twice in one list."""
    for place, code in enumerate(codes):
        at = f"{pointer}/{place}/code" if numbered else pointer
        if not _SLUG.fullmatch(code):
            yield InvalidField(at, "This is no code.", "Send small letters, digits and underscores, a letter first.")
        elif code in codes[:place]:
            yield InvalidField(at, "Another one has this code.", "Give each a code of its own.")


def name_faults(name_zh: str, name_en: str, pointer: str) -> Iterable[InvalidField]:
    """Of a product (``pointer`` is empty), or of something in it."""
    yield from text_faults({f"{pointer}/name_zh": name_zh, f"{pointer}/name_en": name_en}, longest=LONGEST_NAME)


def text_faults(texts: Mapping[str, str], *, longest: int = LONGEST_TEXT) -> Iterable[InvalidField]:
    """Texts by their pointers: customers read them, so both languages must say something."""
    for pointer, text in texts.items():
        if not text.strip():
            yield InvalidField(pointer, "The text is empty.", "Write it for the customer, in Chinese and in English.")
        elif len(text) > longest:
            yield InvalidField(pointer, "The text is too long.", f"Use at most {longest} characters.")
