"""What enrollment's workers do by themselves, and how often they look. The work is the use cases'."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from services.enrollment.files.intake.pickup_places import Place
from services.enrollment.files.usecases.end_failed_batches import forget_failed_parts
from services.enrollment.files.usecases.load_batch import count_waiting, give_up, load_next_part
from services.enrollment.files.usecases.pick_up_files import Pickups
from services.enrollment.files.usecases.under_way import Overtaken, Turn, UnderWay
from services.enrollment.partners.usecases.quotas import forget_windows
from services.enrollment.people.usecases.vault import Vault
from services.enrollment.policies.usecases.expire_policies import expire_some
from services.enrollment.policies.usecases.run_renewals import work_off_renewals
from services.enrollment.policies.usecases.work_off_wind_downs import work_off_wind_downs
from services.enrollment.statements.usecases.draw_statements import draw_next, start_due_statements
from services.enrollment.webhooks.usecases.send import Sender, count_due, drop_old
from shared.courier.post import Courier
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.messaging.failures import PASSING
from shared.messaging.jobs import Job
from shared.process.clock import Clock

LOOK_FOR_BATCHES_SECONDS: Final = 0.2
"""A partner's small file should not wait noticeably; the question costs one look into an index that is mostly empty."""
PARTS_AT_ONCE: Final = 2
"""While the database stores one part, another is made ready; and one's commit waits for the disk beside the other."""
LOOK_INTO_PLACES_SECONDS: Final = 5.0
"""A file that was left takes minutes to come and a minute to settle; listing an object store costs money each time."""
FORGET_FAILED_SECONDS: Final = 3600.0

EXPIRE_SECONDS: Final = 5.0
"""A term that is over reads so within that, and the renewal has begun; the question is one look into an index."""
LOOK_FOR_RENEWALS_SECONDS: Final = 1.0

START_STATEMENTS_SECONDS: Final = 60.0
"""A month's statement may come a minute later; the question is a look at each partner and month of a year."""
DRAW_STATEMENTS_SECONDS: Final = 1.0
"""One that was asked for by hand should not wait noticeably."""
LOOK_FOR_WIND_DOWNS_SECONDS: Final = 1.0
"""How soon policies begin to move; the question costs one look into an index that is mostly empty."""
FORGET_QUOTAS_SECONDS: Final = 3600.0

SEND_SECONDS: Final = 0.25
"""A partner's server hears of a fact within that, or as fast as it answers."""
COUNT_SECONDS: Final = 5.0
"""Half of the 10 to 15 seconds at which Prometheus usually scrapes."""
DROP_SECONDS: Final = 600.0


def of_files(
    database: Database, clock: Clock, vault: Vault, places: Sequence[Place], *, sandbox: bool
) -> tuple[Job, ...]:
    """Enroll what was uploaded, take in what lies in ``places``, and forget what is left of failed batches."""
    under_way = UnderWay()

    def load() -> bool:
        turn = under_way.turn()
        try:
            with turn, database.transaction() as tx:
                return load_next_part(tx, vault=vault, now=clock.now(), sandbox=sandbox, turn=turn)
        except Overtaken:
            return True
        except PASSING:
            raise
        except Exception:
            if not _given_up(database, turn, clock):
                raise
            return True

    own = (
        Job("count-batches", COUNT_SECONDS, partial(count_waiting, database, clock)),
        *(Job(f"load-batches-{number}", LOOK_FOR_BATCHES_SECONDS, load) for number in range(1, PARTS_AT_ONCE + 1)),
        Job(
            "forget-failed-batches",
            FORGET_FAILED_SECONDS,
            _step(database, lambda tx: forget_failed_parts(tx, now=clock.now())),
        ),
    )
    if not places:
        return own
    return (*own, Job("pick-up-files", LOOK_INTO_PLACES_SECONDS, Pickups(places, database, vault, clock).run))


def of_policies(database: Database, clock: Clock, vault: Vault) -> tuple[Job, ...]:
    """End terms that are over, and renew what was asked for."""
    return (
        Job("expire-policies", EXPIRE_SECONDS, _step(database, lambda tx: expire_some(tx, now=clock.now()))),
        Job(
            "renew-policies",
            LOOK_FOR_RENEWALS_SECONDS,
            _step(database, lambda tx: work_off_renewals(tx, vault=vault, now=clock.now())),
        ),
    )


def of_partners(database: Database, clock: Clock) -> tuple[Job, ...]:
    """State the months that are over, move the policies of partners that end, and forget old quota windows."""

    def start(tx: Tx) -> bool:
        return start_due_statements(tx, now=clock.now()) > 0

    return (
        Job("start-statements", START_STATEMENTS_SECONDS, _step(database, start)),
        Job("draw-statements", DRAW_STATEMENTS_SECONDS, _step(database, lambda tx: draw_next(tx, now=clock.now()))),
        Job(
            "wind-down-partners",
            LOOK_FOR_WIND_DOWNS_SECONDS,
            _step(database, lambda tx: work_off_wind_downs(tx, now=clock.now())),
        ),
        Job(
            "forget-quota-windows",
            FORGET_QUOTAS_SECONDS,
            _step(database, lambda tx: forget_windows(tx, now=clock.now())),
        ),
    )


def of_webhooks(database: Database, clock: Clock, vault: Vault, courier: Courier) -> tuple[Job, ...]:
    """Send what partners' servers are to be told, count what waits, and drop what is old."""
    sender = Sender(database, courier, vault.sealer, clock)
    return (
        Job("send-webhooks", SEND_SECONDS, sender.send_due),
        Job("count-webhooks", COUNT_SECONDS, partial(count_due, database)),
        Job("drop-webhooks", DROP_SECONDS, partial(drop_old, database)),
    )


def _given_up(database: Database, turn: Turn, clock: Clock) -> bool:
    """After a bug: whether the batch of the part has failed, and the worker may go on with others."""
    if turn.taken is None:
        return False
    with database.transaction() as tx:
        return give_up(tx, turn.taken, now=clock.now())


def _step(database: Database, work: Callable[[Tx], bool]) -> Callable[[], bool]:
    """One transaction of ``work``."""

    def run() -> bool:
        with database.transaction() as tx:
            return work(tx)

    return run
