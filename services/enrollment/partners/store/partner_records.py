"""All that partners' contracts say, as stored and changed by people or by the operator's file."""

from __future__ import annotations

from typing import Final

from services.enrollment.partners.domain.partners import (
    Contract,
    ContractState,
    ManagedBy,
    PartnerRecord,
    PartnerTerms,
    Quota,
    SuspensionReason,
    WindDown,
)
from services.enrollment.partners.store import file_keys
from services.enrollment.products.domain.compensation import Compensation
from shared.db.transaction import Row, Tx
from shared.values.ids import PartnerId, ProductCode

_SELECT: Final = """
SELECT p.partner_no, p.partner_id, p.name, p.first_day, p.last_day, p.back_dating_days, p.state, p.compensation_kind,
       p.compensation_value, p.settlement_day, p.contact, p.consent_texts, p.webhook_types,
       ARRAY(SELECT product_code FROM partner_products s WHERE s.partner_no = p.partner_no),
       p.enrollments_a_minute, p.rows_a_day, p.version, p.managed_by,
       p.suspension_reason, w.state, t.partner_id, w.started_at, w.finished_at, w.listed, w.transferred
FROM partners p LEFT JOIN wind_downs w USING (partner_no) LEFT JOIN partners t ON t.partner_no = w.transfer_to
"""
_ONE: Final = _SELECT + "WHERE p.partner_id = %s"
# Not FOR UPDATE: policies and batches refer to the row, and would have to wait for who changes a contact.
_LOCK: Final = """
SELECT partner_id FROM partners WHERE partner_id = ANY(%s) ORDER BY partner_no FOR NO KEY UPDATE
"""


def lock(tx: Tx, *partners: PartnerId) -> None:
    """Keep others from changing these contracts until this transaction ends; enrolling goes on."""
    tx.execute(_LOCK, (list(partners),))


# There is no row of a new partner to lock. The number is "code" in ASCII, of the locks that are two integers.
_LOCK_CODE: Final = "SELECT pg_advisory_xact_lock(1668244581, hashtext(%s))"


def lock_code(tx: Tx, partner_id: PartnerId) -> None:
    """Of those who enter the same new partner, let one go on and the others wait until it is entered."""
    tx.execute(_LOCK_CODE, (partner_id,))


def record(tx: Tx, partner_id: PartnerId) -> PartnerRecord | None:
    """What is stored of this partner; None where it is none."""
    row = tx.one(_ONE, (partner_id,))
    return None if row is None else _record(tx, row)


_PAGE: Final = (
    _SELECT
    + "WHERE (%(only)s::text IS NULL OR p.partner_id = %(only)s) AND p.partner_id > %(after)s"
    + " ORDER BY p.partner_id LIMIT %(limit)s"
)


def page(tx: Tx, *, only: PartnerId | None, after: str, limit: int) -> list[PartnerRecord]:
    """Partners by their codes, beginning after ``after``; ``only``: this one or none."""
    parameters: dict[str, object] = {"only": only, "after": after, "limit": limit}
    return [_record(tx, row) for row in tx.all(_PAGE, parameters)]


_UPDATE: Final = """
UPDATE partners SET name = %(name)s, first_day = %(first_day)s, last_day = %(last_day)s,
       back_dating_days = %(back_dating_days)s, compensation_kind = %(compensation_kind)s,
       compensation_value = %(compensation_value)s, settlement_day = %(settlement_day)s, contact = %(contact)s,
       consent_texts = %(consent_texts)s, enrollments_a_minute = %(enrollments_a_minute)s,
       rows_a_day = %(rows_a_day)s, managed_by = %(managed_by)s, version = version + 1
WHERE partner_id = %(partner_id)s RETURNING partner_no
"""
_INSERT: Final = """
INSERT INTO partners (partner_id, name, first_day, last_day, back_dating_days, state, compensation_kind,
                      compensation_value, settlement_day, contact, consent_texts, enrollments_a_minute, rows_a_day,
                      managed_by)
VALUES (%(partner_id)s, %(name)s, %(first_day)s, %(last_day)s, %(back_dating_days)s, 'active', %(compensation_kind)s,
        %(compensation_value)s, %(settlement_day)s, %(contact)s, %(consent_texts)s, %(enrollments_a_minute)s,
        %(rows_a_day)s, %(managed_by)s)
RETURNING partner_no
"""
_FORGET_PRODUCTS: Final = "DELETE FROM partner_products WHERE partner_no = %s AND NOT product_code = ANY(%s)"
_ADD_PRODUCTS: Final = "INSERT INTO partner_products (partner_no, product_code) VALUES %s ON CONFLICT DO NOTHING"


def save(tx: Tx, terms: PartnerTerms, *, managed_by: ManagedBy) -> None:
    """Store a new contract as active, or change all of a stored one but its state; ``partner_no`` is the database's."""
    new = terms.contract
    fields: dict[str, object] = {
        "partner_id": new.partner_id,
        "name": new.name,
        "first_day": new.first_day,
        "last_day": new.last_day,
        "back_dating_days": new.back_dating_days,
        "compensation_kind": new.compensation.kind,
        "compensation_value": new.compensation.value,
        "settlement_day": new.settlement_day,
        "contact": new.contact,
        "consent_texts": new.consent_texts,
        "enrollments_a_minute": terms.quota.enrollments_a_minute,
        "rows_a_day": terms.quota.rows_a_day,
        "managed_by": managed_by,
    }
    row = tx.one(_UPDATE, fields) or tx.one(_INSERT, fields)
    assert row is not None  # noqa: S101  # updated or inserted
    sold = sorted(new.products)
    tx.execute(_FORGET_PRODUCTS, (row[0], sold))
    tx.insert_many(_ADD_PRODUCTS, [(row[0], code) for code in sold])
    file_keys.replace(tx, row[0], terms.file_keys)


# Winding down is one way, whoever asks.
_SET_STATE: Final = """
UPDATE partners SET state = %s, suspension_reason = %s, managed_by = %s, version = version + 1
WHERE partner_id = %s AND state <> 'wind_down'
"""


def set_state(
    tx: Tx,
    partner_id: PartnerId,
    state: ContractState,
    *,
    managed_by: ManagedBy,
    suspended_for: SuspensionReason | None = None,
) -> bool:
    """Move a contract to another state; False where it winds down and moves no more."""
    return tx.execute(_SET_STATE, (state, suspended_for, managed_by, partner_id)) == 1


def _record(tx: Tx, row: Row) -> PartnerRecord:
    contract = Contract(
        partner_no=row[0],
        partner_id=PartnerId(row[1]),
        name=row[2],
        first_day=row[3],
        last_day=row[4],
        back_dating_days=row[5],
        state=row[6],
        products=frozenset(ProductCode(product) for product in row[13]),
        compensation=Compensation(row[7], row[8]),
        settlement_day=row[9],
        contact=row[10],
        consent_texts=row[11],
        webhook_types=frozenset(row[12]),
    )
    state, transfer_to, started_at, finished_at, listed, transferred = row[19:]
    wind_down = None
    if state is not None:
        target = None if transfer_to is None else PartnerId(transfer_to)
        wind_down = WindDown(target, state, started_at, finished_at, listed, transferred)
    terms = PartnerTerms(contract, Quota(row[14], row[15]), file_keys.file_keys(tx, contract.partner_no))
    return PartnerRecord(terms, version=row[16], managed_by=row[17], wind_down=wind_down, suspension_reason=row[18])
