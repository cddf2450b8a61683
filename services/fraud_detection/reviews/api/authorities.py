"""How much each person may approve alone, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import StringConstraints

from services.fraud_detection.decisions.domain.authority import Authority
from services.fraud_detection.filing.api.deps import Deps
from services.fraud_detection.reviews.domain.errors import OwnAuthority
from services.fraud_detection.reviews.store import authorities as store
from services.fraud_detection.reviews.usecases.set_authority import remove_authority, set_authority
from shared.values.clear_text import TextKind
from shared.values.shapes import reshape
from shared.web import paging
from shared.web.models import AmountFen, ReplyModel, RequestModel
from shared.web.resource import Call, Callers, Reply, Resource

authorities = Resource("authorities", "How much each reviewer may approve alone")

SUPERVISE = "authorities:write"
Person = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@|-]{0,99}$"), TextKind.NAME]


class AuthorityPath(RequestModel):
    person: Person
    """The subject of the person's token."""


class AuthorityBody(RequestModel):
    """An approval within both is one person's; above either, a second person with enough authority confirms it."""

    pays_up_to_fen: AmountFen
    """The most that one approval pays."""
    claims_up_to_fen: AmountFen
    """The largest claim, by what is claimed, that it may be of."""


class AuthorityView(ReplyModel):
    person: str
    pays_up_to_fen: int
    claims_up_to_fen: int
    set_by: str
    set_at: datetime


class LowestAuthority(ReplyModel):
    """Of everybody who is not listed."""

    pays_up_to_fen: int
    claims_up_to_fen: int


class AuthoritiesView(paging.Page[AuthorityView]):
    """Those who have one of their own, by name."""

    lowest: LowestAuthority


@authorities.get("/v1/authorities", scope="reviews:read", callers=Callers.STAFF, reply=AuthoritiesView)
def list_authorities(call: Call[Deps], query: paging.PageQuery) -> Reply[AuthoritiesView]:
    """How much each reviewer may approve alone."""
    found = store.page(call.tx, after=query.after(str), limit=query.limit + 1)
    shown, cursor = paging.page(found, query.limit, lambda last: (last.person,))
    body = AuthoritiesView(
        items=[AuthorityView.of(each) for each in shown],
        next_cursor=cursor,
        lowest=LowestAuthority.of(call.deps.lowest_authority),
    )
    return Reply(body)


@authorities.put(
    "/v1/authorities/<person>",
    scope=SUPERVISE,
    callers=Callers.STAFF,
    reply=AuthorityView,
    problems=(OwnAuthority,),
)
def put_authority(call: Call[Deps], path: AuthorityPath, body: AuthorityBody) -> Reply[AuthorityView]:
    """Set how much this person may approve alone, from now on."""
    row = set_authority(call.tx, path.person, reshape(body, Authority), supervisor=call.caller.subject, now=call.now)
    return Reply(AuthorityView.of(row))


@authorities.delete(
    "/v1/authorities/<person>",
    scope=SUPERVISE,
    callers=Callers.STAFF,
    status=204,
    problems=(OwnAuthority,),
)
def delete_authority(call: Call[Deps], path: AuthorityPath) -> Reply[ReplyModel]:
    """The person has the lowest authority from now on."""
    remove_authority(call.tx, path.person, supervisor=call.caller.subject, now=call.now)
    return Reply(None)
