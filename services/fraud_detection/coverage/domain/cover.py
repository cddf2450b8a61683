"""What a claim is held against: terms, the policy as enrollment last told it, and what is used of its limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

import msgspec

from shared.events.products import Liability, ProductPublished
from shared.values.ids import PartnerId, PolicyId, ProductCode, TokenHex
from shared.values.money import Fen

Product: TypeAlias = ProductPublished
"""The terms are what was published, word for word; a version never changes."""

FRAUD_LOSS: Final = "fraud_loss"
"""The one liability of a product that lists none: its limits, matrix and evidence are the product's own."""

NO_FEN: Final = Fen(0)


@dataclass(frozen=True, slots=True)
class Listing:
    """From a moment on, by one version of the policy, it lists a thing, or lists it no more."""

    reference: str
    version: int
    counts_from: datetime
    listed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """One policy. ``effective_to`` is the newest word on its end: an early end by a cancellation included.

    ``waits_from`` is where waiting days are counted from, if not from ``effective_from``: a renewal keeps that of the
    first policy. ``retroactive_from`` stands with products that are claims-made. ``stacks``: the person may hold the
    product several times, and each policy pays its share of a loss. ``erased``: the person is forgotten here.
    """

    policy_id: PolicyId
    partner_id: PartnerId
    product_code: ProductCode
    product_version: int
    person_token: TokenHex
    phone_token: TokenHex
    birth_year: int
    effective_from: datetime
    effective_to: datetime
    canceled: bool = False
    waits_from: datetime | None = None
    retroactive_from: datetime | None = None
    stacks: bool = False
    erased: bool = False
    name_token: TokenHex | None = None
    """Of the insured's name; none where it was not told."""
    name_masked: str | None = None
    """Of few insureds alone: those whose name a person has to see."""
    listings: tuple[Listing, ...] = ()
    """Of a product that lists things one by one."""
    renewals: tuple[Renewal, ...] = ()
    """With claims_made, for a claim made after the term: the policies that follow this one, one after the other."""

    @property
    def began(self) -> datetime:
        """When the person's cover first began, renewals looked through."""
        return self.waits_from or self.effective_from


@dataclass(frozen=True, slots=True)
class Renewal:
    """A policy that follows another one without a gap, with the terms of its version. Renewals of its own are left out:
    those of the first policy hold them.
    """

    coverage: Coverage
    product: Product


def listed_at(coverage: Coverage, moment: datetime) -> frozenset[str]:
    """What the policy listed at that moment, by its newest version that counted then.

    What it listed when it was sold counts for all that it answers for: with claims_made, for acts before it too.
    """
    counting = [each for each in coverage.listings if each.version == 1 or each.counts_from <= moment]
    newest = {each.reference: each.listed for each in sorted(counting, key=lambda each: each.version)}
    return frozenset(reference for reference, listed in newest.items() if listed)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitUse:
    """What one claim finds used of a policy: of its annual limit and deductible, and of one liability's limit.

    ``deductible_fen`` is what the other claims bore. ``replaced_fen`` is what this claim itself bore by an earlier
    decision: the next one takes its place.
    """

    reserved_fen: Fen
    deductible_fen: Fen
    liability_fen: Fen = NO_FEN
    replaced_fen: Fen = NO_FEN


NOTHING_USED: Final = LimitUse(reserved_fen=NO_FEN, deductible_fen=NO_FEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How far this policy answers for a loss beside others: ``part`` of ``whole`` of it.

    ``beside`` are the person's other policies that may pay shares of it, ``loss_paid_fen`` what they paid for it.
    ``event_paid_fen`` is what this policy paid for the same event, ``event_paid_here_fen`` what of it under the same
    liability, ``event_paid_of_type_fen`` what of that for the same scam type or another part of the claim.
    ``event_deductible_fen`` is what other claims of the event bore of its deductible under this liability.
    """

    part: int = 1
    whole: int = 1
    beside: frozenset[PolicyId] = frozenset()
    loss_paid_fen: Fen = NO_FEN
    event_paid_fen: Fen = NO_FEN
    event_paid_here_fen: Fen = NO_FEN
    event_paid_of_type_fen: Fen = NO_FEN
    event_deductible_fen: Fen = NO_FEN


ALONE: Final = Share()


def liability_codes(product: Product) -> tuple[str, ...]:
    """What a claim under this product may name."""
    return tuple(each.code for each in product.liabilities) or (FRAUD_LOSS,)


def liability(product: Product, code: str) -> Liability | None:
    """The terms of one liability; None if the product has none by that code.

    The evidence and the exclusions of the product hold for each of its liabilities.
    """
    if not product.liabilities:
        return _own_cover(product) if code == FRAUD_LOSS else None
    found = next((each for each in product.liabilities if each.code == code), None)
    if found is None:
        return None
    return msgspec.structs.replace(
        found,
        exclusions=[*product.exclusions, *found.exclusions],
        required_evidence=list(dict.fromkeys((*product.required_evidence, *found.required_evidence))),
    )


def depends_on_scam_type(product: Product, code: str) -> bool:
    """Whether a claim must say what kind of scam it was: not where the liability's matrix is empty."""
    found = liability(product, code)
    return not product.liabilities or (found is not None and bool(found.scam_types))


def _own_cover(product: Product) -> Liability:
    return Liability(
        code=FRAUD_LOSS,
        name_zh=product.name_zh,
        name_en=product.name_en,
        event_limit_fen=product.event_limit_fen,
        annual_limit_fen=product.annual_limit_fen,
        event_deductible_fen=product.event_deductible_fen,
        pay_percent=product.pay_percent,
        exclusions=product.exclusions,
        scam_types=product.scam_types,
        required_evidence=product.required_evidence,
    )
