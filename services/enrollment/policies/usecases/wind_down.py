"""Ends the work with a partner: no new cover at once; then a job lists every insured, and moves running cover.

The job goes in steps of a transaction each. Where it is killed, the step is as if never begun, and the next worker does
it: a policy is listed once and leaves the partner once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from services.enrollment.partners.domain.errors import CannotTakeOver, PartnerEnds, StillTakesOver, UnknownPartner
from services.enrollment.partners.domain.partners import ZONE, Contract, ManagedBy, PartnerRecord
from services.enrollment.partners.store import partner_records
from services.enrollment.policies.store import wind_downs
from services.enrollment.policies.store.wind_downs import Work
from shared.db import audit
from shared.db.transaction import Tx
from shared.events.policies import PoliciesTransferred
from shared.messaging import outbox
from shared.process.logs import get_logger
from shared.values.ids import PartnerId, PolicyId

STEP: Final = 1000
"""Policies in one step and one event: 0.1 s of processor time, so a kill costs no more, and a cancellation of one of
them waits no longer."""

log = get_logger()


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
    other = partner_records.takes_over_from(tx, partner_id)
    if other is not None:
        raise StillTakesOver(partner_id, other)
    if transfer_to is not None:
        _check_may_take_over(tx, before.terms.contract, transfer_to, now)
    partner_records.set_state(tx, partner_id, "wind_down", managed_by=managed_by)
    partner_records.begin_wind_down(tx, partner_id, transfer_to=transfer_to, by=actor, now=now)
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


def work_off_wind_downs(tx: Tx, *, now: datetime) -> bool:
    """One step of the oldest wind-down that can go on; False where nothing can be done right now."""
    passed_over = 0
    while (work := wind_downs.take_next(tx, passed_over=passed_over)) is not None:
        if work.state == "listing":
            _list(tx, work, now)
            return True
        if _drained(tx, work):
            wind_downs.begin_listing(tx, work.partner_no)
            return True
        passed_over += 1
    return False


def _drained(tx: Tx, work: Work) -> bool:
    """Whether nothing can come any more of what read the contract before it ended: then what is listed is all."""
    running = wind_downs.running_transactions(tx)
    if work.waits_for is None:
        wind_downs.wait_for(tx, work.partner_no, running)
        return False
    return running.isdisjoint(work.waits_for) and not wind_downs.has_open_batch(tx, work.partner_no)


def _list(tx: Tx, work: Work, now: datetime) -> None:
    policies = wind_downs.next_policies(tx, work, STEP)
    if not policies:
        wind_downs.done(tx, work, now)
        log.info("wind_down_done", partner=work.partner_id)
        return
    wind_downs.add_notices(tx, work.partner_no, [policy_id for policy_id, _reference, _version in policies])
    if work.transfer_to is not None:
        _transfer(tx, work, [(policy_id, version + 1) for policy_id, _reference, version in policies], now)
    last_policy, last_reference, _ = policies[-1]
    moved = len(policies) if work.transfer_to else 0
    wind_downs.further(tx, work, (last_reference, last_policy), listed=len(policies), transferred=moved)


def _transfer(tx: Tx, work: Work, policies: list[tuple[PolicyId, int]], now: datetime) -> None:
    assert work.transfer_to is not None  # noqa: S101  # the caller asked
    number, partner_id = work.transfer_to
    event = PoliciesTransferred(
        from_partner_id=work.partner_id,
        to_partner_id=partner_id,
        transferred_at=now,
        policy_ids=[policy_id for policy_id, _version in policies],
        versions=[version for _policy_id, version in policies],
    )
    event_id = outbox.add(tx, event, subject=policies[0][0], now=now)
    wind_downs.move(tx, work, policies, to=number, event_id=event_id, now=now)
