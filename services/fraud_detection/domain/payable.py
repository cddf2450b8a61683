"""What is to be paid for a loss: indemnity, deductibles, percentage, limits, in this order. Rounds down to the fen."""

from __future__ import annotations

from dataclasses import dataclass

from services.fraud_detection.domain.claims import Claim
from services.fraud_detection.domain.cover import LimitUse, Product
from shared.values.money import Fen


@dataclass(frozen=True, slots=True)
class Payable:
    """``amount_fen`` to pay, and ``deductible_fen`` of the annual deductible that this claim takes."""

    amount_fen: Fen
    deductible_fen: Fen


def annual_left(product: Product, use: LimitUse) -> Fen:
    return Fen(max(0, product.annual_limit_fen - use.reserved_fen))


def event_limit(product: Product, claim: Claim) -> Fen:
    """The limit for one loss of this scam type: the sub-limit where the product has one."""
    treatment = product.scam_types.get(claim.scam_type)
    if treatment is not None and treatment.cover == "sub_limit" and treatment.limit_fen is not None:
        return Fen(min(product.event_limit_fen, treatment.limit_fen))
    return Fen(product.event_limit_fen)


def payable(product: Product, claim: Claim, use: LimitUse) -> Payable:
    """Indemnity only: what came back, or another insurer pays, is no loss any more."""
    loss = max(0, claim.amount_fen - claim.recovered_fen - claim.other_insurance_fen)
    after_event = max(0, loss - product.event_deductible_fen)
    annual_deductible = min(after_event, max(0, product.annual_deductible_fen - use.deductible_fen))
    share = (after_event - annual_deductible) * product.pay_percent // 100
    return Payable(
        Fen(min(share, event_limit(product, claim), annual_left(product, use))),
        Fen(annual_deductible),
    )
