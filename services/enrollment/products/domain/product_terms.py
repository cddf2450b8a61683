"""What may be wrong with the single terms of a product: words, numbers, spans of time, lists. One function a group.

How large each may be is product_limits' to say. Liabilities and rating have modules of their own; products asks all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final
from zoneinfo import available_timezones

from services.enrollment.products.domain.ages import asks_age
from services.enrollment.products.domain.product_limits import FIRST_MOMENT, LAST_MOMENT
from services.enrollment.products.domain.territories import TERRITORIES
from shared.events.products import ProductPublished
from shared.values import slugs
from shared.values.errors import InvalidField
from shared.values.evidence_kinds import EVIDENCE_KINDS

_PRODUCT_CODE: Final = re.compile(slugs.PRODUCT_CODE)


def word_faults(terms: ProductPublished) -> Iterable[InvalidField]:
    """What the product is called, and where and in which money it is sold."""
    if not _PRODUCT_CODE.fullmatch(terms.product_code):
        yield InvalidField("/product_code", "This is no code of a product.", "Send small letters, digits and hyphens.")
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
    """Numbers that contradict each other."""
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
    if table and table[0].from_day != 0:
        yield InvalidField("/refund_table/0/from_day", "The first days are missing.", "Begin with from_day 0.")
    for place, step in enumerate(table):
        pointer = f"/refund_table/{place}"
        if step.from_day >= terms.term_days:
            yield InvalidField(
                f"{pointer}/from_day", "The number is out of its range.", f"Send 0 to {terms.term_days - 1}."
            )
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


def evidence_faults(kinds: Sequence[str], pointer: str) -> Iterable[InvalidField]:
    for kind in kinds:
        if kind not in EVIDENCE_KINDS:
            yield InvalidField(pointer, f"{kind!r} is no kind of evidence.", f"Use {', '.join(EVIDENCE_KINDS)}.")
