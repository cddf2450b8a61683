"""Send one payout that is due, in named phases, each its own transaction or none, so that you see where a crash lands.

1. ``record_intent``: ``scheduled`` becomes ``sending``, under a lease, before anybody outside hears of it.
2. ``call_rail``: the bank is called, with no transaction open. A crash here, before or after the bank took the order,
   leaves ``sending``; when the lease runs out, ``ask_bank`` asks by reference and never just sends again.
3. ``settle``: the answer, its bookings and its event are one transaction. A crash before its commit is as one in 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.payout.domain import reasons
from services.payout.domain.answers import Answer, NoAnswer
from services.payout.domain.payouts import Payout
from services.payout.rail.bank import Bank, Order
from services.payout.store import payees, payouts
from services.payout.usecases.announce_payees import account_context, holder_context
from services.payout.usecases.announce_payout import announce
from services.payout.usecases.paying import Paying
from services.payout.usecases.settle_answer import settle
from shared.db.transaction import Tx
from shared.privacy.sealed import Sealer
from shared.process.clock import monotonic

_FRESH_SHARE: Final = 0.25
"""The share of a lease within which the call must begin: a process that was paused for longer must not call any more,
because somebody else may have decided about this payout meanwhile."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What this process, and no other, is to send now."""

    payout: Payout
    order: Order
    call_before: float
    """On the monotonic clock."""


def send_next(paying: Paying) -> bool:
    """Send the payout that has been due longest; False if none is due."""
    began = monotonic()
    with paying.database.transaction() as tx:
        taken = payouts.take_due(tx, now=paying.clock.now(), worker=paying.worker, lease_seconds=paying.lease_seconds)
        intent = None
        if taken is not None:
            call_before = began + paying.lease_seconds * _FRESH_SHARE
            intent = record_intent(tx, taken, sealer=paying.sealer, call_before=call_before, now=paying.clock.now())
    if intent is None:
        return taken is not None
    answer = call_rail(paying.bank, intent)
    with paying.database.transaction() as tx:
        settle(
            tx,
            intent.payout.payout_id,
            answer,
            asked_at_version=intent.payout.version,
            pace=paying.pace(),
            now=paying.clock.now(),
        )
    return True


def record_intent(tx: Tx, payout: Payout, *, sealer: Sealer, call_before: float, now: datetime) -> Intent | None:
    """Open the payee of a payout that was just leased; None if there is no such payee any more."""
    payee = payees.find(tx, [payout.payee_token])
    if payee is None:
        rejected = payouts.step(tx, payout, "rejected", reasons.PAYEE_UNKNOWN, now=now)
        if rejected is not None:
            announce(tx, rejected, now=now)
        return None
    order = Order(
        reference=payout.payout_id,
        account=sealer.open(tx, payee.account_sealed, account_context(payee.payee_token)),
        holder_name=sealer.open(tx, payee.holder_sealed, holder_context(payee.payee_token)),
        bank_code=payee.bank_code,
        amount_fen=payout.amount_fen,
        currency=payout.currency,
    )
    return Intent(payout, order, call_before)


def call_rail(bank: Bank, intent: Intent) -> Answer:
    """Order the transfer, unless this process slept through its lease."""
    if monotonic() > intent.call_before:
        return NoAnswer("LeaseTooOld")
    return bank.send(intent.order)
