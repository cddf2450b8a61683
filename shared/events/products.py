"""What enrollment says of products, on ``enrollment.products.v1``."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from shared.events.envelope import Event, Moment


class Exclusion(msgspec.Struct, frozen=True, kw_only=True):
    """Something the product does not pay for, by a code that rules use and a text that residents read."""

    code: str
    text_zh: str
    text_en: str


class ScamCover(msgspec.Struct, frozen=True, kw_only=True):
    """How a product treats one scam type. ``limit_fen`` is given with ``sub_limit`` alone."""

    cover: Literal["covered", "sub_limit", "excluded"]
    limit_fen: int | None = None


class ProductPublished(Event, frozen=True, kw_only=True):
    """A product version that may be sold under. Amounts in fen of ``currency``; it never changes afterwards."""

    TYPE: ClassVar[str] = "products.published"
    TOPIC: ClassVar[str] = "enrollment.products.v1"

    product_code: str
    product_version: int
    effective_from: Moment
    effective_to: Moment | None = None
    name_zh: str
    name_en: str
    currency: str
    zone: str
    premium_fen: int
    term_days: int
    event_limit_fen: int
    annual_limit_fen: int
    event_deductible_fen: int = 0
    annual_deductible_fen: int = 0
    pay_percent: int = 100
    waiting_days: int
    look_back_hours: int
    report_within_hours: int
    recovery_wait_days: int
    age_min: int
    age_max: int
    required_evidence: list[str]
    exclusions: list[Exclusion]
    scam_types: dict[str, ScamCover]
    clauses: dict[str, str]
