"""The policy behind a claim as its reviewer sees it: what is covered, what is used of it, what its terms leave out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.coverage.domain.cover import Coverage, liability, listed_at
from services.fraud_detection.coverage.store import coverage, coverage_items, products
from services.fraud_detection.decisions.store import limits
from shared.db.transaction import Tx
from shared.web.models import ReplyModel


class CoverView(ReplyModel):
    """The policy as enrollment last told it."""

    partner_id: str
    product_code: str
    product_version: int
    effective_from: datetime
    effective_to: datetime
    waits_from: datetime
    """From when waiting days count: a renewal keeps that of the first policy."""
    retroactive_from: datetime | None
    canceled: bool
    erased: bool
    """The person was erased on request; tokens that begin with 00 name nobody."""
    birth_year: int
    items: list[str]
    """What it listed when the loss happened, or with claims-made when the act did."""
    reserved_fen: int
    """What approved claims took of its annual limit."""
    reserved_by_liability_fen: dict[str, int]
    shares_with: int
    """How many other policies of the same person may pay shares of a loss."""


class ExclusionView(ReplyModel):
    """What the terms do not pay for; a refusal on its ground names the code as its finding."""

    code: str
    text_zh: str
    text_en: str


def cover(tx: Tx, claim: Claim, found: Coverage) -> CoverView:
    listing = replace(found, listings=coverage_items.of_policies(tx, [claim.policy_id]).get(claim.policy_id, ()))
    return CoverView.of(
        found,
        waits_from=found.began,
        items=sorted(listed_at(listing, claim.occurred_at)),
        reserved_fen=limits.use(tx, [claim])[claim.claim_id].reserved_fen,
        reserved_by_liability_fen=limits.of_liabilities(tx, claim.policy_id),
        shares_with=len(coverage.beside(tx, [found]).get(found.policy_id, ())),
    )


def exclusions(tx: Tx, claim: Claim, found: Coverage) -> list[ExclusionView]:
    product = products.find(tx, found.product_code, found.product_version)
    terms = None if product is None else liability(product, claim.liability)
    return [ExclusionView.of(each) for each in (terms.exclusions if terms else ())]
