"""Ask the bank by reference about one payout that is in doubt, accepted, or left in ``sending`` by a dead worker.

Phases as in ``send_payout``: lease, call with no transaction open, settle. Asking changes nothing at the bank.
"""

from __future__ import annotations

from services.payout.store import payouts
from services.payout.usecases.paying import Paying
from services.payout.usecases.settle_answer import settle


def ask_next(paying: Paying) -> bool:
    """Ask about the payout that has waited longest; False if none waits."""
    with paying.database.transaction() as tx:
        payout = payouts.take_to_ask(tx, worker=paying.worker, lease_seconds=paying.lease_seconds)
    if payout is None:
        return False
    answer = paying.bank.query(payout.payout_id)
    with paying.database.transaction() as tx:
        settle(
            tx,
            payout.payout_id,
            answer,
            asked_at_version=payout.version,
            pace=paying.pace(),
            now=paying.clock.now(),
        )
    return True
