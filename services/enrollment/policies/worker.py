"""What the worker does about policies by itself: ends terms, renews, moves those of partners that end."""

from __future__ import annotations

from typing import Final

from services.enrollment.policies.consumers import claim_decisions, payouts
from services.enrollment.policies.usecases.expire_policies import expire_some
from services.enrollment.policies.usecases.run_renewals import work_off_renewals
from services.enrollment.policies.usecases.tell_names import tell_names
from services.enrollment.policies.usecases.work_off_wind_downs import work_off_wind_downs
from services.enrollment.policies.wiring import vault_of
from services.enrollment.settings import Settings
from shared.db.pool import Database
from shared.messaging.jobs import Job, in_a_transaction
from shared.messaging.subscription import Subscription
from shared.process.clock import Clock

EXPIRE_SECONDS: Final = 5.0
"""A term that is over reads so within that, and the renewal has begun; the question is one look into an index."""
LOOK_FOR_RENEWALS_SECONDS: Final = 1.0
LOOK_FOR_WIND_DOWNS_SECONDS: Final = 1.0
"""How soon policies begin to move; the question costs one look into an index that is mostly empty."""

TELL_NAMES_SECONDS: Final = 1.0
"""Before a reviewer opens the case; the question costs one look into an index that is mostly empty."""

SUBSCRIPTIONS: Final[tuple[Subscription, ...]] = (claim_decisions.SUBSCRIPTION, payouts.SUBSCRIPTION)


def jobs(settings: Settings, database: Database, clock: Clock) -> tuple[Job, ...]:
    """End terms that are over, renew what was asked for, and move the policies of partners that end."""
    vault = vault_of(settings)
    return (
        Job("expire-policies", EXPIRE_SECONDS, in_a_transaction(database, lambda tx: expire_some(tx, now=clock.now()))),
        Job(
            "renew-policies",
            LOOK_FOR_RENEWALS_SECONDS,
            in_a_transaction(database, lambda tx: work_off_renewals(tx, vault=vault, now=clock.now())),
        ),
        Job(
            "tell-names",
            TELL_NAMES_SECONDS,
            in_a_transaction(database, lambda tx: tell_names(tx, vault=vault, now=clock.now())),
        ),
        Job(
            "wind-down-partners",
            LOOK_FOR_WIND_DOWNS_SECONDS,
            in_a_transaction(database, lambda tx: work_off_wind_downs(tx, now=clock.now())),
        ),
    )
