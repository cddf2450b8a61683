"""Fraud detection's worker: what it consumes, what it does by itself, and how often it looks."""

from __future__ import annotations

from functools import partial

from services.fraud_detection.consumers.payouts import PAYOUTS
from services.fraud_detection.consumers.policies import POLICIES
from services.fraud_detection.consumers.products import PRODUCTS
from services.fraud_detection.consumers.submitted import submissions
from services.fraud_detection.scoring.champions import Scorer
from services.fraud_detection.settings import Settings
from services.fraud_detection.usecases.count_reviews import count_reviews
from services.fraud_detection.usecases.erase_policies import erase_the_rest
from services.fraud_detection.wiring import signer_of
from shared.db.pool import Database
from shared.entry import worker
from shared.messaging.jobs import Job
from shared.messaging.subscription import Subscription
from shared.process.clock import Clock


def subscriptions(settings: Settings, _database: Database, clock: Clock) -> tuple[Subscription, ...]:
    return (POLICIES, PRODUCTS, PAYOUTS, submissions(Scorer(signer_of(settings)).champion, clock))


def jobs(settings: Settings, database: Database, clock: Clock) -> tuple[Job, ...]:
    # Here, for it loads scikit-learn (150 MB), and commands that ask for the subscriptions have no use for that.
    from services.fraud_detection.usecases.train_model import train_next  # noqa: PLC0415

    # A person waits for the model, and asking costs one index look-up: a second.
    return (
        Job("train_models", 1.0, partial(train_next, database, signer_of(settings), clock)),
        # A dashboard is read every quarter of a minute.
        Job("count_reviews", 15.0, partial(count_reviews, database)),
        # An enrollment that comes after its erasure is seconds late, and until then nobody may claim on it.
        Job("erase_the_rest", 15.0, partial(erase_the_rest, database, clock)),
    )


def run() -> None:
    """Until told to stop."""
    worker.run(Settings.load(), subscriptions, jobs)
