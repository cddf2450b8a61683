"""Products over HTTP: what is sold, and how versions differ. New versions come from product_drafts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from services.enrollment.products.api.product_models import (
    ChangeView,
    ProductView,
    change_view,
    product_view,
)
from services.enrollment.products.domain.errors import UnknownProductVersion
from services.enrollment.products.domain.product_comparison import compare
from services.enrollment.products.store import products as store
from shared.events.products import ProductPublished
from shared.values.ids import ProductCode
from shared.web import paging
from shared.web.models import ProductSlug, ReplyModel, RequestModel
from shared.web.resource import Call, Callers, Reply, Resource

products = Resource("products", "What is sold: product versions, each unchangeable once published")

VersionNumber = Annotated[int, Field(ge=1, lt=2**31)]


class VersionPath(RequestModel):
    product_code: ProductSlug
    version: VersionNumber


class ComparisonQuery(RequestModel):
    other: VersionNumber = Field(alias="with", description="The number of the version to compare with.")


class Comparison(ReplyModel):
    """What differs between two versions, term by term."""

    product_code: str
    from_version: int
    to_version: int
    changes: list[ChangeView]


@products.get("/v1/products", scope="products:read", callers=Callers.BOTH, reply=paging.Page[ProductView])
def list_products(call: Call[object], query: paging.PageQuery) -> Reply[paging.Page[ProductView]]:
    """Every product version by code and number, the past ones included: policies run under them."""
    after = paging.decode(query.cursor, str, int)
    found = store.page(call.tx, after=after or ("", 0), limit=query.limit + 1)
    shown, cursor = paging.page(found, query.limit, lambda last: (last.product_code, last.product_version))
    return Reply(paging.Page[ProductView](items=[product_view(terms) for terms in shown], next_cursor=cursor))


@products.get(
    "/v1/products/<product_code>/versions/<version>",
    scope="products:read",
    callers=Callers.BOTH,
    reply=ProductView,
    problems=(UnknownProductVersion,),
)
def show_product_version(call: Call[object], path: VersionPath) -> Reply[ProductView]:
    """One version."""
    return Reply(product_view(_version(call, path.product_code, path.version)))


@products.get(
    "/v1/products/<product_code>/versions/<version>/comparison",
    scope="products:read",
    callers=Callers.BOTH,
    reply=Comparison,
    problems=(UnknownProductVersion,),
)
def compare_product_versions(call: Call[object], path: VersionPath, query: ComparisonQuery) -> Reply[Comparison]:
    """What the version `with` changes in this one, a sentence in Chinese and English for each term."""
    before = _version(call, path.product_code, path.version)
    after = _version(call, path.product_code, query.other)
    return Reply(
        Comparison(
            product_code=path.product_code,
            from_version=path.version,
            to_version=query.other,
            changes=[change_view(change) for change in compare(before, after)],
        )
    )


def _version(call: Call[object], product_code: str, number: int) -> ProductPublished:
    terms = store.find(call.tx, ProductCode(product_code), number)
    if terms is None:
        raise UnknownProductVersion(product_code, number)
    return terms
