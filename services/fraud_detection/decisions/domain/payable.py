"""What is to be paid for a loss: indemnity, deductibles, percentage, share, limits, in this order; down to the fen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.coverage.domain.cover import ALONE, NO_FEN, LimitUse, Product, Share, liability
from shared.events.products import Liability
from shared.values.money import Fen


@dataclass(frozen=True, slots=True)
class Payable:
    """``amount_fen`` to pay, and what this claim takes of the annual and of the event's deductible."""

    amount_fen: Fen
    deductible_fen: Fen
    event_deductible_fen: Fen = NO_FEN


@dataclass(frozen=True, slots=True, kw_only=True)
class AmongInsurers:
    """How an approval shared a loss with other insurers: of ``whole_fen`` insured, ``part_fen`` are this policy's.

    ``open_fen`` is what of the loss nobody had paid when this policy paid its part.
    """

    part_fen: Fen
    whole_fen: Fen
    open_fen: Fen


NOTHING_PAYABLE: Final = Payable(NO_FEN, NO_FEN)


def annual_limit(product: Product, claim: Claim) -> Fen:
    """The most that is paid for such claims in the policy's year: the liability's limit, under the product's own."""
    terms = liability(product, claim.liability)
    return Fen(0 if terms is None else min(product.annual_limit_fen, terms.annual_limit_fen))


def annual_left(product: Product, claim: Claim, use: LimitUse) -> Fen:
    terms = liability(product, claim.liability)
    if terms is None:
        return Fen(0)
    of_product = product.annual_limit_fen - use.reserved_fen
    of_liability = terms.annual_limit_fen - use.liability_fen
    return Fen(max(0, min(of_product, of_liability)))


def event_limit(product: Product, claim: Claim) -> Fen:
    """The limit for one loss of this liability and scam type: the sub-limit where there is one."""
    terms = liability(product, claim.liability)
    if terms is None:
        return Fen(0)
    limit = min(product.event_limit_fen, terms.event_limit_fen)
    treatment = terms.scam_types.get(claim.scam_type)
    if treatment is not None and treatment.cover == "sub_limit" and treatment.limit_fen is not None:
        return Fen(min(limit, treatment.limit_fen))
    return Fen(limit)


def event_left(product: Product, claim: Claim, share: Share) -> Fen:
    """What the policy paid for the event leaves of the scam type's sub-limit, of the liability's limit for it, and of
    the product's own over all. Only what was paid for the scam type itself uses up its sub-limit.
    """
    terms = liability(product, claim.liability)
    if terms is None:
        return Fen(0)
    of_product = product.event_limit_fen - share.event_paid_fen
    of_liability = terms.event_limit_fen - share.event_paid_here_fen
    of_scam_type = event_limit(product, claim) - share.event_paid_of_type_fen
    return Fen(max(0, min(of_scam_type, of_liability, of_product)))


def still_lost(claim: Claim) -> Fen:
    """Indemnity only: what came back, or another insurer pays, is no loss any more."""
    return Fen(max(0, claim.amount_fen - claim.recovered_fen - claim.other_insurance_fen))


def is_shared_with_insurers(product: Product, claim: Claim) -> bool:
    """Whether other insurers bear their parts of the loss. Where the claim tells no cover of theirs nobody knows in
    what proportion, and what they paid is taken off the loss.
    """
    return product.other_insurance == "pro_rata" and bool(claim.other_covers)


def insured_elsewhere(product: Product, claim: Claim) -> Fen:
    """The sums that other insurers insure the loss for, where they bear their parts of it."""
    if not is_shared_with_insurers(product, claim):
        return NO_FEN
    return Fen(sum(each.sum_insured_fen for each in claim.other_covers))


def loss_to_bear(product: Product, claim: Claim) -> Fen:
    """What the policy bears its part of. What another insurer paid of its own part lessens no other part."""
    if is_shared_with_insurers(product, claim):
        return Fen(max(0, claim.amount_fen - claim.recovered_fen))
    return still_lost(claim)


def payable(product: Product, claim: Claim, use: LimitUse, share: Share = ALONE) -> Payable:
    """The liability's terms under the product's limits.

    Where several policies answer for the loss, of one insurer or several, each pays its part of what it would pay alone
    (Insurance Law of the PRC, art. 56), takes that part of its deductible, and together they never pay more than the
    loss: what others paid beyond their parts leaves less to pay here.
    """
    terms = liability(product, claim.liability)
    if terms is None:
        return NOTHING_PAYABLE
    loss = loss_to_bear(product, claim)
    event_deductible, annual_deductible = deductibles(product, claim, use, share, terms)
    own_part = (loss - event_deductible - annual_deductible) * terms.pay_percent * share.part // (100 * share.whole)
    unpaid = still_lost(claim) - share.loss_paid_fen
    left = min(event_left(product, claim, share), annual_left(product, claim, use), unpaid)
    return Payable(
        Fen(max(0, min(own_part, left))),
        Fen(annual_deductible * share.part // share.whole),
        Fen(event_deductible),
    )


def is_within_deductibles(product: Product, claim: Claim, use: LimitUse, share: Share) -> bool:
    """Whether nothing of the loss is left once the event's and the year's deductible are taken off."""
    terms = liability(product, claim.liability)
    return terms is not None and sum(deductibles(product, claim, use, share, terms)) >= loss_to_bear(product, claim)


def deductibles(product: Product, claim: Claim, use: LimitUse, share: Share, terms: Liability) -> tuple[int, int]:
    """What the insured bears of the loss for the event and for the year, before shares."""
    loss = loss_to_bear(product, claim)
    of_event = min(loss, max(0, terms.event_deductible_fen - share.event_deductible_fen))
    return of_event, min(loss - of_event, max(0, product.annual_deductible_fen - use.deductible_fen))


def among_insurers(product: Product, claim: Claim, share: Share, paid_fen: Fen) -> AmongInsurers | None:
    """How an approval that pays ``paid_fen`` shares the loss with other insurers; None where it does not."""
    if not is_shared_with_insurers(product, claim):
        return None
    left = still_lost(claim) - share.loss_paid_fen - paid_fen
    return AmongInsurers(part_fen=Fen(share.part), whole_fen=Fen(share.whole), open_fen=Fen(max(0, left)))
