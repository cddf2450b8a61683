"""What a claim is held against: terms, the policy as enrollment last told it, and what is used of its limit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from shared.events.products import ProductPublished
from shared.values.ids import PartnerId, PolicyId, ProductCode, TokenHex
from shared.values.money import Fen

Product: TypeAlias = ProductPublished
"""The terms are what was published, word for word; a version never changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """One policy. ``effective_to`` is the newest word on its end: an early end by a cancellation included.

    ``waits_from`` is where waiting days are counted from, if not from ``effective_from``: a renewal keeps that of the
    first policy. ``retroactive_from`` stands with products that are claims-made. ``stacks``: the person may hold the
    product several times, and each policy pays its share of a loss.
    """

    policy_id: PolicyId
    partner_id: PartnerId
    product_code: ProductCode
    product_version: int
    person_token: TokenHex
    phone_token: TokenHex
    birth_year: int
    effective_from: datetime
    effective_to: datetime
    canceled: bool = False
    waits_from: datetime | None = None
    retroactive_from: datetime | None = None
    stacks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitUse:
    """What approved claims took of a policy's annual limit and annual deductible."""

    reserved_fen: Fen
    deductible_fen: Fen


NOTHING_USED: Final = LimitUse(reserved_fen=Fen(0), deductible_fen=Fen(0))
