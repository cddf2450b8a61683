"""The only wiring of fraud detection. Each part imports its edge when it is asked for: web never loads Kafka."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from services.fraud_detection.settings import Settings
from shared.entry.service_parts import ServiceParts
from shared.entry.verify import Check

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from services.fraud_detection.scoring.signature import Signer
    from services.fraud_detection.usecases.personal_data import PersonalData
    from shared.db.pool import Database
    from shared.db.transaction import Tx
    from shared.messaging.jobs import Job
    from shared.messaging.subscription import Subscription
    from shared.process.clock import Clock

NAME: Final = "fraud_detection"


def web(settings: Settings) -> Flask:
    """Claims, reviews, past claims and models over HTTP."""
    from services.fraud_detection.api.claims import claims  # noqa: PLC0415  # see the module's docstring
    from services.fraud_detection.api.deps import Deps  # noqa: PLC0415
    from services.fraud_detection.api.models import models  # noqa: PLC0415
    from services.fraud_detection.api.past_claims import past_claims  # noqa: PLC0415
    from services.fraud_detection.api.problems import PROBLEMS  # noqa: PLC0415
    from services.fraud_detection.api.reviews import reviews  # noqa: PLC0415
    from shared.entry import wiring  # noqa: PLC0415
    from shared.web.app import create_app  # noqa: PLC0415

    pool = wiring.database(settings, "web")
    return create_app(
        "Fangzha fraud detection",
        version="1.0.0",
        description="Claims on anti-fraud cover: filing, decisions, reviews by persons, and the models that help.",
        resources=(claims, reviews, past_claims, models),
        problems=PROBLEMS,
        deps=Deps(personal_data=_personal_data(settings), sandbox=settings.sandbox, signer=_signer(settings)),
        database=pool,
        clock=wiring.business_clock(settings, pool),
        verifier=wiring.verifier(settings),
        seal=wiring.reply_seal(settings),
        sandbox=settings.sandbox,
    )


def subscriptions(settings: Settings, _database: Database, clock: Clock) -> tuple[Subscription, ...]:
    """What is consumed."""
    from services.fraud_detection.consumers.payouts import PAYOUTS  # noqa: PLC0415
    from services.fraud_detection.consumers.policies import POLICIES  # noqa: PLC0415
    from services.fraud_detection.consumers.products import PRODUCTS  # noqa: PLC0415
    from services.fraud_detection.consumers.submitted import submissions  # noqa: PLC0415
    from services.fraud_detection.scoring.champions import Scorer  # noqa: PLC0415

    return (POLICIES, PRODUCTS, PAYOUTS, submissions(Scorer(_signer(settings)).champion, clock))


def jobs(settings: Settings, database: Database, clock: Clock) -> tuple[Job, ...]:
    """What the worker does by itself."""
    from services.fraud_detection.usecases.count_reviews import count_reviews  # noqa: PLC0415
    from services.fraud_detection.usecases.erase_policies import erase_the_rest  # noqa: PLC0415
    from services.fraud_detection.usecases.train_model import train_next  # noqa: PLC0415
    from shared.messaging.jobs import Job  # noqa: PLC0415

    # A person waits for the model, and asking costs one index look-up: a second.
    return (
        Job("train_models", 1.0, partial(train_next, database, _signer(settings), clock)),
        # A dashboard is read every quarter of a minute.
        Job("count_reviews", 15.0, partial(count_reviews, database)),
        # An enrollment that comes after its erasure is seconds late, and until then nobody may claim on it.
        Job("erase_the_rest", 15.0, partial(erase_the_rest, database, clock)),
    )


def checks(_settings: Settings, database: Database) -> tuple[Check, ...]:
    """The invariants that this service's database can tell."""
    from services.fraud_detection.usecases.check_invariants import INVARIANTS  # noqa: PLC0415

    def ask(query: Callable[[Tx], list[str]]) -> list[str]:
        with database.transaction() as tx:
            return query(tx)

    return tuple(Check(number, name, partial(ask, query)) for number, name, query in INVARIANTS)


def _personal_data(settings: Settings) -> PersonalData:
    from services.fraud_detection.usecases.personal_data import PersonalData  # noqa: PLC0415
    from shared.entry import wiring  # noqa: PLC0415
    from shared.privacy.tokens import Tokenizer  # noqa: PLC0415

    return PersonalData(tokenizer=Tokenizer(wiring.token_keys(settings)), sealer=wiring.sealer(settings))


def _signer(settings: Settings) -> Signer:
    from services.fraud_detection.scoring.signature import Signer  # noqa: PLC0415

    settings.needs("model_signing_key")
    if settings.model_signing_key is None:
        raise AssertionError("unreachable")
    return Signer(bytes.fromhex(settings.model_signing_key.get_secret_value()))


PARTS: Final = ServiceParts(
    name=NAME,
    settings=Settings,
    migrations=Path(__file__).parent / "migrations",
    web=web,
    subscriptions=subscriptions,
    jobs=jobs,
    checks=checks,
)
