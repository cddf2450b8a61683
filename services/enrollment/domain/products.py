"""What makes a product version acceptable and which version is sold when. Storing and publishing are the use cases'.

The terms of a version are the event that announces it: what is sold and what claims are decided by cannot differ.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.events.products import ProductPublished, ScamCover
from shared.values.errors import InvalidField, InvalidFields
from shared.values.scam_types import SCAM_TYPES

EVIDENCE_KINDS: Final = ("police_receipt", "transfer_record", "chat_record", "identity")


def check_terms(terms: ProductPublished) -> None:
    """Refuse terms that contradict themselves.

    Raises:
        InvalidFields: each with a pointer into the body that publishes a product.
    """
    faults = tuple(_faults(terms))
    if faults:
        raise InvalidFields(faults)


def _faults(terms: ProductPublished) -> Iterable[InvalidField]:
    try:
        ZoneInfo(terms.zone)
    except (ZoneInfoNotFoundError, ValueError):
        yield InvalidField("/zone", "This is no time zone.", "Send an IANA name, e.g. Asia/Shanghai.")
    if terms.effective_to is not None and terms.effective_to <= terms.effective_from:
        yield InvalidField("/effective_to", "The version ends before it begins.", "Send a time after effective_from.")
    if terms.event_limit_fen > terms.annual_limit_fen:
        yield InvalidField(
            "/event_limit_fen", "One event's limit is above the year's.", "Send at most annual_limit_fen."
        )
    if terms.event_deductible_fen >= terms.event_limit_fen:
        yield InvalidField(
            "/event_deductible_fen", "The deductible leaves nothing to pay.", "Send less than event_limit_fen."
        )
    if terms.age_max < terms.age_min:
        yield InvalidField("/age_max", "The age range is empty.", "Send at least age_min.")
    if terms.waiting_days >= terms.term_days:
        yield InvalidField("/waiting_days", "The waiting period fills the whole term.", "Send less than term_days.")
    unknown_evidence = [kind for kind in terms.required_evidence if kind not in EVIDENCE_KINDS]
    if unknown_evidence:
        yield InvalidField(
            "/required_evidence",
            f"{unknown_evidence[0]!r} is no kind of evidence.",
            f"Use {', '.join(EVIDENCE_KINDS)}.",
        )
    yield from _scam_faults(terms)


def _scam_faults(terms: ProductPublished) -> Iterable[InvalidField]:
    for missing in SCAM_TYPES:
        if missing not in terms.scam_types:
            yield InvalidField(
                f"/scam_types/{missing}", "The product does not say how it treats this scam type.", "Add it."
            )
    for code, treatment in terms.scam_types.items():
        if code not in SCAM_TYPES:
            yield InvalidField(f"/scam_types/{code}", "There is no such scam type.", f"Use {', '.join(SCAM_TYPES)}.")
        elif not _limit_fits(treatment, terms):
            yield InvalidField(
                f"/scam_types/{code}/limit_fen",
                "A limit stands with sub_limit alone, above 0 and at most event_limit_fen.",
                "Give or remove it, or change cover.",
            )


def _limit_fits(treatment: ScamCover, terms: ProductPublished) -> bool:
    if treatment.cover != "sub_limit":
        return treatment.limit_fen is None
    return treatment.limit_fen is not None and 0 < treatment.limit_fen <= terms.event_limit_fen


def sold_at(versions: Iterable[ProductPublished], now: datetime) -> ProductPublished | None:
    """The version that a new policy is sold under at ``now``: the highest one that has begun and not ended."""
    begun = [
        terms
        for terms in versions
        if terms.effective_from <= now and (terms.effective_to is None or now < terms.effective_to)
    ]
    return max(begun, key=lambda terms: terms.product_version, default=None)
