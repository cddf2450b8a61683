"""Renewals of a whole window over HTTP: a partner starts its own, the insurer anyone's; then see how far it is."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from services.enrollment.partners.domain.errors import ContractNotRunning, NoContract
from services.enrollment.policies.api.deps import PolicyDeps
from services.enrollment.policies.domain import errors
from services.enrollment.policies.domain.renewals import fault
from services.enrollment.policies.store import renewals as store
from services.enrollment.policies.store.renewals import RunState, Skip, StopReason
from services.enrollment.policies.usecases.run_renewals import renewal_run, start_renewals
from services.enrollment.products.domain.errors import ProductNotSold
from shared.values.errors import InvalidField
from shared.values.ids import PartnerId, ProductCode
from shared.web import paging
from shared.web.errors import StaffOnly
from shared.web.models import Day, Identifier, PartnerSlug, ProductSlug, ReplyModel, RequestModel
from shared.web.resource import Call, Callers, Reply, Resource

renewals = Resource("renewals", "Policies that go on without a gap")


class RenewalRequest(RequestModel):
    """Which policies are to go on."""

    product_code: ProductSlug
    expiring_through: Day
    """The last day of cover: every policy whose term ends until then is renewed."""
    partner_id: PartnerSlug | None = None
    """Whose policies: for the insurer's staff; a partner leaves it out."""


class RenewalRunView(ReplyModel):
    """One run and how far it is."""

    run_id: str
    partner_id: str
    product_code: str
    expiring_through: datetime
    """The moment until which terms end."""
    state: RunState
    """`running` also while the partner is suspended: it goes on after that. `stopped`: what is left is not renewed."""
    stop_reason: StopReason | None
    """`wind_down`: the partner winds down. `product_not_sold`: the product has left its contract."""
    renewed: int
    skipped: int
    started_at: datetime
    finished_at: datetime | None


class SkipView(ReplyModel):
    """One policy that was not renewed. It holds nothing of the person."""

    policy_id: str
    partner_reference: str
    code: str
    detail: str
    fix: str


class RunPath(RequestModel):
    run_id: Identifier


class RunQuery(RequestModel):
    partner_id: PartnerSlug | None = None
    """Whose run: for the insurer's staff; a partner leaves it out."""


class SkipQuery(paging.PageQuery):
    partner_id: PartnerSlug | None = None


@renewals.post(
    "/v1/renewals",
    scope="renewals:write",
    callers=Callers.BOTH,
    status=202,
    reply=RenewalRunView,
    problems=(StaffOnly, NoContract, ContractNotRunning, ProductNotSold),
)
def start(call: Call[PolicyDeps], body: RenewalRequest) -> Reply[RenewalRunView]:
    """Renew all policies that end until a day. Each successor begins when its predecessor ends, sold under the version
    of that day, and its waiting days count from the first policy. Whoever opted out, is too old, or lapsed is left out.
    """
    run = start_renewals(
        call.tx,
        _partner(call, body.partner_id),
        ProductCode(body.product_code),
        body.expiring_through,
        actor=call.caller.subject,
        now=call.now,
    )
    return Reply(RenewalRunView.of(run), headers={"Location": f"/v1/renewals/{run.run_id}"})


@renewals.get(
    "/v1/renewals/<run_id>",
    scope="policies:read",
    callers=Callers.BOTH,
    reply=RenewalRunView,
    problems=(StaffOnly, errors.UnknownRenewalRun),
)
def show(call: Call[PolicyDeps], path: RunPath, query: RunQuery) -> Reply[RenewalRunView]:
    """How far a run is."""
    return Reply(RenewalRunView.of(renewal_run(call.tx, path.run_id, _partner(call, query.partner_id))))


@renewals.get(
    "/v1/renewals/<run_id>/skipped",
    scope="policies:read",
    callers=Callers.BOTH,
    reply=paging.Page[SkipView],
    problems=(StaffOnly, errors.UnknownRenewalRun),
)
def list_skipped(call: Call[PolicyDeps], path: RunPath, query: SkipQuery) -> Reply[paging.Page[SkipView]]:
    """The policies that were left out, each with why and what to do."""
    run = renewal_run(call.tx, path.run_id, _partner(call, query.partner_id))
    found = store.skips(call.tx, run.run_id, after=query.after(UUID), limit=query.limit + 1)
    return Reply(paging.Page[SkipView].cut(found, query, _skip, lambda last: (last.policy_id,)))


def _skip(skip: Skip) -> SkipView:
    said = fault(skip.code)
    return SkipView.of(skip, detail=said.detail, fix=said.fix)


def _partner(call: Call[PolicyDeps], asked: str | None) -> PartnerId:
    """Whose policies are meant: a partner's own, or those that the insurer's staff name."""
    if call.caller.is_staff and asked is None:
        raise InvalidField("/partner_id", "It is missing.", "Name the partner whose policies are meant.")
    if not call.caller.is_staff and asked is not None:
        raise StaffOnly(call.caller.tenant)
    return PartnerId(asked or call.caller.tenant)
