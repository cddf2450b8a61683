"""What partners keep of each policy of a product, read where a price is decided. Partners' store writes it."""

from __future__ import annotations

from typing import Final

from shared.db.transaction import Tx
from shared.values.ids import PartnerId, ProductCode
from shared.values.money import Fen

# Of two that look at each other's table neither would see what the other is about to commit. The number is "fees" in
# ASCII, of the locks that are two integers.
_HOLD_FEES: Final = "SELECT pg_advisory_xact_lock(1717921139, 0)"


def hold_fees(tx: Tx) -> None:
    """Of those who change what partners keep of a policy, or what one costs, let one go on and the others wait.

    Taken before any row of a partner, a product or a draft, so that nobody who holds one of those waits for it.
    """
    tx.execute(_HOLD_FEES)


_HIGHEST_FEE: Final = """
SELECT p.partner_id, p.compensation_value FROM partners p JOIN partner_products s USING (partner_no)
WHERE s.product_code = %s AND p.compensation_kind = 'service_fee' AND p.state <> 'wind_down'
ORDER BY p.compensation_value DESC, p.partner_id LIMIT 1
"""


def highest_service_fee(tx: Tx, product_code: ProductCode) -> tuple[PartnerId, Fen] | None:
    """Who of those that sell the product keeps the highest fee of each policy, and how much; None where nobody does."""
    return tx.one(_HIGHEST_FEE, (product_code,), into=tuple[PartnerId, Fen])
