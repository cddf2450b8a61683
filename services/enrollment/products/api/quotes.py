"""Quotes over HTTP: what cover would cost, and how the premium comes about."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from services.enrollment.products.domain.errors import NotInsurable, ProductNotSold
from services.enrollment.products.domain.pricing import Item, Risk, parts
from services.enrollment.products.domain.product_limits import LONGEST_NAME
from services.enrollment.products.usecases.quote_cover import Quote, quote_cover
from shared.values.clear_text import TextKind
from shared.values.ids import ProductCode
from shared.web.models import ProductSlug, ReplyModel, RequestModel, TermsSlug
from shared.web.resource import Call, Callers, Reply, Resource

quotes = Resource("quotes", "What cover costs; asking stores nothing")

ItemReference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/:-]{0,63}$"), TextKind.REFERENCE]


class ScheduledItem(RequestModel):
    """One thing that the policy is to list, e.g. a deployed model."""

    reference: ItemReference
    """Your own word for it, once in the policy."""
    name: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME)]


Answers = Annotated[dict[TermsSlug, TermsSlug], Field(max_length=100)]
ScheduledItemList = Annotated[list[ScheduledItem], Field(max_length=1000)]


class QuoteRequest(RequestModel):
    """The risk to be priced."""

    product_code: ProductSlug
    insured_kind: Literal["person", "organization"] = "person"
    answers: Answers = Field(default_factory=dict)
    """Each question's code with the code of its answer, where the product asks; see its `rating`."""
    scheduled_items: ScheduledItemList = Field(default_factory=list)
    """Where the product lists items; see its `scheduled_items`."""


class PremiumPart(ReplyModel):
    """One part of the premium; together they are the premium."""

    code: str
    text_zh: str
    text_en: str
    amount_fen: int


class QuoteView(ReplyModel):
    """The price of cover for one term, as the product is sold now."""

    product_code: str
    product_version: int
    insured_kind: Literal["person", "organization"]
    currency: str
    premium_fen: int
    tax_fen: int
    """Contained in the premium."""
    points: int | None
    """Of all answers together; null where the product asks nothing."""
    grade: str | None
    rate_percent: int
    parts: list[PremiumPart]


@quotes.post(
    "/v1/quotes",
    scope="products:read",
    callers=Callers.BOTH,
    reply=QuoteView,
    creates=False,
    problems=(ProductNotSold, NotInsurable),
)
def quote(call: Call[object], body: QuoteRequest) -> Reply[QuoteView]:
    """What this risk would cost now."""
    found = quote_cover(
        call.tx,
        ProductCode(body.product_code),
        body.insured_kind,
        risk_of(body.answers, body.scheduled_items),
        now=call.now,
    )
    return Reply(_view(found))


def risk_of(answers: dict[str, str], items: list[ScheduledItem]) -> Risk:
    return Risk(answers, tuple(Item(each.reference, each.name) for each in items))


def _view(found: Quote) -> QuoteView:
    terms, priced = found.terms, found.price
    return QuoteView(
        product_code=terms.product_code,
        product_version=terms.product_version,
        insured_kind=terms.insured_kind,
        currency=terms.currency,
        premium_fen=priced.premium,
        tax_fen=priced.tax,
        points=priced.points,
        grade=priced.grade,
        rate_percent=priced.rate_percent,
        parts=[
            PremiumPart(code=part.code, text_zh=part.words.zh, text_en=part.words.en, amount_fen=part.amount)
            for part in parts(terms, priced)
        ],
    )
