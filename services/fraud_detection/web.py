"""Fraud detection over HTTP."""

from __future__ import annotations

from flask import Flask

from services.fraud_detection.api.claims import claims
from services.fraud_detection.api.deps import Deps
from services.fraud_detection.api.models import models
from services.fraud_detection.api.past_claims import past_claims
from services.fraud_detection.api.problems import PROBLEMS
from services.fraud_detection.api.reviews import reviews
from services.fraud_detection.settings import Settings
from services.fraud_detection.wiring import personal_data_of, signer_of
from shared.entry import web, wiring
from shared.web.app import create_app


def application(settings: Settings) -> Flask:
    """Claims, reviews, past claims and models."""
    pool = wiring.database(settings, "web")
    return create_app(
        "Fangzha fraud detection",
        version="1.0.0",
        description="Claims on anti-fraud cover: filing, decisions, reviews by persons, and the models that help.",
        resources=(claims, reviews, past_claims, models),
        problems=PROBLEMS,
        deps=Deps(personal_data=personal_data_of(settings), sandbox=settings.sandbox, signer=signer_of(settings)),
        database=pool,
        clock=wiring.business_clock(settings, pool),
        verifier=web.verifier(settings),
        seal=web.reply_seal(settings),
        sandbox=settings.sandbox,
    )


def run() -> None:
    """Until told to stop."""
    web.run(Settings.load(), application)
