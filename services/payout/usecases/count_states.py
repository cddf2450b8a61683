"""Show how many payouts are in each state, for dashboards and for the alert on payouts in doubt."""

from __future__ import annotations

from services.payout.store import payouts
from shared.db.pool import Database
from shared.process import metrics


def count_states(database: Database) -> bool:
    """Set the gauge of each state; False, as there is never more to do at once."""
    with database.transaction() as tx:
        counts = payouts.counts(tx)
    for state, count in counts.items():
        metrics.PAYOUTS_WAITING.labels(state).set(count)
    return False
