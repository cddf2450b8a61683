"""Endorsements over HTTP: changes of one running policy, and the list of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import StringConstraints

from services.enrollment.partners.domain.errors import ContractNotRunning, NoContract
from services.enrollment.people.domain.errors import UnknownPolicy
from services.enrollment.policies.api.deps import PolicyDeps
from services.enrollment.policies.api.policies import visible_policy
from services.enrollment.policies.domain import errors
from services.enrollment.policies.domain.endorsements import (
    Change,
    Endorsement,
    EndorsementKind,
    ItemAdded,
    ItemRemoved,
    NameCorrected,
    PhoneChanged,
)
from services.enrollment.policies.domain.rows import LONGEST_NAME, is_name
from services.enrollment.policies.store import endorsements as store
from services.enrollment.policies.usecases.endorse_policy import endorse_policy
from services.enrollment.products.domain.errors import ProductNotSold
from services.enrollment.products.domain.pricing import Item
from shared.values.clear_text import TextKind
from shared.values.documents import normalize_phone
from shared.values.errors import InvalidField
from shared.values.ids import PolicyId
from shared.web import paging
from shared.web.clear_fields import NOT_IN_CLEAR
from shared.web.models import Day, Identifier, ReplyModel, RequestModel
from shared.web.resource import Call, Callers, Reply, Resource

endorsements = Resource("endorsements", "Changes of policies that run")

ItemReference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"), TextKind.REFERENCE]


class ItemToAdd(RequestModel):
    """One thing more that the policy is to list."""

    reference: ItemReference
    name: Annotated[str, StringConstraints(min_length=1, max_length=120)]


class EndorsementRequest(RequestModel):
    """One change. Beside `kind` send what it needs: `item`, `item_reference`, `phone` or `name`, and nothing else."""

    kind: EndorsementKind
    item: ItemToAdd | None = None
    """With item_added."""
    item_reference: ItemReference | None = None
    """With item_removed."""
    effective_date: Day | None = None
    """With items: the first day with the change; tomorrow, if left out."""
    phone: Annotated[str | None, StringConstraints(min_length=1, max_length=40), NOT_IN_CLEAR] = None
    """With phone_changed: the same person's new number. Cover stays the person's, whoever has the old number."""
    name: Annotated[str | None, StringConstraints(min_length=1, max_length=LONGEST_NAME), NOT_IN_CLEAR] = None
    """With name_corrected: as on the document."""


class EndorsementView(ReplyModel):
    """One change of a policy. Amounts are charged, or given back where below zero."""

    endorsement_id: str
    policy_id: str
    version: int
    """The policy's, after the change."""
    kind: EndorsementKind
    item_reference: str | None
    endorsed_at: datetime
    effective_at: datetime
    premium_delta_fen: int
    tax_delta_fen: int
    """Contained in the premium."""
    compensation_delta_fen: int
    """What of it you keep."""


class EndorsementPath(RequestModel):
    policy_id: Identifier


@endorsements.post(
    "/v1/policies/<policy_id>/endorsements",
    scope="policies:write",
    callers=Callers.PARTNERS,
    reply=EndorsementView,
    about="policy_id",
    matches=True,
    problems=(
        NoContract,
        UnknownPolicy,
        ContractNotRunning,
        ProductNotSold,
        errors.NotEndorsable,
    ),
)
def endorse(call: Call[PolicyDeps], path: EndorsementPath, body: EndorsementRequest) -> Reply[EndorsementView]:
    """Change a policy in force: what it lists, at the premium of the days left; a phone or a name without premium.

    A phone or a name is changed on the renewal that waits for the policy's end as well.
    """
    endorsement = endorse_policy(
        call.tx,
        PolicyId(path.policy_id),
        _change(body, sandbox=call.deps.sandbox),
        tenant=call.caller.tenant,
        actor=call.caller.subject,
        require_match=call.require_match,
        vault=call.deps.vault,
        now=call.now,
    )
    return Reply(_view(endorsement), version=endorsement.version)


@endorsements.get(
    "/v1/policies/<policy_id>/endorsements",
    scope="policies:read",
    callers=Callers.BOTH,
    reply=paging.Page[EndorsementView],
    problems=(NoContract, UnknownPolicy),
)
def list_endorsements(
    call: Call[PolicyDeps], path: EndorsementPath, query: paging.PageQuery
) -> Reply[paging.Page[EndorsementView]]:
    """The changes of one of your policies, in the order in which they were made."""
    policy_id = visible_policy(call, path.policy_id).policy_id
    found = store.page(call.tx, policy_id, after_version=query.after(int, first=0), limit=query.limit + 1)
    return Reply(paging.Page[EndorsementView].cut(found, query, _view, lambda last: (last.version,)))


def _change(body: EndorsementRequest, *, sandbox: bool) -> Change:
    """The change that is asked for; what belongs to another kind is refused."""
    needed = {"item_added": "item", "item_removed": "item_reference", "phone_changed": "phone"}.get(body.kind, "name")
    for field in ("item", "item_reference", "phone", "name"):
        given = getattr(body, field) is not None
        if given != (field == needed):
            what = "is needed" if field == needed else "does not belong"
            raise InvalidField(f"/{field}", f"This {what} with {body.kind}.", "Send what the kind needs alone.")
    if body.effective_date is not None and body.kind not in {"item_added", "item_removed"}:
        raise InvalidField("/effective_date", f"With {body.kind} it counts at once.", "Leave it out.")
    match body:
        case EndorsementRequest(item=ItemToAdd(reference=reference, name=name)):
            return ItemAdded(Item(reference, name), body.effective_date)
        case EndorsementRequest(item_reference=str(reference)):
            return ItemRemoved(reference, body.effective_date)
        case EndorsementRequest(phone=str(phone)):
            return PhoneChanged(normalize_phone(phone, sandbox=sandbox))
        case _:
            name = (body.name or "").strip()
            if not is_name(name):
                raise InvalidField("/name", "The name is missing or not readable.", "Send the name as on the document.")
            return NameCorrected(name)


def _view(each: Endorsement) -> EndorsementView:
    return EndorsementView.of(
        each,
        item_reference=each.item,
        premium_delta_fen=each.amounts.premium,
        tax_delta_fen=each.amounts.tax,
        compensation_delta_fen=each.amounts.compensation,
    )
