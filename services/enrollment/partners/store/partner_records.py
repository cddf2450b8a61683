"""All that partners' contracts say, as stored and changed by people or by the operator's file."""

from __future__ import annotations

from typing import Final

from services.enrollment.partners.domain.partners import (
    ContractState,
    ManagedBy,
    PartnerRecord,
    PartnerTerms,
    SuspensionReason,
)
from services.enrollment.partners.store import file_keys, partners
from shared.db.columns import Columns, places
from shared.db.transaction import Tx
from shared.values.ids import PartnerId

_RECORD: Final = Columns(
    PartnerRecord,
    terms={
        "contract": partners.CONTRACT,
        "quota": {},
        "file_keys": """(SELECT coalesce(jsonb_agg(jsonb_build_object(
            'name', k.name, 'public_key', encode(k.public_key, 'base64')) ORDER BY k.name), '[]')
            FROM partner_file_keys k WHERE k.partner_no = p.partner_no)""",
    },
    wind_down={
        "transfer_to": "t.partner_id",
        "state": "w.state",
        "started_at": "w.started_at",
        "finished_at": "w.finished_at",
        "listed": "w.listed",
        "transferred": "w.transferred",
    },
)
_SELECT: Final = f"""
SELECT {_RECORD.of("p")}
FROM partners p LEFT JOIN wind_downs w USING (partner_no) LEFT JOIN partners t ON t.partner_no = w.transfer_to
"""
_ONE: Final = f"{_SELECT} WHERE p.partner_id = %s"
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
    return tx.one(_ONE, (partner_id,), into=PartnerRecord)


_PAGE: Final = f"""{_SELECT}
WHERE (%(only)s::text IS NULL OR p.partner_id = %(only)s) AND p.partner_id > %(after)s
ORDER BY p.partner_id LIMIT %(limit)s
"""


def page(tx: Tx, *, only: PartnerId | None, after: str, limit: int) -> list[PartnerRecord]:
    """Partners by their codes, beginning after ``after``; ``only``: this one or none."""
    parameters: dict[str, object] = {"only": only, "after": after, "limit": limit}
    return tx.all(_PAGE, parameters, into=PartnerRecord)


_TERMS: Final = (
    *("partner_id", "name", "first_day", "last_day", "back_dating_days", "compensation_kind", "compensation_value"),
    *("settlement_day", "contact", "consent_texts", "enrollments_a_minute", "rows_a_day", "managed_by"),
)
_UPDATE: Final = f"""
UPDATE partners SET ({", ".join(_TERMS)}) = ({places(_TERMS)}), version = version + 1
WHERE partner_id = %(partner_id)s RETURNING partner_no
"""
_INSERT: Final = f"""
INSERT INTO partners ({", ".join(_TERMS)}, state) VALUES ({places(_TERMS)}, 'active') RETURNING partner_no
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
    partner_no = tx.one(_UPDATE, fields, into=int) or tx.the(_INSERT, fields, into=int)
    sold = sorted(new.products)
    tx.execute(_FORGET_PRODUCTS, (partner_no, sold))
    tx.insert_many(_ADD_PRODUCTS, [(partner_no, code) for code in sold])
    file_keys.replace(tx, partner_no, terms.file_keys)


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
