"""What the worker does about statements by itself: keeps what events said, states the months that are over."""

from __future__ import annotations

from typing import Final

from services.enrollment.settings import Settings
from services.enrollment.statements.consumers import policies
from services.enrollment.statements.usecases.draw_statements import draw_next, start_due_statements
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.messaging.jobs import Job, in_a_transaction
from shared.messaging.subscription import Subscription
from shared.process.clock import Clock

START_STATEMENTS_SECONDS: Final = 60.0
"""A month's statement may come a minute later; the question is a look at each partner and month of a year."""
DRAW_STATEMENTS_SECONDS: Final = 1.0
"""One that was asked for by hand should not wait noticeably."""

SUBSCRIPTIONS: Final[tuple[Subscription, ...]] = (policies.SUBSCRIPTION,)


def jobs(_settings: Settings, database: Database, clock: Clock) -> tuple[Job, ...]:
    """State the months that are over, and draw what was started."""

    def start(tx: Tx) -> bool:
        return start_due_statements(tx, now=clock.now()) > 0

    return (
        Job("start-statements", START_STATEMENTS_SECONDS, in_a_transaction(database, start)),
        Job(
            "draw-statements",
            DRAW_STATEMENTS_SECONDS,
            in_a_transaction(database, lambda tx: draw_next(tx, now=clock.now())),
        ),
    )
