"""Claims that are not handed in yet, over HTTP: begun, changed, read, handed in, deleted, by the client that made them.

What a draft lacks and what is wrong in it is said each time; what it is filed as is ``POST /v1/claims``'.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal, TypeVar
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from services.fraud_detection.claims.domain import claims as domain
from services.fraud_detection.claims.domain import errors
from services.fraud_detection.claims.domain.police import ToldPaper
from services.fraud_detection.claims.domain.representatives import ToldRepresentative
from services.fraud_detection.claims.store import drafts as store
from services.fraud_detection.claims.store.drafts import Client, Draft
from services.fraud_detection.filing.api.claim_view import ClaimView, StatusWords, view
from services.fraud_detection.filing.api.claims import ClaimRequest, EvidenceItem, filing_of
from services.fraud_detection.filing.api.claims import reply as claim_reply
from services.fraud_detection.filing.api.deps import Deps
from services.fraud_detection.filing.api.loss_report import OtherCoverReport, PolicePaper, TransferReport
from services.fraud_detection.filing.api.partly import partly
from services.fraud_detection.filing.api.representatives import RepresentativePerson, told_representative
from services.fraud_detection.filing.domain.draft import ToldSoFar, faults
from services.fraud_detection.filing.domain.filing import Filing
from services.fraud_detection.filing.domain.status import status
from services.fraud_detection.filing.domain.told_transfers import ToldTransfer
from services.fraud_detection.filing.usecases import keep_draft
from services.fraud_detection.filing.usecases.keep_draft import Keeper
from shared.privacy.masking import mask_document, mask_name, mask_phone
from shared.values.errors import InvalidField, InvalidFields
from shared.values.ids import ClaimId
from shared.values.shapes import reshape
from shared.web import paging
from shared.web.field_faults import faults_in
from shared.web.models import Identifier, ReplyModel, RequestModel
from shared.web.resource import Call, Callers, Reply, Resource

claim_drafts = Resource("claim-drafts", "Claims that are begun and not handed in")

T = TypeVar("T")
M = TypeVar("M", bound=RequestModel)

_TRANSFERS: Final = TypeAdapter(list[TransferReport])
_PAPERS: Final = TypeAdapter(list[PolicePaper])
_EVIDENCE: Final = TypeAdapter(list[EvidenceItem])
_MASKS: Final = {"name": mask_name, "document_number": mask_document, "phone": mask_phone}
_OTHER_COVERS: Final = TypeAdapter(list[OtherCoverReport])


class ClaimDraft(partly(ClaimRequest, RequestModel, "Draft")):  # type: ignore[misc]  # made while running
    """What is told of a claim so far. To change a draft send what changes: null takes a field away, a list replaces the
    one before (RFC 7396).
    """


class DraftContent(partly(ClaimRequest, ReplyModel, "Told")):  # type: ignore[misc]  # as above
    """What you told so far; documents and phones of the claimant and of who acts for them are masked, and the latter's
    name.
    """


class FieldToMend(ReplyModel):
    """One field, and what to send."""

    pointer: str
    """JSON pointer (RFC 6901) to the field."""
    detail: str
    fix: str


class DraftView(ReplyModel):
    """A claim that is not handed in yet."""

    draft_id: str
    """The claim's id once it is filed."""
    version: int
    state: Literal["draft"] = "draft"
    status: StatusWords
    begun_at: datetime
    changed_at: datetime
    lapses_at: datetime
    """Then it is deleted, changed or not."""
    complete: bool
    """Whether it can be handed in as it is."""
    missing: list[FieldToMend]
    """What has to be told still."""
    faults: list[FieldToMend]
    """What is told and cannot be so."""


class DraftAndContent(DraftView):
    """The same with what it tells."""

    claim: DraftContent


class DraftPath(RequestModel):
    draft_id: Identifier


@claim_drafts.post(
    "/v1/claim-drafts",
    scope="claims:write",
    callers=Callers.PARTNERS,
    reply=DraftView,
    problems=(errors.PolicyErased,),
)
def begin_draft(call: Call[Deps], body: ClaimDraft) -> Reply[DraftView]:
    """Begin a claim without all that it needs. It is kept for 30 days, for your client alone, and decided by nobody."""
    content = merged({}, _sent(body))
    draft = keep_draft.begin(call.tx, _text(content), _told(content), _client(call), _keeper(call), now=call.now)
    shown = DraftView.of(draft, **_state(call, draft, content))
    return Reply(shown, headers={"Location": f"/v1/claim-drafts/{draft.draft_id}"}, version=draft.version)


@claim_drafts.get(
    "/v1/claim-drafts/<draft_id>",
    scope="claims:read",
    callers=Callers.PARTNERS,
    reply=DraftAndContent,
    problems=(errors.UnknownDraft,),
)
def show_draft(call: Call[Deps], path: DraftPath) -> Reply[DraftAndContent]:
    """One of your client's drafts, with what it tells."""
    draft = store.find(call.tx, ClaimId(path.draft_id), _client(call), now=call.now)
    if draft is None:
        raise errors.UnknownDraft(path.draft_id)
    content = _content(call, draft)
    shown = DraftContent.model_validate_json(_text(_masked(content)))
    return Reply(DraftAndContent.of(draft, claim=shown, **_state(call, draft, content)), version=draft.version)


@claim_drafts.get("/v1/claim-drafts", scope="claims:read", callers=Callers.PARTNERS, reply=paging.Page[DraftView])
def list_drafts(call: Call[Deps], query: paging.PageQuery) -> Reply[paging.Page[DraftView]]:
    """Your client's drafts, newest first."""
    found = store.of_client(call.tx, _client(call), before=query.after(UUID), limit=query.limit + 1, now=call.now)
    shown, cursor = paging.page(found, query.limit, lambda last: (last.draft_id,))
    items = [DraftView.of(each, **_state(call, each, _content(call, each))) for each in shown]
    return Reply(paging.Page[DraftView](items=items, next_cursor=cursor))


@claim_drafts.patch(
    "/v1/claim-drafts/<draft_id>",
    scope="claims:write",
    callers=Callers.PARTNERS,
    reply=DraftView,
    matches=True,
    problems=(errors.UnknownDraft, errors.PolicyErased),
)
def change_draft(call: Call[Deps], path: DraftPath, body: ClaimDraft) -> Reply[DraftView]:
    """Tell more of a claim, or tell it otherwise."""
    draft = keep_draft.lock(call.tx, ClaimId(path.draft_id), _client(call), now=call.now)
    call.require_match(draft.version)
    content = merged(_content(call, draft), _sent(body))
    draft = keep_draft.change(call.tx, draft, _text(content), _told(content), _keeper(call), now=call.now)
    return Reply(DraftView.of(draft, **_state(call, draft, content)), version=draft.version)


@claim_drafts.delete(
    "/v1/claim-drafts/<draft_id>",
    scope="claims:write",
    callers=Callers.PARTNERS,
    status=204,
    problems=(errors.UnknownDraft,),
)
def delete_draft(call: Call[Deps], path: DraftPath) -> Reply[ReplyModel]:
    """Delete a draft; nothing is left of it."""
    keep_draft.delete(call.tx, ClaimId(path.draft_id), _client(call), now=call.now)
    return Reply(None)


@claim_drafts.post(
    "/v1/claim-drafts/<draft_id>/submission",
    scope="claims:write",
    callers=Callers.PARTNERS,
    status=202,
    reply=ClaimView,
    about="claim_id",
    problems=(errors.UnknownDraft, errors.PolicyErased),
)
def submit_draft(call: Call[Deps], path: DraftPath) -> Reply[ClaimView]:
    """Hand a draft in, as it is: from then on it is the claim of that id. Said again, it changes nothing."""
    draft_id, client = ClaimId(path.draft_id), _client(call)
    draft = store.lock(call.tx, draft_id, client, now=call.now)
    if draft is None:
        claim = keep_draft.handed_in(call.tx, draft_id, client)
    else:
        claim = keep_draft.hand_in(call.tx, draft, _filing(call, draft), _keeper(call), now=call.now)
    return claim_reply(claim, view(call.tx, claim, call.deps.personal_data))


def _filing(call: Call[Deps], draft: Draft) -> Filing:
    content = _content(call, draft)
    found = _to_mend(call, content)
    if found:
        raise InvalidFields(tuple(found))
    return filing_of(ClaimRequest.model_validate_json(_text(content)))


def merged(into: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """``into`` after a change as RFC 7396 merges it: null removes, objects are merged, anything else replaces."""
    found = dict(into)
    for name, value in change.items():
        if value is None:
            found.pop(name, None)
        elif isinstance(value, dict):
            before = found.get(name)
            found[name] = merged(before if isinstance(before, dict) else {}, value)
        else:
            found[name] = value
    return found


def _sent(body: ClaimDraft) -> dict[str, Any]:
    sent: dict[str, Any] = body.model_dump(mode="json", exclude_unset=True)
    return sent


def _text(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False)


def _content(call: Call[Deps], draft: Draft) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(keep_draft.content_of(call.tx, draft, _keeper(call)))
    return content


def _client(call: Call[Deps]) -> Client:
    return Client(call.caller.tenant, call.caller.client_id)


def _masked(content: Mapping[str, Any]) -> dict[str, Any]:
    """What the client needs no more than to know again is masked; the rest is its own words, to go on with."""
    masked = dict(content)
    for person in ("claimant", "representative"):
        if content.get(person):
            masked[person] = {
                name: _MASKS[name](value) if name in _MASKS else value for name, value in content[person].items()
            }
    return masked


def _keeper(call: Call[Deps]) -> Keeper:
    return Keeper(call.deps.personal_data, call.deps.terms, call.deps.sandbox)


def _state(call: Call[Deps], draft: Draft, content: Mapping[str, Any]) -> dict[str, Any]:
    """How far it is: what stands in its view beside its row."""
    found = _to_mend(call, content)
    absent = [each for each in found if _at(content, each.pointer) is None]
    told = [each for each in found if _at(content, each.pointer) is not None]
    return {
        "state": "draft",
        "status": StatusWords.of(status("draft", by=draft.lapses_at)),
        "complete": not found,
        "missing": [FieldToMend.of(each) for each in absent],
        "faults": [FieldToMend.of(each) for each in told],
    }


def _to_mend(call: Call[Deps], content: Mapping[str, Any]) -> list[InvalidField]:
    """All that keeps the draft from being filed, each field once."""
    told = _told(content)
    product = keep_draft.terms_for(call.tx, told, _keeper(call))
    found = [*_lacking(content), *faults(told, product, sandbox=call.deps.sandbox, now=call.now)]
    if _at(content, "/loss/transfers") and not told.transfers:  # their sum is not known yet
        found = [each for each in found if each.pointer != "/loss/amount_fen"]
    return list({each.pointer: each for each in reversed(found)}.values())[::-1]


def _lacking(content: Mapping[str, Any]) -> list[InvalidField]:
    """What a claim must have by its model; of an object that is not begun, each of its fields."""
    begun = {"claimant": {}, "loss": {}, **content}
    try:
        ClaimRequest.model_validate_json(_text(begun))
    except ValidationError as error:
        return [InvalidField(each.pointer, each.detail, each.fix) for each in faults_in(error, ClaimRequest, "body")]
    return []


def _at(content: Mapping[str, Any], pointer: str) -> Any:
    """What the draft tells at this place; None where it tells nothing."""
    place: Any = content
    for part in pointer.split("/")[1:]:
        if isinstance(place, list):
            place = place[int(part)] if int(part) < len(place) else None
        else:
            place = place.get(part) if isinstance(place, dict) else None
    return place


def _told(content: Mapping[str, Any]) -> ToldSoFar:
    draft = ClaimDraft.model_validate_json(_text(content))
    claimant, loss = draft.claimant, draft.loss

    def of(part: Any, *names: str) -> dict[str, Any]:
        return {name: None if part is None else getattr(part, name) for name in names}

    return ToldSoFar(
        **of(draft, "policy_id", "liability", "event_reference", "item_reference", "other_insurance_fen"),
        **of(claimant, "document_type", "document_number", "phone"),
        **of(loss, "scam_type", "occurred_at", "discovered_at", "reported_at", "amount_fen"),
        transfers=_complete(_at(content, "/loss/transfers"), _TRANSFERS, ToldTransfer),
        police=_complete(content.get("police"), _PAPERS, ToldPaper),
        evidence=_complete(content.get("evidence"), _EVIDENCE, domain.Evidence),
        representative=_representative(content),
        other_covers=_complete(content.get("other_covers"), _OTHER_COVERS, domain.OtherCover),
    )


def _representative(content: Mapping[str, Any]) -> ToldRepresentative | None:
    """Who acts, or nothing where a part of it is missing."""
    try:
        return told_representative(RepresentativePerson.model_validate_json(_text(content.get("representative") or {})))
    except ValidationError:
        return None


def _complete(value: object, shape: TypeAdapter[list[M]], into: type[T]) -> tuple[T, ...]:
    """The parts of a list, or nothing where one of them lacks what it must have."""
    try:
        parts = shape.validate_json(json.dumps(value or []))
    except ValidationError:
        return ()
    return tuple(reshape(each, into) for each in parts)
