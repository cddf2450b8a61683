"""Enters and changes a partner's contract, suspends and resumes it. Its end is wind_down's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime

from services.enrollment.partners.domain.contract_terms import check_contract
from services.enrollment.partners.domain.errors import NotSuspended, PartnerEnds, UnknownPartner
from services.enrollment.partners.domain.partners import ManagedBy, PartnerRecord, PartnerTerms, SuspensionReason
from services.enrollment.partners.store import partner_records
from services.enrollment.products.domain.pricing import lowest_premium
from services.enrollment.products.domain.products import sold_from
from services.enrollment.products.store import products, service_fees
from shared.db import audit
from shared.db.transaction import Tx
from shared.values.errors import InvalidField
from shared.values.ids import PartnerId, ProductCode

_OURS = frozenset({"partner_no", "state", "webhook_types"})
"""What of a contract is not changed by saying it anew."""


def hold_partner(tx: Tx, partner_id: PartnerId) -> PartnerRecord | None:
    """The record, nobody else changing it or a product's price until the transaction ends; None where there is none."""
    service_fees.hold_fees(tx)
    partner_records.lock(tx, partner_id)
    found = partner_records.record(tx, partner_id)
    if found is None:
        partner_records.lock_code(tx, partner_id)
        partner_records.lock(tx, partner_id)
        found = partner_records.record(tx, partner_id)
    return found


def keep_partner(
    tx: Tx,
    terms: PartnerTerms,
    before: PartnerRecord | None,
    *,
    managed_by: ManagedBy = "http",
    actor: str,
    now: datetime,
) -> PartnerRecord:
    """The record afterwards. ``before`` is what ``hold_partner`` gave; by HTTP the operator's file loses its say.

    Raises:
        InvalidField: the contract contradicts itself, a product does not exist, or costs less than the partner keeps.
    """
    _check(tx, terms, now)
    partner_id = terms.contract.partner_id
    partner_records.save(tx, terms, managed_by=managed_by)
    after = _stored(tx, partner_id)
    changed = "all" if before is None else ",".join(changes(before.terms, terms))
    audit.record(
        tx,
        actor=actor,
        action="partner.entered" if before is None else "partner.changed",
        subject=partner_id,
        details={"version": after.version, "changed": changed},
        now=now,
    )
    return after


def suspend_partner(
    tx: Tx,
    partner_id: PartnerId,
    reason: SuspensionReason,
    *,
    managed_by: ManagedBy = "http",
    actor: str,
    now: datetime,
) -> PartnerRecord:
    """No new cover from the next request on; running cover is not touched. Suspended before: the reason alone changes.

    Raises:
        UnknownPartner: there is none.
        PartnerEnds: it is winding down.
    """
    before = _held(tx, partner_id)
    if before.terms.contract.state == "wind_down":
        raise PartnerEnds(partner_id)
    if before.terms.contract.state == "suspended" and before.suspension_reason == reason:
        return before
    partner_records.set_state(tx, partner_id, "suspended", managed_by=managed_by, suspended_for=reason)
    audit.record(tx, actor=actor, action="partner.suspended", subject=partner_id, details={"reason": reason}, now=now)
    return _stored(tx, partner_id)


def resume_partner(
    tx: Tx, partner_id: PartnerId, *, managed_by: ManagedBy = "http", actor: str, now: datetime
) -> PartnerRecord:
    """The contract allows new cover again.

    Raises:
        UnknownPartner: there is none.
        PartnerEnds: it is winding down.
        NotSuspended: it is active.
    """
    before = _held(tx, partner_id)
    match before.terms.contract.state:
        case "wind_down":
            raise PartnerEnds(partner_id)
        case "active":
            raise NotSuspended(partner_id, "active")
        case "suspended":
            partner_records.set_state(tx, partner_id, "active", managed_by=managed_by)
    audit.record(tx, actor=actor, action="partner.resumed", subject=partner_id, details={}, now=now)
    return _stored(tx, partner_id)


def _held(tx: Tx, partner_id: PartnerId) -> PartnerRecord:
    record = hold_partner(tx, partner_id)
    if record is None:
        raise UnknownPartner(partner_id)
    return record


def _stored(tx: Tx, partner_id: PartnerId) -> PartnerRecord:
    record = partner_records.record(tx, partner_id)
    assert record is not None  # noqa: S101  # written or locked in this transaction
    return record


def _check(tx: Tx, terms: PartnerTerms, now: datetime) -> None:
    check_contract(terms)
    contract = terms.contract
    unknown = sorted(contract.products - products.known_codes(tx, contract.products))
    if unknown:
        raise InvalidField("/products", f"There is no product {unknown[0]}.", "Send codes that GET /v1/products lists.")
    if contract.compensation.kind == "service_fee":
        for code in sorted(contract.products):
            _check_fee(tx, code, contract.compensation.value, now)


def _check_fee(tx: Tx, product_code: ProductCode, fee: int, now: datetime) -> None:
    """Of no policy is more kept than was paid. What is proposed later is held to the same by decide_draft."""
    for terms in sold_from(products.versions(tx, product_code), now):
        premium = lowest_premium(terms)
        if fee > premium:
            detail = f"The fee is more than the premium of {product_code}, version {terms.product_version}."
            raise InvalidField("/compensation/value", detail, f"Send at most {premium}, or leave the product out.")


def changes(before: PartnerTerms, after: PartnerTerms) -> Iterator[str]:
    """Names of what changed, and no values: a contact is a person."""
    for each in fields(after.contract):
        if each.name not in _OURS and getattr(before.contract, each.name) != getattr(after.contract, each.name):
            yield each.name
    if before.quota != after.quota:
        yield "quota"
    if before.file_keys != after.file_keys:
        yield "file_keys"
