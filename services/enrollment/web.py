"""Enrollment over HTTP: the routes of its wings, and what their views work with."""

from __future__ import annotations

from typing import Final

from flask import Flask

from services.enrollment.files import web as files
from services.enrollment.files.store.erasures import forget_references
from services.enrollment.partners import web as partners
from services.enrollment.partners.usecases.quotas import EnrollmentPermits
from services.enrollment.people import web as people
from services.enrollment.policies import web as policies
from services.enrollment.policies.api.deps import PolicyDeps
from services.enrollment.policies.usecases.certify_policy import CodeKey
from services.enrollment.policies.wiring import vault_of
from services.enrollment.products import web as products
from services.enrollment.settings import Settings
from services.enrollment.statements import web as statements
from services.enrollment.webhooks import web as webhooks
from services.enrollment.webhooks.wiring import PARTNERS
from shared.entry import web, wiring
from shared.web.app import create_app
from shared.webhooks.settings import courier_of
from shared.webhooks.usecases.try_endpoint import Trials

WINGS: Final = (products, partners, people, policies, files, statements, webhooks)


def application(settings: Settings) -> Flask:
    """Products, and the people whom partners cover with them."""
    database = wiring.database(settings, "web")
    vault = vault_of(settings)
    return create_app(
        "Fangzha enrollment",
        version="1.0.0",
        description="Products, and the people whom partners cover with them: one by one or by file.",
        resources=[each for wing in WINGS for each in wing.RESOURCES],
        problems={error: row for wing in WINGS for error, row in wing.PROBLEMS.items()},
        deps=PolicyDeps(
            vault=vault,
            elsewhere=forget_references,
            sealer=vault.sealer,
            sandbox=settings.sandbox,
            trials=Trials(database, courier_of(settings), vault.sealer, PARTNERS),
            permits=EnrollmentPermits(wiring.database(settings, "quotas", size=1)),
            codes=CodeKey.of(wiring.token_keys(settings)),
        ),
        database=database,
        clock=wiring.business_clock(settings, database),
        verifier=web.verifier(settings),
        seal=web.reply_seal(settings),
        sandbox=settings.sandbox,
    )


def run() -> None:
    """Until told to stop."""
    web.run(Settings.load(), application)
