"""Partners' contracts over HTTP: read by the partner and the insurer, changed by the insurer's staff alone."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.enrollment.partners.api.partner_access import PartnerPath, only_visible, require_visible
from services.enrollment.partners.api.partner_terms import ContractTerms, terms_of, terms_view
from services.enrollment.partners.domain import errors
from services.enrollment.partners.domain.partners import ContractState, PartnerRecord, SuspensionReason, WindDown
from services.enrollment.partners.store import partner_records as store
from services.enrollment.partners.store.endpoint_links import endpoint_links
from services.enrollment.partners.usecases.keep_partner import (
    hold_partner,
    keep_partner,
    resume_partner,
    suspend_partner,
)
from services.enrollment.partners.usecases.wind_down import wind_down
from shared.values.ids import PartnerId
from shared.web import paging
from shared.web.models import PartnerSlug, ReplyModel, RequestModel
from shared.web.resource import Call, Callers, Reply, Resource

partners = Resource("partners", "Who enrolls, under which contract")

SHOWN_ENDPOINTS = 100


class Suspension(RequestModel):
    """Why no new cover is wanted."""

    reason: SuspensionReason


class WindDownRequest(RequestModel):
    """How the work with a partner ends."""

    transfer_to: PartnerSlug | None
    """Which partner takes running cover over; null: it stays until its end. Say which: there is no way back."""


class WindDownView(ReplyModel):
    """How far the end of working with the partner is."""

    transfer_to: str | None
    state: Literal["draining", "listing", "done"]
    """`draining`: what was enrolled at the same moment, and files that were taken in before, are let finish."""
    started_at: datetime
    finished_at: datetime | None
    policies_listed: int
    """Those whose insured are to be told; see the notices."""
    policies_transferred: int


class EndpointLinkView(ReplyModel):
    """A server of the partner that is told of events; the partner itself keeps them, at /v1/webhook-endpoints."""

    endpoint_id: str
    url: str
    types: list[str]
    state: str


class PartnerView(ContractTerms, ReplyModel):
    """One partner."""

    partner_id: str
    state: ContractState
    suspension_reason: SuspensionReason | None
    """Why it is suspended; shown to the insurer's staff alone."""
    version: int
    managed_by: Literal["file", "http"]
    """`file`: the operator's file of contracts says the same; from the first change over HTTP on it is not read."""
    wind_down: WindDownView | None
    webhook_endpoints: list[EndpointLinkView]


@partners.get("/v1/partners", scope="partners:read", callers=Callers.BOTH, reply=paging.Page[PartnerView])
def list_partners(call: Call[object], query: paging.PageQuery) -> Reply[paging.Page[PartnerView]]:
    """All partners, for the insurer's staff; a partner sees itself alone."""
    after = paging.decode(query.cursor, str)
    found = store.page(
        call.tx, only=only_visible(call.caller), after="" if after is None else after[0], limit=query.limit + 1
    )
    shown, cursor = paging.page(found, query.limit, lambda last: (last.terms.contract.partner_id,))
    return Reply(paging.Page[PartnerView](items=[_view(call, each) for each in shown], next_cursor=cursor))


@partners.get(
    "/v1/partners/<partner_id>",
    scope="partners:read",
    callers=Callers.BOTH,
    reply=PartnerView,
    problems=(errors.UnknownPartner,),
)
def show_partner(call: Call[object], path: PartnerPath) -> Reply[PartnerView]:
    """One partner's contract."""
    require_visible(call.caller, path.partner_id)
    found = store.record(call.tx, PartnerId(path.partner_id))
    if found is None:
        raise errors.UnknownPartner(path.partner_id)
    return _reply(call, found)


@partners.put(
    "/v1/partners/<partner_id>",
    scope="partners:write",
    callers=Callers.STAFF,
    reply=PartnerView,
    also=(201,),
    matches=True,
)
def put_partner(call: Call[object], path: PartnerPath, body: ContractTerms) -> Reply[PartnerView]:
    """Enter a partner, or say its whole contract anew: then with `If-Match`. Its state has routes of its own.

    What is sold from now on follows it; premium, tax and compensation of what was sold before stay as they were.
    """
    before = hold_partner(call.tx, PartnerId(path.partner_id))
    if before is not None:
        call.require_match(before.version)
    terms = terms_of(PartnerId(path.partner_id), body)
    after = keep_partner(call.tx, terms, before, actor=call.caller.subject, now=call.now)
    return _reply(call, after, status=200 if before else 201)


@partners.post(
    "/v1/partners/<partner_id>/suspension",
    scope="partners:write",
    callers=Callers.STAFF,
    status=200,
    reply=PartnerView,
    problems=(errors.UnknownPartner, errors.PartnerEnds),
)
def suspend(call: Call[object], path: PartnerPath, body: Suspension) -> Reply[PartnerView]:
    """No new cover from the next request on. Running cover goes on, and so does a file that was taken in before."""
    return _reply(
        call,
        suspend_partner(call.tx, PartnerId(path.partner_id), body.reason, actor=call.caller.subject, now=call.now),
    )


@partners.post(
    "/v1/partners/<partner_id>/resumption",
    scope="partners:write",
    callers=Callers.STAFF,
    status=200,
    reply=PartnerView,
    problems=(errors.UnknownPartner, errors.PartnerEnds, errors.NotSuspended),
)
def resume(call: Call[object], path: PartnerPath) -> Reply[PartnerView]:
    """Allow new cover again."""
    return _reply(call, resume_partner(call.tx, PartnerId(path.partner_id), actor=call.caller.subject, now=call.now))


@partners.post(
    "/v1/partners/<partner_id>/wind-down",
    scope="partners:write",
    callers=Callers.STAFF,
    status=202,
    reply=PartnerView,
    problems=(
        errors.UnknownPartner,
        errors.PartnerEnds,
        errors.CannotTakeOver,
        errors.StillTakesOver,
    ),
)
def begin_wind_down(call: Call[object], path: PartnerPath, body: WindDownRequest) -> Reply[PartnerView]:
    """End the work with a partner, once for ever: no new cover, and every insured is listed for notice.

    Running cover keeps to its end, or moves to another partner; `wind_down` in the partner says how far that is.
    """
    target = PartnerId(body.transfer_to) if body.transfer_to else None
    after = wind_down(call.tx, PartnerId(path.partner_id), target, actor=call.caller.subject, now=call.now)
    return _reply(call, after)


def _reply(call: Call[object], record: PartnerRecord, *, status: int | None = None) -> Reply[PartnerView]:
    return Reply(_view(call, record), status=status, version=record.version)


def _view(call: Call[object], record: PartnerRecord) -> PartnerView:
    contract = record.terms.contract
    endpoints = endpoint_links(call.tx, contract.partner_no, limit=SHOWN_ENDPOINTS)
    return PartnerView(
        partner_id=contract.partner_id,
        **terms_view(record.terms),
        state=contract.state,
        suspension_reason=record.suspension_reason if call.caller.is_staff else None,
        version=record.version,
        managed_by=record.managed_by,
        wind_down=None if record.wind_down is None else _wind_down(record.wind_down),
        webhook_endpoints=[
            EndpointLinkView(endpoint_id=each.endpoint_id, url=each.url, types=each.types, state=each.state)
            for each in endpoints
        ],
    )


def _wind_down(known: WindDown) -> WindDownView:
    return WindDownView(
        transfer_to=known.transfer_to,
        state=known.state,
        started_at=known.started_at,
        finished_at=known.finished_at,
        policies_listed=known.listed,
        policies_transferred=known.transferred,
    )
