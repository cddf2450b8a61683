"""How many claims wait for a person, for the dashboard. Who watches it is the alert's."""

from __future__ import annotations

from services.fraud_detection.decisions.store import reviews
from shared.db.pool import Database
from shared.process import metrics


def count_reviews(database: Database) -> bool:
    """Set the gauge; there is never more to do at once."""
    with database.transaction() as tx:
        metrics.REVIEWS_WAITING.set(reviews.waiting(tx))
    return False
