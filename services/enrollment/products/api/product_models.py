"""The terms of a product as they are proposed and shown: the event's, held to the domain's limits.

Which terms contradict each other is the domain's to say.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, Literal

import msgspec

from services.enrollment.products.domain.product_comparison import Change
from services.enrollment.products.domain.product_limits import LIMITS
from services.enrollment.products.domain.product_words import Words
from shared.events import products
from shared.events.products import ProductPublished
from shared.web.mirror import Mirror
from shared.web.models import Moment, ProductSlug, ReplyModel, RequestModel

_MIRROR: Final = Mirror(
    LIMITS,
    names={
        products.Exclusion: "ExclusionTerms",
        products.ScamCover: "ScamTerms",
        products.Liability: "LiabilityTerms",
        products.AnswerText: "AnswerTerms",
        products.RatingQuestion: "QuestionTerms",
        products.RatingGrade: "GradeTerms",
        products.Rating: "RatingTerms",
        products.ScheduledItems: "ScheduledItemsTerms",
        products.RefundStep: "RefundTerms",
    },
)


@_MIRROR.of(ProductPublished, without={"product_code", "product_version", "effective_from", "effective_to"})
class Terms(RequestModel):
    """What a version says, beside its code, its number and its time of sale."""

    currency: Literal["CNY"]


class ProductTerms(Terms):
    """The terms of a new version. The version number is ours to give."""

    product_code: ProductSlug
    effective_from: Moment | None = None
    """From when policies are sold under it; from its approval on, if left out."""
    effective_to: Moment | None = None

    def as_version(self, now: datetime) -> ProductPublished:
        """Without a number yet; it begins ``now`` where no time was given."""
        begins = self.effective_from or now.astimezone(UTC)
        told = self.model_dump() | {"product_version": 0, "effective_from": begins}
        return msgspec.convert(told, ProductPublished)


class DraftTerms(Terms):
    """The terms of a version that is proposed, or that was published as it was approved."""

    product_code: str
    product_version: int
    effective_from: datetime | None
    """Null where it is to be sold from its approval on, and is not approved."""
    effective_to: datetime | None


class ProductView(DraftTerms, ReplyModel):
    """One version of a product. Amounts are in fen of `currency`."""

    effective_from: datetime


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
