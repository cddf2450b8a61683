"""Decides on a proposed product version: another person approves it, and it is published at once, or it is rejected."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import msgspec

from services.enrollment.products.domain.drafts import Draft, check_approvable, check_decidable
from services.enrollment.products.domain.errors import UnknownDraft
from services.enrollment.products.domain.pricing import lowest_premium
from services.enrollment.products.domain.products import check_terms
from services.enrollment.products.store import product_drafts, products, service_fees
from services.enrollment.products.usecases.publish_product import publish
from shared.db import audit
from shared.db.transaction import Tx
from shared.events.products import ProductPublished
from shared.values.errors import InvalidField
from shared.values.ids import ProductCode


def approve_draft(tx: Tx, draft_id: str, *, actor: str, now: datetime) -> Draft:
    """The draft as approved; its version is published in the same transaction.

    Raises:
        UnknownDraft, DraftDecided, SecondPersonNeeded, DraftOutdated, DraftTooLate: not by this person, or not so.
        InvalidFields: the rules for terms became stricter since it was proposed.
        InvalidField: it costs less than a partner keeps of each policy.
    """
    service_fees.hold_fees(tx)
    draft = _locked(tx, draft_id)
    product_id, newest = products.lock(tx, ProductCode(draft.terms.product_code))
    check_approvable(draft, by=actor, newest=newest, now=now)
    begins = now if draft.begins_when_approved else draft.terms.effective_from
    terms = msgspec.structs.replace(draft.terms, effective_from=begins)
    check_terms(terms)
    _check_fees(tx, terms)
    product_drafts.decide(tx, draft_id, "approved", by=actor, at=now)
    publish(tx, product_id, terms, actor=actor, now=now)
    return replace(draft, terms=terms, state="approved", decided_at=now, decided_by=actor)


def reject_draft(tx: Tx, draft_id: str, reason: str, *, actor: str, now: datetime) -> Draft:
    """The draft as rejected; who proposed it may take it back in this way.

    Raises:
        UnknownDraft, DraftDecided: there is none, or it is decided.
    """
    draft = _locked(tx, draft_id)
    check_decidable(draft)
    product_drafts.decide(tx, draft_id, "rejected", by=actor, at=now, reason=reason)
    details = {"product_code": draft.terms.product_code}
    audit.record(tx, actor=actor, action="product.rejected", subject=draft_id, details=details, now=now)
    return replace(draft, state="rejected", decided_at=now, decided_by=actor, reason=reason)


def _check_fees(tx: Tx, terms: ProductPublished) -> None:
    """Of no policy is more kept than was paid; contracts are held to the same by keep_partner."""
    kept = service_fees.highest_service_fee(tx, ProductCode(terms.product_code))
    if kept is not None and kept[1] > lowest_premium(terms):
        detail = f"The premium is less than the {kept[1]} fen that {kept[0]} keeps of each policy as its service fee."
        raise InvalidField("/premium_fen", detail, "Change that contract first, or propose a higher premium.")


def _locked(tx: Tx, draft_id: str) -> Draft:
    draft = product_drafts.draft(tx, draft_id, lock=True)
    if draft is None:
        raise UnknownDraft(draft_id)
    return draft
