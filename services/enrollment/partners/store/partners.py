"""A partner's contract as each enrollment reads it. All that it says, and its changes, are partner_records'."""

from __future__ import annotations

from typing import Final

from services.enrollment.partners.domain.partners import Contract
from services.enrollment.products.domain.compensation import Compensation
from shared.db.transaction import Row, Tx
from shared.values.ids import PartnerId, ProductCode

_COLUMNS: Final = """
       p.partner_no, p.partner_id, p.name, p.first_day, p.last_day, p.back_dating_days, p.state,
       p.compensation_kind, p.compensation_value, p.settlement_day, p.contact, p.consent_texts, p.webhook_types,
       ARRAY(SELECT product_code FROM partner_products s WHERE s.partner_no = p.partner_no)
"""
_CONTRACT: Final = f"SELECT {_COLUMNS} FROM partners p WHERE p.partner_id = %s"
_WITH_PRODUCT: Final = f"""
SELECT {_COLUMNS}, d.product_id,
       ARRAY(SELECT v.version FROM product_versions v WHERE v.product_id = d.product_id ORDER BY v.version)
FROM partners p LEFT JOIN products d ON d.product_code = %s WHERE p.partner_id = %s
"""


def contract(tx: Tx, partner_id: PartnerId) -> Contract | None:
    """The contract of this partner, or None where it has none."""
    row = tx.one(_CONTRACT, (partner_id,))
    return None if row is None else _contract(row)


def contract_and_versions(
    tx: Tx, partner_id: PartnerId, product_code: ProductCode
) -> tuple[Contract, int | None, list[int]] | None:
    """The contract, and the product's number (None: there is no such product) with its versions, in one question."""
    row = tx.one(_WITH_PRODUCT, (product_code, partner_id))
    return None if row is None else (_contract(row[:14]), row[14], row[15])


def _contract(row: Row) -> Contract:
    number, code, name, first_day, last_day, back_dating_days, state, kind, value, settlement_day, contact = row[:11]
    consent_texts, webhook_types, sold = row[11:]
    return Contract(
        partner_no=number,
        partner_id=PartnerId(code),
        name=name,
        first_day=first_day,
        last_day=last_day,
        back_dating_days=back_dating_days,
        state=state,
        products=frozenset(ProductCode(product) for product in sold),
        compensation=Compensation(kind, value),
        settlement_day=settlement_day,
        contact=contact,
        consent_texts=consent_texts,
        webhook_types=frozenset(webhook_types),
    )
