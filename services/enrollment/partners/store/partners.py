"""A partner's contract as each enrollment reads it. All that it says, and its changes, are partner_records'."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from services.enrollment.partners.domain.partners import Contract
from shared.db.columns import Columns, Named
from shared.db.transaction import Tx
from shared.values.ids import PartnerId, ProductCode


@dataclass(frozen=True, slots=True)
class Offered:
    """A partner's contract beside a product: its number (None: there is no such product) and its versions."""

    contract: Contract
    product_id: int | None
    versions: tuple[int, ...]


CONTRACT: Final[dict[str, Named]] = {
    "compensation": {"kind": "compensation_kind", "value": "compensation_value"},
    "products": "ARRAY(SELECT product_code FROM partner_products s WHERE s.partner_no = p.partner_no)",
}
"""What is not in the column of its name."""
_OFFERED: Final = Columns(
    Offered,
    contract=CONTRACT,
    product_id="d.product_id",
    versions="ARRAY(SELECT v.version FROM product_versions v WHERE v.product_id = d.product_id ORDER BY v.version)",
)
_CONTRACT: Final = f"SELECT {Columns(Contract, **CONTRACT).of('p')} FROM partners p WHERE p.partner_id = %s"
_WITH_PRODUCT: Final = f"""
SELECT {_OFFERED.of("p")} FROM partners p LEFT JOIN products d ON d.product_code = %s WHERE p.partner_id = %s
"""


def contract(tx: Tx, partner_id: PartnerId) -> Contract | None:
    """The contract of this partner, or None where it has none."""
    return tx.one(_CONTRACT, (partner_id,), into=Contract)


def contract_and_versions(tx: Tx, partner_id: PartnerId, product_code: ProductCode) -> Offered | None:
    """The contract and the product's versions, in one question."""
    return tx.one(_WITH_PRODUCT, (product_code, partner_id), into=Offered)
