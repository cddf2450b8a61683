"""What makes a product version acceptable and which version is sold when. Storing and publishing are the use cases'.

The terms of a version are the event that announces it: what is sold and what claims are decided by cannot differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from services.enrollment.products.domain.product_clauses import clause_faults
from services.enrollment.products.domain.product_liabilities import liability_faults, scam_faults
from services.enrollment.products.domain.product_limits import size_faults
from services.enrollment.products.domain.product_rating import rating_faults
from services.enrollment.products.domain.product_terms import (
    claims_made_faults,
    evidence_faults,
    number_faults,
    period_faults,
    refund_faults,
    word_faults,
)
from shared.events.products import ProductPublished
from shared.values.errors import InvalidField, InvalidFields


def check_terms(terms: ProductPublished) -> None:
    """Refuse terms that contradict themselves.

    Raises:
        InvalidFields: each with a pointer into the body that proposes a product, and into a product's file.
    """
    faults = tuple(_faults(terms))
    if faults:
        raise InvalidFields(faults)


def _faults(terms: ProductPublished) -> Iterable[InvalidField]:
    yield from size_faults(terms)
    yield from word_faults(terms)
    yield from number_faults(terms)
    yield from period_faults(terms)
    yield from claims_made_faults(terms)
    yield from evidence_faults(terms.required_evidence, "/required_evidence")
    yield from scam_faults(terms.scam_types, terms.event_limit_fen, "/scam_types")
    yield from liability_faults(terms)
    yield from rating_faults(terms)
    yield from refund_faults(terms)
    yield from clause_faults(terms)


def needs_a_schedule(terms: ProductPublished) -> bool:
    """Whether a policy needs more than a row of a file says: answers, items, a retroactive date, an organization."""
    return (
        terms.rating is not None
        or terms.scheduled_items is not None
        or terms.trigger == "claims_made"
        or terms.insured_kind == "organization"
    )


def sold_at(versions: Iterable[ProductPublished], now: datetime) -> ProductPublished | None:
    """The version that a new policy is sold under at ``now``: the highest one that has begun.

    Where that one has ended nothing is sold: an older version never comes back at its old price.
    """
    begun = [terms for terms in versions if terms.effective_from <= now]
    newest = max(begun, key=lambda terms: terms.product_version, default=None)
    ended = newest is not None and newest.effective_to is not None and newest.effective_to <= now
    return None if ended else newest


def never_sold(versions: Iterable[ProductPublished], successor: ProductPublished) -> tuple[ProductPublished, ...]:
    """Those of ``versions`` that ``successor`` takes the place of before their sale has begun."""
    return tuple(terms for terms in versions if successor.effective_from <= terms.effective_from)


def sold_from(versions: Sequence[ProductPublished], now: datetime) -> list[ProductPublished]:
    """The versions that a new policy may be sold under at ``now`` or later."""
    current = sold_at(versions, now)
    return [terms for terms in versions if terms is current or terms.effective_from > now]
