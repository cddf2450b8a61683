"""What the worker hears of policies, and the persons that it forgets by itself."""

from __future__ import annotations

from functools import partial

from services.fraud_detection.erasure.consumers.policies import POLICIES
from services.fraud_detection.erasure.usecases.erase_policies import erase_the_rest
from services.fraud_detection.settings import Settings
from shared.db.pool import Database
from shared.messaging.jobs import Job
from shared.messaging.subscription import Subscription
from shared.process.clock import Clock


def subscriptions(_settings: Settings, _clock: Clock) -> tuple[Subscription, ...]:
    return (POLICIES,)


def jobs(_settings: Settings, database: Database, clock: Clock) -> tuple[Job, ...]:
    # An enrollment that comes after its erasure is seconds late, and until then nobody may claim on it.
    return (Job("erase_the_rest", 15.0, partial(erase_the_rest, database, clock)),)
