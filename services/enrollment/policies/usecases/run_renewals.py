"""Renews all policies of a partner and product that end in a window: ordered once, worked off step by step by a job.

Where a worker is killed, the step is as if never begun and the next worker does it: a policy has one successor.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from services.enrollment.partners.domain.partners import Contract
from services.enrollment.partners.usecases.contracts import contract_of, sale_of
from services.enrollment.policies.domain.errors import UnknownRenewalRun
from services.enrollment.policies.store import renewals
from services.enrollment.policies.store.renewals import Run, StopReason
from services.enrollment.policies.usecases.renew_policies import RenewalOrder, renew_policies
from services.enrollment.policies.usecases.vault import Vault
from services.enrollment.products.domain.cover import FARTHEST_DAYS_AHEAD, today_of, zone_of
from shared.db import audit
from shared.db.transaction import Tx
from shared.process.logs import get_logger
from shared.process.new_ids import new_id
from shared.values.errors import InvalidField
from shared.values.ids import PartnerId, ProductCode

STEP: Final = 2000
"""Policies in one transaction: half a second of work, so a kill costs no more."""

log = get_logger()


def start_renewals(
    tx: Tx, partner_id: PartnerId, product_code: ProductCode, expiring_through: date, *, actor: str, now: datetime
) -> Run:
    """A run that the worker will find; ``expiring_through`` is the last day of cover of those to be renewed.

    Raises:
        NoContract, ContractNotRunning, ProductNotSold: the partner may not sell it now.
        InvalidField: the day is over, or farther ahead than cover may be ordered.
    """
    sale = sale_of(tx, partner_id, product_code, now)
    terms = sale.product.terms
    today = today_of(terms, now)
    if not today <= expiring_through < today + timedelta(days=FARTHEST_DAYS_AHEAD):
        raise InvalidField(
            "/expiring_through",
            "Policies are renewed in the last days of their term.",
            f"Send a day from {today} to {today + timedelta(days=FARTHEST_DAYS_AHEAD - 1)}.",
        )
    midnight = datetime.combine(expiring_through + timedelta(days=1), datetime.min.time(), zone_of(terms))
    run_id = new_id()
    renewals.add_run(
        tx,
        run_id,
        partner_no=sale.contract.partner_no,
        product_id=sale.product.product_id,
        expiring_through=midnight,
        by=actor,
        now=now,
    )
    audit.record(
        tx,
        actor=actor,
        action="renewals.started",
        subject=run_id,
        details={"partner_id": partner_id, "product_code": product_code, "expiring_through": str(expiring_through)},
        now=now,
    )
    return renewal_run(tx, run_id, partner_id)


def renewal_run(tx: Tx, run_id: str, partner_id: PartnerId) -> Run:
    """How far a run is.

    Raises:
        UnknownRenewalRun: there is none, or it is another partner's.
    """
    run = renewals.run(tx, run_id, partner_id)
    if run is None:
        raise UnknownRenewalRun(run_id)
    return run


def work_off_renewals(tx: Tx, *, vault: Vault, now: datetime) -> bool:
    """One step of the oldest run that nobody works on; False where there is none.

    A suspended partner's run waits until that resumes; one whose partner winds down, or whose product has left the
    contract, stops for good.
    """
    work = renewals.take_next(tx, STEP)
    if work is None:
        return False
    contract = contract_of(tx, work.partner_id)
    if contract.state == "suspended":
        return True  # Since this very moment: the next look passes it over.
    reason = _stopped_by(contract, work.product_code)
    if reason is not None:
        renewals.stop(tx, work.run_id, reason, now)
        log.warning("renewals_stopped", run=work.run_id, reason=reason)
        return True
    order = RenewalOrder(contract=contract, product_code=work.product_code, judged_at=work.started_at)
    result = renew_policies(tx, work.policies, order, vault=vault, now=now)
    renewals.further(tx, work, renewed=len(result.successors), skipped=sorted(result.refused.items()), now=now)
    log.info("renewals_step", run=work.run_id, renewed=len(result.successors), left_out=len(result.refused))
    return True


def _stopped_by(contract: Contract, product_code: ProductCode) -> StopReason | None:
    """What forbids the partner to sell any more of this; what forbids a single renewal is said of that one."""
    if contract.state == "wind_down":
        return "wind_down"
    return None if product_code in contract.products else "product_not_sold"
