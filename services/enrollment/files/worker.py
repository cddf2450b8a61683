"""What the worker does about files by itself: works them off, picks them up, forgets what is kept no longer."""

from __future__ import annotations

import os
from datetime import timedelta
from functools import partial
from typing import Final

from services.enrollment.files.intake.pickup_places import Place, pickups
from services.enrollment.files.usecases.end_failed_batches import forget_failed_parts
from services.enrollment.files.usecases.end_results import Kept, end_results
from services.enrollment.files.usecases.load_batch import count_waiting, give_up, load_next_part
from services.enrollment.files.usecases.pick_up_files import Pickups
from services.enrollment.files.usecases.under_way import Overtaken, Turn, UnderWay
from services.enrollment.policies.usecases.vault import Vault
from services.enrollment.policies.wiring import vault_of
from services.enrollment.settings import Settings
from shared.db.pool import Database
from shared.messaging.failures import PASSING
from shared.messaging.jobs import Job, in_a_transaction
from shared.messaging.subscription import Subscription
from shared.process.clock import Clock

LOOK_FOR_BATCHES_SECONDS: Final = 0.2
"""A partner's small file should not wait noticeably; the question costs one look into an index that is mostly empty."""
PARTS_AT_ONCE: Final = 2
"""While the database stores one part, another is made ready; and one's commit waits for the disk beside the other."""
LOOK_INTO_PLACES_SECONDS: Final = 5.0
"""A file that was left takes minutes to come and a minute to settle; listing an object store costs money each time."""
FORGET_FAILED_SECONDS: Final = 3600.0
END_RESULTS_SECONDS: Final = 600.0
COUNT_SECONDS: Final = 5.0
"""Half of the 10 to 15 seconds at which Prometheus usually scrapes."""

SUBSCRIPTIONS: Final[tuple[Subscription, ...]] = ()


def jobs(settings: Settings, database: Database, clock: Clock) -> tuple[Job, ...]:
    """Enroll what was uploaded, take in what lies in partners' places, and forget what is kept no longer."""
    vault = vault_of(settings)
    kept = Kept(timedelta(days=settings.results_kept_days), timedelta(days=settings.dry_run_results_kept_days))
    own = (
        Job("count-batches", COUNT_SECONDS, partial(count_waiting, database, clock)),
        *loading(database, clock, vault, sandbox=settings.sandbox),
        Job(
            "forget-failed-batches",
            FORGET_FAILED_SECONDS,
            in_a_transaction(database, lambda tx: forget_failed_parts(tx, now=clock.now())),
        ),
        Job(
            "end-results",
            END_RESULTS_SECONDS,
            in_a_transaction(database, lambda tx: end_results(tx, kept, now=clock.now())),
        ),
    )
    if settings.pickups_file is None:
        return own
    places = [Place(one, os.environ) for one in pickups(settings.pickups_file)]
    return (*own, Job("pick-up-files", LOOK_INTO_PLACES_SECONDS, Pickups(places, database, vault, clock).run))


def loading(database: Database, clock: Clock, vault: Vault, *, sandbox: bool) -> tuple[Job, ...]:
    """Work off parts, several at once; one that ends by a bug again and again fails its batch and stops no other."""
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

    return tuple(
        Job(f"load-batches-{number}", LOOK_FOR_BATCHES_SECONDS, load) for number in range(1, PARTS_AT_ONCE + 1)
    )


def _given_up(database: Database, turn: Turn, clock: Clock) -> bool:
    """After a bug: whether the batch of the part has failed, and the worker may go on with others."""
    if turn.taken is None:
        return False
    with database.transaction() as tx:
        return give_up(tx, turn.taken, now=clock.now())
