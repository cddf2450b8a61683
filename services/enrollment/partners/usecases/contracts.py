"""What the caller's contract lets it sell now, read once at the start of an enrollment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.enrollment.partners.domain.errors import NoContract
from services.enrollment.partners.domain.partners import Contract, check_may_sell
from services.enrollment.partners.domain.sold_under import SoldUnder
from services.enrollment.partners.store import partners
from services.enrollment.products.domain.compensation import compensation_of, tax_in
from services.enrollment.products.domain.cover import today_of
from services.enrollment.products.domain.errors import ProductNotSold
from services.enrollment.products.domain.products import sold_at
from services.enrollment.products.store import products
from services.enrollment.products.store.products import SoldProduct
from shared.db.transaction import Tx
from shared.events.products import ProductPublished
from shared.values.ids import INSURER, PartnerId, ProductCode
from shared.values.money import Fen


@dataclass(frozen=True, slots=True)
class Sale:
    """A product version that a partner may sell."""

    contract: Contract
    product: SoldProduct

    @property
    def under(self) -> SoldUnder:
        """At the premium of the terms, which is that of each policy unless the product rates the risk."""
        return self.at(Fen(self.product.terms.premium_fen))

    def at(self, premium: Fen) -> SoldUnder:
        terms = self.product.terms
        tax = tax_in(premium, terms.tax_basis_points)
        return SoldUnder(
            partner_no=self.contract.partner_no,
            product_id=self.product.product_id,
            product_version=terms.product_version,
            premium=premium,
            tax=tax,
            compensation=compensation_of(premium, tax, self.contract.compensation),
            compensation_kind=self.contract.compensation.kind,
            stacks_by=self.contract.partner_no if terms.stacking == "pro_rata" else 0,
        )


def contract_of(tx: Tx, tenant: str) -> Contract:
    """The contract of the partner whose token this is.

    Raises:
        NoContract: the tenant is no partner.
    """
    contract = partners.contract(tx, PartnerId(tenant))
    if contract is None:
        raise NoContract(tenant)
    return contract


def seen_by(tx: Tx, tenant: str) -> int | None:
    """The number of the one partner whose data this tenant sees; None for the insurer, who sees that of all.

    Raises:
        NoContract: the tenant is no partner, and not the insurer.
    """
    return None if tenant == INSURER else contract_of(tx, tenant).partner_no


class KnownTerms:
    """Product versions that this process has read. A version never changes, so each is read and decoded once."""

    def __init__(self) -> None:
        self._terms: dict[tuple[int, int], ProductPublished] = {}

    def of(self, tx: Tx, product_id: int, version: int) -> ProductPublished:
        """The terms of a version that is stored."""
        known = self._terms.get((product_id, version))
        if known is None:
            known = self._terms[product_id, version] = products.version(tx, product_id, version).terms
        return known


def sale_of(tx: Tx, tenant: str, product_code: ProductCode, now: datetime, *, known: KnownTerms | None = None) -> Sale:
    """What a policy of this product is sold under by this partner now; ``known`` spares reading terms again.

    Raises:
        NoContract: the tenant is no partner.
        ContractNotRunning: its contract allows no new cover today.
        ProductNotSold: the product does not exist, is not sold now, or is not in the contract.
    """
    found = partners.contract_and_versions(tx, PartnerId(tenant), product_code)
    if found is None:
        raise NoContract(tenant)
    known, product_id = known or KnownTerms(), found.product_id
    terms = sold_at((known.of(tx, product_id, version) for version in found.versions), now) if product_id else None
    if product_id is None or terms is None:
        raise ProductNotSold(product_code)
    check_may_sell(found.contract, product_code, today_of(terms, now))
    return Sale(found.contract, SoldProduct(product_id, terms))
