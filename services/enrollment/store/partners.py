"""Partners' contracts as stored. What a contract allows is the domain's to say."""

from __future__ import annotations

from services.enrollment.domain.compensation import Compensation
from services.enrollment.domain.partners import Contract
from shared.db.transaction import Tx
from shared.values.ids import PartnerId, ProductCode

_CONTRACT = """
SELECT p.partner_no, p.partner_id, p.name, p.first_day, p.last_day, p.back_dating_days, p.state,
       p.compensation_kind, p.compensation_value, p.settlement_day, p.contact, p.webhook_types,
       ARRAY(SELECT product_code FROM partner_products s WHERE s.partner_no = p.partner_no)
FROM partners p WHERE p.partner_id = %s
"""


def contract(tx: Tx, partner_id: PartnerId) -> Contract | None:
    """The contract of this partner, or None where it has none."""
    row = tx.one(_CONTRACT, (partner_id,))
    if row is None:
        return None
    number, code, name, first_day, last_day, back_dating_days, state, kind, value, settlement_day, contact = row[:11]
    webhook_types, sold = row[11:]
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
        webhook_types=frozenset(webhook_types),
    )


_UPDATE = """
UPDATE partners SET name = %(name)s, first_day = %(first_day)s, last_day = %(last_day)s,
       back_dating_days = %(back_dating_days)s, state = %(state)s,
       compensation_kind = %(compensation_kind)s, compensation_value = %(compensation_value)s,
       settlement_day = %(settlement_day)s, contact = %(contact)s
WHERE partner_id = %(partner_id)s RETURNING partner_no
"""
_INSERT = """
INSERT INTO partners (partner_id, name, first_day, last_day, back_dating_days, state, compensation_kind,
                      compensation_value, settlement_day, contact)
VALUES (%(partner_id)s, %(name)s, %(first_day)s, %(last_day)s, %(back_dating_days)s, %(state)s, %(compensation_kind)s,
        %(compensation_value)s, %(settlement_day)s, %(contact)s)
ON CONFLICT DO NOTHING RETURNING partner_no
"""
_FORGET_PRODUCTS = "DELETE FROM partner_products WHERE partner_no = %s AND NOT product_code = ANY(%s)"
_ADD_PRODUCT = "INSERT INTO partner_products (partner_no, product_code) VALUES (%s, %s) ON CONFLICT DO NOTHING"


def put(tx: Tx, new: Contract) -> None:
    """Make the stored contract of ``new.partner_id`` say what ``new`` says; ``partner_no`` is the database's."""
    fields: dict[str, object] = {
        "partner_id": new.partner_id,
        "name": new.name,
        "first_day": new.first_day,
        "last_day": new.last_day,
        "back_dating_days": new.back_dating_days,
        "state": new.state,
        "compensation_kind": new.compensation.kind,
        "compensation_value": new.compensation.value,
        "settlement_day": new.settlement_day,
        "contact": new.contact,
    }
    # Update first: an INSERT that conflicts would use up a partner_no each time.
    row = tx.one(_UPDATE, fields) or tx.one(_INSERT, fields) or tx.one(_UPDATE, fields)
    assert row is not None  # noqa: S101  # updated, inserted, or inserted by another process meanwhile
    sold = sorted(new.products)
    tx.execute(_FORGET_PRODUCTS, (row[0], sold))
    for product_code in sold:
        tx.execute(_ADD_PRODUCT, (row[0], product_code))
