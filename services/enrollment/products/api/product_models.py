"""The terms of a product as they are proposed and shown. What terms are acceptable is the domain's to say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from pydantic import Field, StringConstraints

from services.enrollment.products.domain import product_limits as limits
from services.enrollment.products.domain.product_comparison import Change
from services.enrollment.products.domain.product_words import Words
from shared.events.products import ProductPublished
from shared.web.models import AmountFen, Moment, PositiveFen, ProductSlug, ReplyModel, RequestModel, TermsSlug

Text = Annotated[str, StringConstraints(min_length=1, max_length=limits.LONGEST_TEXT)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=limits.LONGEST_NAME)]
Clause = Annotated[str, StringConstraints(min_length=1, max_length=limits.LONGEST_CLAUSE)]
Days = Annotated[int, Field(ge=0, le=limits.LONGEST_DAYS)]
Hours = Annotated[int, Field(ge=1, le=limits.LONGEST_HOURS)]
Percent = Annotated[int, Field(ge=1, le=100)]
Points = Annotated[int, Field(ge=-limits.MOST_POINTS, le=limits.MOST_POINTS)]
VersionNumber = Annotated[int, Field(ge=1, lt=2**31)]
Territory = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
EvidenceKinds = Annotated[list[TermsSlug], Field(max_length=limits.MOST_EVIDENCE_KINDS)]


class ExclusionTerms(RequestModel):
    """Something the product does not pay for."""

    code: TermsSlug
    text_zh: Text
    text_en: Text


class ScamTerms(RequestModel):
    """How one scam type is treated; `limit_fen` stands with `sub_limit` alone."""

    cover: Literal["covered", "sub_limit", "excluded"]
    limit_fen: PositiveFen | None = None


Exclusions = Annotated[list[ExclusionTerms], Field(max_length=limits.MOST_EXCLUSIONS)]
Matrix = Annotated[dict[TermsSlug, ScamTerms], Field(max_length=50)]


class LiabilityTerms(RequestModel):
    """One of several things that the product pays for. The product's own limits hold over all of them together."""

    code: TermsSlug
    name_zh: Name
    name_en: Name
    event_limit_fen: PositiveFen
    annual_limit_fen: PositiveFen
    event_deductible_fen: AmountFen = 0
    pay_percent: Percent = 100
    exclusions: Exclusions = Field(default_factory=list)
    """On top of the product's."""
    scam_types: Matrix = Field(default_factory=dict)
    """Empty where the loss does not depend on a scam type."""
    required_evidence: EvidenceKinds = Field(default_factory=list)
    """On top of the product's."""


class AnswerTerms(RequestModel):
    """How an answer to a question is put to people."""

    text_zh: Text
    text_en: Text


class QuestionTerms(RequestModel):
    """A question about the risk, with the points of each answer's code."""

    code: TermsSlug
    text_zh: Text
    text_en: Text
    points: Annotated[dict[TermsSlug, Points], Field(min_length=2, max_length=limits.MOST_ANSWERS)]
    answers: Annotated[dict[TermsSlug, AnswerTerms], Field(max_length=limits.MOST_ANSWERS)] = Field(
        default_factory=dict
    )
    """The texts of all answers by their codes; empty: people read the codes."""


class GradeTerms(RequestModel):
    """From how many points on a risk has this grade."""

    grade: Annotated[str, StringConstraints(min_length=1, max_length=limits.LONGEST_GRADE)]
    from_points: Annotated[int, Field(ge=-limits.MOST_POINTS_TOGETHER, le=limits.MOST_POINTS_TOGETHER)]
    rate_percent: Annotated[int, Field(ge=1, le=limits.HIGHEST_RATE)] | None
    """Of the premium; null: not insurable."""


class RatingTerms(RequestModel):
    """How a risk is graded: the points of all answers are added up, and the highest grade reached counts."""

    questions: Annotated[list[QuestionTerms], Field(min_length=1, max_length=limits.MOST_QUESTIONS)]
    grades: Annotated[list[GradeTerms], Field(min_length=1, max_length=limits.MOST_GRADES)]


class ScheduledItemsTerms(RequestModel):
    """What a policy lists one by one."""

    code: TermsSlug
    name_zh: Name
    name_en: Name
    most: Annotated[int, Field(ge=1, le=limits.MOST_ITEMS)]
    premium_fen_each: AmountFen


class RefundTerms(RequestModel):
    """From this day of cover on (0 is the first), so many percent of the premium are given back."""

    from_day: Days
    refund_percent: Annotated[int, Field(ge=0, le=100)]


class Terms(RequestModel):
    """What a version says, beside its code, its number and its time of sale."""

    name_zh: Name
    name_en: Name
    line_of_business: TermsSlug = "anti_fraud"
    insured_kind: Literal["person", "organization"] = "person"
    currency: Literal["CNY"]
    zone: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_+/-]{1,63}$")]
    """Whose midnights bound the cover, e.g. `Asia/Shanghai`."""
    premium_fen: AmountFen
    tax_basis_points: Annotated[int, Field(ge=0, le=10_000)] = 0
    """Tax contained in the premium, in hundredths of a percent of the premium without it."""
    term_days: Annotated[int, Field(ge=1, le=limits.LONGEST_TERM)]
    """At most a year: what a year allows is counted for each policy."""
    event_limit_fen: PositiveFen
    annual_limit_fen: PositiveFen
    event_deductible_fen: AmountFen = 0
    annual_deductible_fen: AmountFen = 0
    pay_percent: Percent = 100
    waiting_days: Days
    look_back_hours: Hours
    report_within_hours: Hours
    recovery_wait_days: Days
    age_min: Annotated[int, Field(ge=0, le=150)]
    age_max: Annotated[int, Field(ge=0, le=150)]
    territory: Annotated[list[Territory], Field(max_length=249)] = Field(default_factory=lambda: ["CN"])
    """ISO 3166-1 codes of where a loss may happen; empty: anywhere."""
    stacking: Literal["one_per_person", "pro_rata"] = "one_per_person"
    """Whether an insured holds it once, or several covers share a loss."""
    trigger: Literal["occurrence", "claims_made"] = "occurrence"
    """Whether the loss must happen in the term, or the claim be made in it."""
    retroactive_days: Days = 0
    """With `claims_made`: how long before the first day the act may lie."""
    extended_reporting_days: Days = 0
    """With `claims_made`: how long after the last day a claim may still be made."""
    required_evidence: EvidenceKinds
    exclusions: Exclusions
    scam_types: Matrix
    """All 13 types. With liabilities it sums theirs up."""
    liabilities: Annotated[list[LiabilityTerms], Field(max_length=limits.MOST_LIABILITIES)] = Field(
        default_factory=list
    )
    """Empty: the product has the one cover `fraud_loss`, with the limits above."""
    rating: RatingTerms | None = None
    scheduled_items: ScheduledItemsTerms | None = None
    refund_table: Annotated[list[RefundTerms], Field(max_length=limits.MOST_REFUND_STEPS)] = Field(default_factory=list)
    """Empty: the premium of the days not begun is given back pro rata."""
    clauses: Annotated[dict[TermsSlug, Clause], Field(max_length=limits.MOST_CLAUSES)]
    """The clause of the terms that each rule rests on, by the rule's code."""


class ProductTerms(Terms):
    """The terms of a new version. The version number is ours to give."""

    product_code: ProductSlug
    effective_from: Moment | None = None
    """From when policies are sold under it; from its approval on, if left out."""
    effective_to: Moment | None = None

    def as_version(self, now: datetime) -> ProductPublished:
        """Without a number yet; it begins ``now`` where no time was given."""
        told = self.model_dump()
        told["product_version"] = 0
        told["effective_from"] = (self.effective_from or now).astimezone(UTC)
        told["effective_to"] = None if self.effective_to is None else self.effective_to.astimezone(UTC)
        return msgspec.convert(told, ProductPublished)


class _Version(ReplyModel):
    product_code: str
    product_version: int
    effective_from: datetime
    effective_to: datetime | None


class ProductView(Terms, _Version):
    """One version of a product. Amounts are in fen of `currency`."""


class DraftTerms(Terms):
    """The terms of a version that is proposed, or that was published as it was approved."""

    product_code: str
    product_version: int
    effective_from: datetime | None
    """Null where it is to be sold from its approval on, and is not approved."""
    effective_to: datetime | None


class WordsView(ReplyModel):
    """The same sentence in both languages."""

    zh: str
    en: str


class ChangeView(ReplyModel):
    """One term that differs."""

    term: str
    """Where it stands in the terms, entries of lists by their codes."""
    zh: str
    en: str


def product_view(terms: ProductPublished) -> ProductView:
    return ProductView.model_validate(msgspec.to_builtins(terms), strict=False)


def draft_terms(terms: ProductPublished, *, from_approval: bool) -> DraftTerms:
    told = msgspec.to_builtins(terms)
    return DraftTerms.model_validate(told | {"effective_from": None} if from_approval else told, strict=False)


def change_view(change: Change) -> ChangeView:
    return ChangeView(term=change.term, zh=change.sentence.zh, en=change.sentence.en)


def words_view(words: Words) -> WordsView:
    return WordsView(zh=words.zh, en=words.en)
