"""Fraud detection's worker: what its wings consume and do by themselves."""

from __future__ import annotations

from typing import Final

from services.fraud_detection.coverage import worker as coverage
from services.fraud_detection.decisions import worker as decisions
from services.fraud_detection.erasure import worker as erasure
from services.fraud_detection.evidence import worker as evidence
from services.fraud_detection.models import worker as models
from services.fraud_detection.reviews import worker as reviews
from services.fraud_detection.service_levels import worker as service_levels
from services.fraud_detection.settings import Settings
from services.fraud_detection.webhooks import worker as webhooks
from shared.db.pool import Database
from shared.entry import worker
from shared.messaging.jobs import Job
from shared.messaging.subscription import Subscription
from shared.process.clock import Clock

WINGS: Final = (coverage, models, evidence, decisions, reviews, service_levels, erasure, webhooks)


def subscriptions(settings: Settings, _database: Database, clock: Clock) -> tuple[Subscription, ...]:
    return tuple(each for wing in WINGS for each in wing.subscriptions(settings, clock))


def jobs(settings: Settings, database: Database, clock: Clock) -> tuple[Job, ...]:
    return tuple(each for wing in WINGS for each in wing.jobs(settings, database, clock))


def run() -> None:
    """Until told to stop."""
    worker.run(Settings.load(), subscriptions, jobs)
