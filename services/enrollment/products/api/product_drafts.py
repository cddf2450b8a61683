"""Proposed product versions over HTTP: one person proposes, another one decides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from services.enrollment.products.api.product_models import (
    ChangeView,
    DraftTerms,
    ProductTerms,
    WordsView,
    change_view,
    draft_terms,
    words_view,
)
from services.enrollment.products.domain import errors
from services.enrollment.products.domain.drafts import Draft, DraftState
from services.enrollment.products.domain.product_comparison import Change, compare
from services.enrollment.products.domain.product_explanation import explain
from services.enrollment.products.domain.product_explanation import never_sold as explain_never_sold
from services.enrollment.products.domain.product_words import Words
from services.enrollment.products.domain.products import never_sold
from services.enrollment.products.store import product_drafts as store
from services.enrollment.products.store import products
from services.enrollment.products.usecases.decide_draft import approve_draft, reject_draft
from services.enrollment.products.usecases.propose_product import propose_product
from shared.events.products import ProductPublished
from shared.values.ids import ProductCode
from shared.web import paging
from shared.web.models import Identifier, ProductSlug, ReplyModel, RequestModel, ShortText
from shared.web.resource import Call, Callers, Reply, Resource

product_drafts = Resource("product drafts", "Proposed product versions: published when a second person approves them")

MAX_TERMS = 512 * 1024
"""Bytes. Enterprise cyber cover has 12,000; a hundred exclusions and questions in two languages fit as well."""


class DraftHead(ReplyModel):
    """A proposed version without its terms."""

    draft_id: str
    product_code: str
    product_version: int
    """Its number, once it is approved."""
    state: DraftState
    begins_when_approved: bool
    """Whether no time of sale was given, so that it is sold from its approval on."""
    proposed_at: datetime
    proposed_by: str
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None


class DraftView(DraftHead):
    """A proposed version as the person reads it who approves it."""

    terms: DraftTerms
    """Once it is approved, those of the version that was published."""
    changes: list[ChangeView]
    """What it changes in the version before it; empty for a new product."""
    explanation: list[WordsView]
    """The product in plain words, made from the terms."""
    never_sold: list[WordsView]
    """Published versions whose sale has not begun and never will, for this one begins no later than they would."""


class DraftRejection(RequestModel):
    """Why it should not be sold like this."""

    reason: ShortText


class DraftPath(RequestModel):
    draft_id: Identifier


class DraftQuery(paging.PageQuery):
    state: DraftState | None = None
    product_code: ProductSlug | None = None


@product_drafts.post(
    "/v1/product-drafts",
    scope="product-drafts:write",
    callers=Callers.STAFF,
    reply=DraftView,
    max_body=MAX_TERMS,
)
def propose(call: Call[object], body: ProductTerms) -> Reply[DraftView]:
    """Propose a product's first or next version. It is published when another person approves it."""
    draft = propose_product(
        call.tx,
        body.as_version(call.now),
        begins_when_approved=body.effective_from is None,
        actor=call.caller.subject,
        now=call.now,
    )
    return Reply(_view(call, draft), headers={"Location": f"/v1/product-drafts/{draft.draft_id}"})


@product_drafts.get(
    "/v1/product-drafts",
    scope="product-drafts:read",
    callers=Callers.STAFF,
    reply=paging.Page[DraftHead],
)
def list_drafts(call: Call[object], query: DraftQuery) -> Reply[paging.Page[DraftHead]]:
    """Drafts in the order of their proposal; those that wait for a decision with `state=proposed`."""
    after = paging.decode(query.cursor, UUID)
    found = store.page(
        call.tx,
        state=query.state,
        product_code=query.product_code,
        after=None if after is None else after[0],
        limit=query.limit + 1,
    )
    shown, cursor = paging.page(found, query.limit, lambda last: (last.draft_id,))
    return Reply(paging.Page[DraftHead](items=[DraftHead(**_head(draft)) for draft in shown], next_cursor=cursor))


@product_drafts.get(
    "/v1/product-drafts/<draft_id>",
    scope="product-drafts:read",
    callers=Callers.STAFF,
    reply=DraftView,
    problems=(errors.UnknownDraft,),
)
def show_draft(call: Call[object], path: DraftPath) -> Reply[DraftView]:
    """One draft with its terms, what they change, and the product in plain words."""
    draft = store.draft(call.tx, path.draft_id)
    if draft is None:
        raise errors.UnknownDraft(path.draft_id)
    return Reply(_view(call, draft))


@product_drafts.post(
    "/v1/product-drafts/<draft_id>/approval",
    scope="product-drafts:decide",
    callers=Callers.STAFF,
    reply=DraftView,
    problems=(
        errors.UnknownDraft,
        errors.DraftDecided,
        errors.SecondPersonNeeded,
        errors.DraftOutdated,
        errors.DraftTooLate,
    ),
)
def approve(call: Call[object], path: DraftPath) -> Reply[DraftView]:
    """Publish the draft as the next version. It takes another person than the one who proposed it."""
    return Reply(_view(call, approve_draft(call.tx, path.draft_id, actor=call.caller.subject, now=call.now)))


@product_drafts.post(
    "/v1/product-drafts/<draft_id>/rejection",
    scope="product-drafts:decide",
    callers=Callers.STAFF,
    reply=DraftView,
    problems=(errors.UnknownDraft, errors.DraftDecided),
)
def reject(call: Call[object], path: DraftPath, body: DraftRejection) -> Reply[DraftView]:
    """Refuse the draft, or take your own one back."""
    draft = reject_draft(call.tx, path.draft_id, body.reason, actor=call.caller.subject, now=call.now)
    return Reply(_view(call, draft))


def _view(call: Call[object], draft: Draft) -> DraftView:
    code, terms = ProductCode(draft.terms.product_code), draft.terms
    if draft.state == "approved":
        terms = products.version(call.tx, code, terms.product_version).terms
    from_approval = draft.begins_when_approved and draft.state != "approved"
    older = [each for each in products.versions(call.tx, code) if each.product_version <= draft.based_on]
    return DraftView(
        **_head(draft),
        terms=draft_terms(terms, from_approval=from_approval),
        changes=[change_view(change) for change in _changes(older, terms, from_approval=from_approval)],
        explanation=[words_view(words) for words in explain(terms, from_approval=from_approval)],
        never_sold=[words_view(words) for words in _never_sold(call, draft, older, terms)],
    )


def _changes(older: Sequence[ProductPublished], terms: ProductPublished, *, from_approval: bool) -> tuple[Change, ...]:
    """Against the newest of the ``older`` versions; that it begins with its approval is no change of its terms."""
    if not older:
        return ()
    begins = older[-1].effective_from if from_approval else terms.effective_from
    return compare(older[-1], msgspec.structs.replace(terms, effective_from=begins))


def _never_sold(
    call: Call[object], draft: Draft, older: Sequence[ProductPublished], terms: ProductPublished
) -> tuple[Words, ...]:
    if draft.state == "rejected":
        return ()
    waits = draft.begins_when_approved and draft.state == "proposed"
    begins = call.now if waits else terms.effective_from
    return explain_never_sold(never_sold(older, msgspec.structs.replace(terms, effective_from=begins)))


def _head(draft: Draft) -> dict[str, object]:
    return {
        "draft_id": draft.draft_id,
        "product_code": draft.terms.product_code,
        "product_version": draft.terms.product_version,
        "state": draft.state,
        "begins_when_approved": draft.begins_when_approved,
        "proposed_at": draft.proposed_at,
        "proposed_by": draft.proposed_by,
        "decided_at": draft.decided_at,
        "decided_by": draft.decided_by,
        "reason": draft.reason,
    }
