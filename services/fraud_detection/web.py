"""Fraud detection over HTTP: the routes of its wings, and what their views work with."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from flask import Flask

from services.fraud_detection.claims.wiring import personal_data_of
from services.fraud_detection.evidence import web as evidence
from services.fraud_detection.evidence.wiring import link_seal_of, sealed_objects_of
from services.fraud_detection.filing import web as filing
from services.fraud_detection.filing.api.deps import Deps
from services.fraud_detection.models import web as models
from services.fraud_detection.models.wiring import signer_of
from services.fraud_detection.reviews import web as reviews
from services.fraud_detection.reviews.wiring import lowest_authority_of
from services.fraud_detection.service_levels import web as service_levels
from services.fraud_detection.settings import Settings
from services.fraud_detection.webhooks import web as webhooks
from services.fraud_detection.webhooks.wiring import CHANNELS
from shared.entry import web, wiring
from shared.web.app import create_app
from shared.webhooks.settings import courier_of
from shared.webhooks.usecases.try_endpoint import Trials

WINGS: Final = (filing, reviews, evidence, models, service_levels, webhooks)
PROBLEMS: Final = {error: row for wing in WINGS for error, row in wing.PROBLEMS.items()}


def application(settings: Settings) -> Flask:
    """Claims, reviews, past claims and models."""
    pool, sealer = wiring.database(settings, "web"), wiring.sealer(settings)
    return create_app(
        "Fangzha fraud detection",
        version="1.0.0",
        description="Claims on anti-fraud cover: filing, decisions, reviews by persons, and the models that help.",
        resources=[each for wing in WINGS for each in wing.RESOURCES],
        problems=PROBLEMS,
        deps=Deps(
            sealer=sealer,
            trials=Trials(pool, courier_of(settings), sealer, CHANNELS),
            personal_data=personal_data_of(settings),
            sandbox=settings.sandbox,
            undo_for=timedelta(seconds=settings.undo_seconds),
            lowest_authority=lowest_authority_of(settings),
            signer=signer_of(settings),
            objects=sealed_objects_of(settings, pool),
            links=link_seal_of(settings),
        ),
        database=pool,
        clock=wiring.business_clock(settings, pool),
        verifier=web.verifier(settings),
        seal=web.reply_seal(settings),
        sandbox=settings.sandbox,
    )


def run() -> None:
    """Until told to stop."""
    web.run(Settings.load(), application)
