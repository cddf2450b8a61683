"""Policies over HTTP: enroll one person, look up, cancel. Identity leaves only masked."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from services.enrollment.partners.domain.errors import ContractNotRunning, NoContract, TooManyEnrollments
from services.enrollment.partners.usecases.contracts import contract_of, seen_by
from services.enrollment.people.domain.errors import OptedOut, UnknownPolicy
from services.enrollment.people.domain.policies import CancelReason, Policy, PolicyState
from services.enrollment.policies.api.deps import PolicyDeps
from services.enrollment.policies.api.policy_view import PolicyView, policy_view
from services.enrollment.policies.domain import errors
from services.enrollment.policies.domain.rows import RawRow
from services.enrollment.policies.store import policies as store
from services.enrollment.policies.usecases.cancel_policy import cancel_policy
from services.enrollment.policies.usecases.enroll_policies import Application, Enrolled, enroll_policies
from services.enrollment.policies.usecases.renew_one import renew_one
from services.enrollment.products.api.quotes import Answers, ScheduledItemList, risk_of
from services.enrollment.products.domain.errors import NotInsurable, ProductNotSold
from services.enrollment.products.domain.schedules import ScheduleRequest
from shared.values.clear_text import TextKind
from shared.values.documents import DocumentType
from shared.values.errors import FangzhaError
from shared.values.ids import PartnerId, PolicyId, ProductCode
from shared.web import paging
from shared.web.clear_fields import NOT_IN_CLEAR
from shared.web.models import Day, Identifier, Moment, ProductSlug, RequestModel
from shared.web.resource import Asked, Call, Callers, CallTogether, Reply, Resource

policies = Resource("policies", "Who is covered")

Reference = Annotated[str, StringConstraints(min_length=1, max_length=64), TextKind.REFERENCE]
Token = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$"), TextKind.LABEL]


class InsuredHolder(RequestModel):
    """The person or organization to insure, as on the document; which of them, the product says."""

    document_type: DocumentType
    document_number: Annotated[str, StringConstraints(min_length=1, max_length=40), NOT_IN_CLEAR]
    name: Annotated[str, StringConstraints(min_length=1, max_length=60), NOT_IN_CLEAR]
    phone: Annotated[str, StringConstraints(min_length=1, max_length=40), NOT_IN_CLEAR]
    """A mobile number of mainland China; an organization's is that of whom it names for its policy."""
    birth_date: Day | None = None
    """Needed where the product has an age range and the document's number tells no whole date: a passport's."""


class ConsentProof(RequestModel):
    """That the person agreed: to which text, when, by which way."""

    text_version: Token
    given_at: Moment
    channel: Token
    """Your word for the way, e.g. `app`."""
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f]{64}$"), TextKind.OURS]
    """The SHA-256 of your own record of the consent, in hex."""


class Enrollment(RequestModel):
    """One person or organization to cover."""

    product_code: ProductSlug
    partner_reference: Reference
    """Your own number of this subscriber; no phone and no identity number."""
    insured: InsuredHolder
    effective_date: Day | None = None
    """The first day of cover; the day after enrollment, if left out."""
    consent: ConsentProof
    answers: Answers = Field(default_factory=dict)
    """Each question's code with the code of its answer, where the product has a `rating`."""
    scheduled_items: ScheduledItemList = Field(default_factory=list)
    """What the policy is to list, where the product has `scheduled_items`."""
    retroactive_date: Day | None = None
    """With claims-made products: acts before this day are not covered; the earliest allowed, if left out."""
    renews: Identifier | None = None
    """The policy of the same insured and product that this one is to follow without a gap, in its last 90 days."""


class CancellationRequest(RequestModel):
    """Why the policy ends."""

    reason: CancelReason


class PolicyPath(RequestModel):
    policy_id: Identifier


class PolicyQuery(paging.PageQuery):
    partner_reference: Reference | None = None
    state: PolicyState | None = None


@policies.post(
    "/v1/policies",
    scope="policies:write",
    callers=Callers.PARTNERS,
    reply=PolicyView,
    about="policy_id",
    problems=(
        NoContract,
        ContractNotRunning,
        ProductNotSold,
        NotInsurable,
        errors.AlreadyCovered,
        OptedOut,
        TooManyEnrollments,
        errors.NotRenewable,
    ),
)
def enroll(
    call: CallTogether[PolicyDeps], asked: Sequence[Asked[Enrollment]]
) -> list[Reply[PolicyView] | FangzhaError]:
    """Cover one person or organization. One has a product's cover once, whichever partner enrolls them.

    With `renews` the cover goes on without a gap: priced anew, under the version that is sold on the first day of the
    new term, and `upcoming` until then. Waiting days go on counting, and so does a retroactive date.
    """
    replies: list[Reply[PolicyView] | FangzhaError | None] = [_over_quota(call, each) for each in asked]
    allowed = [place for place, refused in enumerate(replies) if refused is None]
    for place in allowed:
        replies[place] = _renewed(call, asked[place])
    new = [place for place in allowed if asked[place].body.renews is None]
    found = enroll_policies(
        call.tx,
        [_application(asked[place]) for place in new],
        vault=call.deps.vault,
        now=call.now,
        sandbox=call.deps.sandbox,
        known=call.deps.known_terms,
    )
    for place, enrolled in zip(new, found, strict=True):
        replies[place] = _reply(enrolled)
    return [reply for reply in replies if reply is not None]


def _renewed(call: CallTogether[PolicyDeps], one: Asked[Enrollment]) -> Reply[PolicyView] | FangzhaError | None:
    """What became of a renewal; None where the request is none. Before all who are new: it needs the wider lock."""
    if one.body.renews is None:
        return None
    deps, renews = call.deps, PolicyId(one.body.renews)
    return _reply(renew_one(call.tx, _application(one), renews, vault=deps.vault, now=call.now, sandbox=deps.sandbox))


def _over_quota(call: CallTogether[PolicyDeps], one: Asked[Enrollment]) -> FangzhaError | None:
    try:
        call.deps.permits.use_one(PartnerId(one.caller.tenant), call.now)
    except TooManyEnrollments as error:
        return error
    return None


def _application(one: Asked[Enrollment]) -> Application:
    body = one.body
    raw = RawRow(
        partner_reference=body.partner_reference,
        document_type=body.insured.document_type,
        document_number=body.insured.document_number,
        name=body.insured.name.strip(),
        phone=body.insured.phone,
        birth_date=body.insured.birth_date.isoformat() if body.insured.birth_date else "",
        effective_date=body.effective_date.isoformat() if body.effective_date else "",
        consent_text_version=body.consent.text_version,
        consent_given_at=body.consent.given_at.isoformat(),
        consent_channel=body.consent.channel,
        consent_sha256=body.consent.sha256,
    )
    order = ScheduleRequest(risk_of(body.answers, body.scheduled_items), body.retroactive_date)
    return Application(one.caller.tenant, ProductCode(body.product_code), raw, order)


def _reply(enrolled: Enrolled | FangzhaError) -> Reply[PolicyView] | FangzhaError:
    if isinstance(enrolled, FangzhaError):
        return enrolled
    policy = enrolled.policy
    view = policy_view(policy, enrolled.insured)
    return Reply(view, headers={"Location": f"/v1/policies/{policy.policy_id}"}, version=policy.version)


@policies.get(
    "/v1/policies/<policy_id>",
    scope="policies:read",
    callers=Callers.BOTH,
    reply=PolicyView,
    problems=(NoContract, UnknownPolicy),
)
def show_policy(call: Call[PolicyDeps], path: PolicyPath) -> Reply[PolicyView]:
    """One of your policies. The insurer's staff reads any partner's."""
    policy = visible_policy(call, path.policy_id)
    return Reply(_opened(call, policy), version=policy.version)


@policies.get(
    "/v1/policies",
    scope="policies:read",
    callers=Callers.PARTNERS,
    reply=paging.Page[PolicyView],
    problems=(NoContract,),
)
def list_policies(call: Call[PolicyDeps], query: PolicyQuery) -> Reply[paging.Page[PolicyView]]:
    """Your policies by your reference; of one subscriber with `partner_reference`, of one state with `state`."""
    contract = contract_of(call.tx, call.caller.tenant)
    found = store.page(
        call.tx,
        partner_no=contract.partner_no,
        reference=query.partner_reference,
        state=query.state,
        after=query.after(str, UUID),
        limit=query.limit + 1,
    )
    show = partial(_opened, call)
    page = paging.Page[PolicyView].cut(found, query, show, lambda last: (last.partner_reference, last.policy_id))
    return Reply(page)


@policies.post(
    "/v1/policies/<policy_id>/cancellation",
    scope="policies:write",
    callers=Callers.PARTNERS,
    reply=PolicyView,
    about="policy_id",
    problems=(NoContract, UnknownPolicy, errors.NotInForce, errors.PersonForgotten),
)
def cancel(call: Call[PolicyDeps], path: PolicyPath, body: CancellationRequest) -> Reply[PolicyView]:
    """End the cover now. Unless a claim was paid, premium is given back: for the days not begun, or as the product's
    refund table says. A renewal that waits is canceled with it; one alone by its own id.
    """
    policy = cancel_policy(
        call.tx,
        PolicyId(path.policy_id),
        body.reason,
        tenant=call.caller.tenant,
        actor=call.caller.subject,
        vault=call.deps.vault,
        now=call.now,
    )
    return Reply(_opened(call, policy), version=policy.version)


def visible_policy(call: Call[PolicyDeps], policy_id: str) -> Policy:
    """The policy, if the caller may see it; another's is as unknown as none."""
    only = seen_by(call.tx, call.caller.tenant)
    wanted = PolicyId(policy_id)
    found = store.of_any_partner(call.tx, wanted) if only is None else store.policy(call.tx, wanted, partner_no=only)
    if found is None:
        raise UnknownPolicy(policy_id)
    return found


def _opened(call: Call[PolicyDeps], policy: Policy) -> PolicyView:
    return policy_view(policy, None if policy.erased else call.deps.vault.insured(call.tx, policy))
