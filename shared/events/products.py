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


class Liability(msgspec.Struct, frozen=True, kw_only=True):
    """One of several things that a product pays for, each with its own limits, in fen of the product's currency.

    ``scam_types`` is empty where the loss does not depend on a scam type. ``required_evidence`` comes on top of the
    product's, and its limits stand under the product's own, which hold over all liabilities together.
    """

    code: str
    name_zh: str
    name_en: str
    event_limit_fen: int
    annual_limit_fen: int
    event_deductible_fen: int = 0
    pay_percent: int = 100
    exclusions: list[Exclusion] = msgspec.field(default_factory=list)
    """On top of the product's."""
    scam_types: dict[str, ScamCover] = msgspec.field(default_factory=dict)
    """Empty where the loss does not depend on a scam type."""
    required_evidence: list[str] = msgspec.field(default_factory=list)
    """On top of the product's."""


class AnswerText(msgspec.Struct, frozen=True, kw_only=True):
    """How an answer to a question is put to people."""

    text_zh: str
    text_en: str


class RatingQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A question about the risk; ``points`` are those of each answer's code."""

    code: str
    text_zh: str
    text_en: str
    points: dict[str, int]
    answers: dict[str, AnswerText] = msgspec.field(default_factory=dict)
    """The texts of all answers by their codes; empty: people read the codes."""


class RatingGrade(msgspec.Struct, frozen=True, kw_only=True):
    """From how many points a risk has this grade. ``rate_percent`` of the premium is charged; null: not insurable."""

    grade: str
    from_points: int
    rate_percent: int | None
    """Of the premium; null: not insurable."""


class Rating(msgspec.Struct, frozen=True, kw_only=True):
    """How a risk is graded: the points of all answers are added up, and the highest grade reached counts."""

    questions: list[RatingQuestion]
    grades: list[RatingGrade]


class ScheduledItems(msgspec.Struct, frozen=True, kw_only=True):
    """What a policy lists one by one (a deployed model, say); each costs ``premium_fen_each`` a term."""

    code: str
    name_zh: str
    name_en: str
    most: int
    premium_fen_each: int


class RefundStep(msgspec.Struct, frozen=True, kw_only=True):
    """From this day of cover on (0 is the first), so many percent of the premium are given back."""

    from_day: int
    refund_percent: int


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
    """Whose midnights bound the cover, e.g. ``Asia/Shanghai``."""
    premium_fen: int
    term_days: int
    """At most a year: what a year allows is counted for each policy."""
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
    """All 13 types. With liabilities it sums theirs up."""
    clauses: dict[str, str]
    """The clause of the terms that each rule rests on, by the rule's code."""
    line_of_business: str = "anti_fraud"
    insured_kind: Literal["person", "organization"] = "person"
    territory: list[str] = msgspec.field(default_factory=lambda: ["CN"])
    """ISO 3166-1 codes of where a loss may happen; empty: anywhere."""
    stacking: Literal["one_per_person", "pro_rata"] = "one_per_person"
    """Whether an insured holds it once, or several covers share a loss."""
    other_insurance: Literal["deducted", "pro_rata"] = "deducted"
    """Where other insurers cover the loss too: what they pay is taken off it, or each bears its part."""
    tax_basis_points: int = 0
    """Tax contained in the premium, in hundredths of a percent of the premium without it."""
    trigger: Literal["occurrence", "claims_made"] = "occurrence"
    """Whether the loss must happen in the term, or the claim be made in it."""
    retroactive_days: int = 0
    """With ``claims_made``: how long before the first day the act may lie."""
    extended_reporting_days: int = 0
    """With ``claims_made``: how long after the last day a claim may still be made."""
    liabilities: list[Liability] = msgspec.field(default_factory=list)
    """Empty: the product has the one cover ``fraud_loss``, with the limits above."""
    rating: Rating | None = None
    scheduled_items: ScheduledItems | None = None
    refund_table: list[RefundStep] = msgspec.field(default_factory=list)
    """Empty: the premium of the days not begun is given back pro rata."""
