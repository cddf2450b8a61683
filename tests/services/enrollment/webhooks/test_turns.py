"""What was delivered stays so, whatever is said of it late, and only what waits is sent anew."""

from __future__ import annotations

from datetime import timedelta

from services.enrollment.webhooks.domain.webhook_facts import BatchFinished
from services.enrollment.webhooks.usecases.tell import tell
from shared.db.pool import Database
from shared.webhooks.store import webhook_deliveries
from shared.webhooks.store.webhook_deliveries import Attempt, Taken
from shared.webhooks.usecases.send import LEASE, SLOTS
from tests import clock
from tests.services.enrollment.builders import NOW, Partner
from tests.services.enrollment.webhooks.receiver import Receiver
from tests.services.enrollment.webhooks.webhooks import add

WENT, FAILED = (Attempt(1, NOW, 10, status, failure) for status, failure in ((204, None), (500, "status")))


def taken(database: Database, number: int = 1) -> Taken:
    """A message that is on its way for the first time."""
    fact = BatchFinished(
        batch_id=f"00000000-0000-7000-8000-{number:012d}",
        state="finished",
        kind="enrollment",
        product_code="resident-anti-fraud",
        dry_run=False,
        rows=1,
        accepted=1,
        rejected=0,
    )
    with database.transaction() as tx:
        tell(tx, 1, fact, now=NOW)
    now = clock.real_now() + timedelta(seconds=1)
    with database.transaction() as tx:
        (message,) = webhook_deliveries.take(tx, SLOTS, [], [], lease=LEASE, now=now)
    return message


def settle(database: Database, message: Taken, attempt: Attempt) -> None:
    again = None if attempt is WENT else NOW + timedelta(hours=1)
    with database.transaction() as tx:
        webhook_deliveries.settle(tx, message, attempt, next_due=again, now=NOW)


def states(database: Database) -> list[tuple[str, int]]:
    """State and tries of each message in the order of their telling."""
    with database.transaction() as tx:
        return tx.all("SELECT state, tries FROM webhook_deliveries ORDER BY delivery_id")


def test_a_message_that_was_delivered_is_not_sent_again_for_what_is_heard_late(
    east: Partner, receiver: Receiver, database: Database
) -> None:
    add(east, receiver)
    message = taken(database)
    settle(database, message, WENT)
    settle(database, message, FAILED)
    assert states(database) == [("delivered", 1)]


def test_when_an_endpoint_is_enabled_what_was_delivered_stays_as_it_is(
    east: Partner, receiver: Receiver, database: Database
) -> None:
    add(east, receiver)
    settle(database, taken(database, 1), WENT)
    waits = taken(database, 2)
    settle(database, waits, FAILED)
    with database.transaction() as tx:
        assert webhook_deliveries.resume(tx, waits.endpoint_id, NOW) == 1
    assert states(database) == [("delivered", 1), ("pending", 0)]
