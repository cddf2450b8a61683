"""Products over HTTP. What terms are acceptable is the domain's to say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from pydantic import Field, StringConstraints

from services.enrollment.api.deps import Deps
from services.enrollment.store import products as store
from services.enrollment.usecases.publish_product import publish_product
from shared.events.products import Exclusion, ProductPublished, ScamCover
from shared.web import paging
from shared.web.models import AmountFen, Moment, PositiveFen, ReplyModel, RequestModel
from shared.web.resource import Call, Reply, Resource

products = Resource("products", "What is sold: product versions, each unchangeable once published")

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,63}$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=120)]
Days = Annotated[int, Field(ge=0, le=3660)]
Hours = Annotated[int, Field(ge=1, le=87600)]


class ExclusionTerms(RequestModel):
    """Something the product does not pay for."""

    code: Slug
    text_zh: Text
    text_en: Text


class ScamTerms(RequestModel):
    """How one scam type is treated; `limit_fen` stands with `sub_limit` alone."""

    cover: Literal["covered", "sub_limit", "excluded"]
    limit_fen: PositiveFen | None = None


class ProductTerms(RequestModel):
    """The terms of a new version. The version number is ours to give."""

    product_code: Code
    effective_from: Moment | None = None
    """From when policies are sold under it; now, if left out."""
    effective_to: Moment | None = None
    name_zh: Name
    name_en: Name
    currency: Literal["CNY"]
    zone: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_+/-]{1,63}$")]
    """Whose midnights bound the cover, e.g. `Asia/Shanghai`."""
    premium_fen: AmountFen
    term_days: Annotated[int, Field(ge=1, le=3660)]
    event_limit_fen: PositiveFen
    annual_limit_fen: PositiveFen
    event_deductible_fen: AmountFen = 0
    annual_deductible_fen: AmountFen = 0
    pay_percent: Annotated[int, Field(ge=1, le=100)] = 100
    waiting_days: Days
    look_back_hours: Hours
    report_within_hours: Hours
    recovery_wait_days: Days
    age_min: Annotated[int, Field(ge=0, le=150)]
    age_max: Annotated[int, Field(ge=0, le=150)]
    required_evidence: Annotated[list[Slug], Field(max_length=20)]
    exclusions: Annotated[list[ExclusionTerms], Field(max_length=100)]
    scam_types: Annotated[dict[Slug, ScamTerms], Field(max_length=50)]
    clauses: Annotated[
        dict[Slug, Annotated[str, StringConstraints(min_length=1, max_length=40)]], Field(max_length=100)
    ]
    """The clause of the terms that each rule rests on, by the rule's code."""


class ScamView(ReplyModel):
    """How one scam type is treated."""

    cover: Literal["covered", "sub_limit", "excluded"]
    limit_fen: int | None


class ExclusionView(ReplyModel):
    """Something the product does not pay for."""

    code: str
    text_zh: str
    text_en: str


class ProductView(ReplyModel):
    """One version of a product. Amounts are in fen of `currency`."""

    product_code: str
    product_version: int
    effective_from: datetime
    effective_to: datetime | None
    name_zh: str
    name_en: str
    currency: str
    zone: str
    premium_fen: int
    term_days: int
    event_limit_fen: int
    annual_limit_fen: int
    event_deductible_fen: int
    annual_deductible_fen: int
    pay_percent: int
    waiting_days: int
    look_back_hours: int
    report_within_hours: int
    recovery_wait_days: int
    age_min: int
    age_max: int
    required_evidence: list[str]
    exclusions: list[ExclusionView]
    scam_types: dict[str, ScamView]
    clauses: dict[str, str]


@products.get("/v1/products", scope="products:read", reply=paging.Page[ProductView])
def list_products(call: Call[Deps], query: paging.PageQuery) -> Reply[paging.Page[ProductView]]:
    """Every product version by code and number, the past ones included: policies run under them."""
    after = paging.decode(query.cursor, str, int)
    found = store.page(call.tx, after=after or ("", 0), limit=query.limit + 1)
    shown = found[: query.limit]
    more = len(found) > query.limit
    cursor = paging.encode(shown[-1].product_code, shown[-1].product_version) if more else None
    return Reply(paging.Page[ProductView](items=[_view(terms) for terms in shown], next_cursor=cursor))


@products.post("/v1/products", scope="products:write", reply=ProductView)
def publish(call: Call[Deps], body: ProductTerms) -> Reply[ProductView]:
    """Publish a product's first or next version. It is announced to the other services and never changes."""
    terms = ProductPublished(
        product_code=body.product_code,
        product_version=0,
        effective_from=(body.effective_from or call.now).astimezone(UTC),
        effective_to=None if body.effective_to is None else body.effective_to.astimezone(UTC),
        name_zh=body.name_zh,
        name_en=body.name_en,
        currency=body.currency,
        zone=body.zone,
        premium_fen=body.premium_fen,
        term_days=body.term_days,
        event_limit_fen=body.event_limit_fen,
        annual_limit_fen=body.annual_limit_fen,
        event_deductible_fen=body.event_deductible_fen,
        annual_deductible_fen=body.annual_deductible_fen,
        pay_percent=body.pay_percent,
        waiting_days=body.waiting_days,
        look_back_hours=body.look_back_hours,
        report_within_hours=body.report_within_hours,
        recovery_wait_days=body.recovery_wait_days,
        age_min=body.age_min,
        age_max=body.age_max,
        required_evidence=body.required_evidence,
        exclusions=[Exclusion(code=e.code, text_zh=e.text_zh, text_en=e.text_en) for e in body.exclusions],
        scam_types={
            code: ScamCover(cover=scam.cover, limit_fen=scam.limit_fen) for code, scam in body.scam_types.items()
        },
        clauses=body.clauses,
    )
    return Reply(_view(publish_product(call.tx, terms, actor=call.caller.subject, now=call.now)))


def _view(terms: ProductPublished) -> ProductView:
    told: dict[str, object] = msgspec.to_builtins(terms)
    return ProductView.model_validate({name: told[name] for name in ProductView.model_fields})
