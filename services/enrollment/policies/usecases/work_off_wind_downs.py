"""Works off the end of working with a partner: lists every insured, and moves running cover where it is to go.

The job goes in steps of a transaction each. Where it is killed, the step is as if never begun, and the next worker does
it: a policy is listed once and leaves the partner once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from services.enrollment.partners.store import wind_downs
from services.enrollment.partners.store.wind_downs import OpenWindDown
from services.enrollment.policies.store import transfers
from shared.db.transaction import Tx
from shared.events.policies import PoliciesTransferred
from shared.messaging import outbox
from shared.process.logs import get_logger
from shared.values.ids import PolicyId

STEP: Final = 1000
"""Policies in one step and one event: 0.1 s of processor time, so a kill costs no more, and a cancellation of one of
them waits no longer."""

log = get_logger()


def work_off_wind_downs(tx: Tx, *, now: datetime) -> bool:
    """One step of the oldest wind-down that can go on; False where nothing can be done right now."""
    passed_over = 0
    while (ending := wind_downs.take_next(tx, passed_over=passed_over)) is not None:
        if ending.state == "listing":
            _list(tx, ending, now)
            return True
        if _drained(tx, ending):
            wind_downs.begin_listing(tx, ending.partner_no)
            return True
        passed_over += 1
    return False


def _drained(tx: Tx, ending: OpenWindDown) -> bool:
    """Whether nothing can come any more of what read the contract before it ended: then what is listed is all."""
    running = wind_downs.running_transactions(tx)
    if ending.waits_for is None:
        wind_downs.wait_for(tx, ending.partner_no, running)
        return False
    return running.isdisjoint(ending.waits_for) and not wind_downs.has_open_batch(tx, ending.partner_no)


def _list(tx: Tx, ending: OpenWindDown, now: datetime) -> None:
    policies = transfers.next_policies(tx, ending, STEP)
    if not policies:
        wind_downs.done(tx, ending, now)
        log.info("wind_down_done", partner=ending.partner_id)
        return
    transfers.add_notices(tx, ending.partner_no, [policy_id for policy_id, _reference, _version in policies])
    if ending.transfer_to is not None:
        _transfer(tx, ending, [(policy_id, version + 1) for policy_id, _reference, version in policies], now)
    last_policy, last_reference, _ = policies[-1]
    moved = len(policies) if ending.transfer_to else 0
    wind_downs.further(tx, ending, (last_reference, last_policy), listed=len(policies), transferred=moved)


def _transfer(tx: Tx, ending: OpenWindDown, policies: list[tuple[PolicyId, int]], now: datetime) -> None:
    assert ending.transfer_to is not None  # noqa: S101  # the caller asked
    number, partner_id = ending.transfer_to
    event = PoliciesTransferred(
        from_partner_id=ending.partner_id,
        to_partner_id=partner_id,
        transferred_at=now,
        policy_ids=[policy_id for policy_id, _version in policies],
        versions=[version for _policy_id, version in policies],
    )
    event_id = outbox.add(tx, event, subject=policies[0][0], now=now)
    transfers.move(tx, ending, policies, to=number, event_id=event_id, now=now)
