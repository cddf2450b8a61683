"""What a policy is sold under: whose contract, which version, at what price. Contracts and products say what it is."""

from __future__ import annotations

from dataclasses import dataclass

from services.enrollment.products.domain.compensation import CompensationKind
from shared.values.money import Fen


@dataclass(frozen=True, slots=True)
class SoldUnder:
    """What all policies of one store call share."""

    partner_no: int
    product_id: int
    product_version: int
    premium: Fen
    tax: Fen
    compensation: Fen
    compensation_kind: CompensationKind
    stacks_by: int
    """0, or the partner_no where each partner's cover of one person pays its share."""
