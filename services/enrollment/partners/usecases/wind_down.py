"""Ends the work with a partner: no new cover at once. Then a job of policies lists every insured, and moves cover."""

from __future__ import annotations

from datetime import datetime

from services.enrollment.partners.domain.errors import CannotTakeOver, PartnerEnds, StillTakesOver, UnknownPartner
from services.enrollment.partners.domain.partners import ZONE, Contract, ManagedBy, PartnerRecord
from services.enrollment.partners.store import partner_records, wind_downs
from shared.db import audit
from shared.db.transaction import Tx
from shared.values.ids import PartnerId


def wind_down(
    tx: Tx,
    partner_id: PartnerId,
    transfer_to: PartnerId | None,
    *,
    managed_by: ManagedBy = "http",
    actor: str,
    now: datetime,
) -> PartnerRecord:
    """The record afterwards. With ``transfer_to`` running cover moves there, else it stays until its end.

    Raises:
        UnknownPartner: there is none.
        PartnerEnds: it is winding down already.
        CannotTakeOver: the other partner does not exist, may sell nothing today, or does not sell what is to be moved.
        StillTakesOver: policies of another partner are on their way to this one.
    """
    partner_records.lock(tx, partner_id, *([transfer_to] if transfer_to else []))
    before = partner_records.record(tx, partner_id)
    if before is None:
        raise UnknownPartner(partner_id)
    if before.terms.contract.state == "wind_down":
        raise PartnerEnds(partner_id)
    other = wind_downs.takes_over_from(tx, partner_id)
    if other is not None:
        raise StillTakesOver(partner_id, other)
    if transfer_to is not None:
        _check_may_take_over(tx, before.terms.contract, transfer_to, now)
    partner_records.set_state(tx, partner_id, "wind_down", managed_by=managed_by)
    wind_downs.begin(tx, partner_id, transfer_to=transfer_to, by=actor, now=now)
    audit.record(
        tx,
        actor=actor,
        action="partner.wind_down",
        subject=partner_id,
        details={"transfer_to": transfer_to},
        now=now,
    )
    after = partner_records.record(tx, partner_id)
    assert after is not None  # noqa: S101  # locked above
    return after


def _check_may_take_over(tx: Tx, ending: Contract, transfer_to: PartnerId, now: datetime) -> None:
    target = partner_records.record(tx, transfer_to)
    if target is None:
        raise CannotTakeOver(transfer_to, "there is no such partner")
    taking = target.terms.contract
    if taking.partner_id == ending.partner_id:
        raise CannotTakeOver(transfer_to, "it is the one that ends")
    if taking.state != "active":
        raise CannotTakeOver(transfer_to, f"its contract is {taking.state}")
    if not taking.runs_on(now.astimezone(ZONE).date()):
        raise CannotTakeOver(transfer_to, f"its contract runs from {taking.first_day} to {taking.last_day}")
    moving = ending.products | wind_downs.running_products(tx, ending.partner_no)
    missing = sorted(moving - taking.products)
    if missing:
        raise CannotTakeOver(transfer_to, f"its contract does not hold {missing[0]}")
