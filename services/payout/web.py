"""Payout over HTTP."""

from __future__ import annotations

from flask import Flask

from services.payout.api.deps import Deps
from services.payout.api.ledger import ledger
from services.payout.api.payees import payees
from services.payout.api.payouts import payouts
from services.payout.api.problems import PROBLEMS
from services.payout.settings import Settings
from services.payout.wiring import bank_of, vault_of
from shared.entry import web, wiring
from shared.web.app import create_app


def application(settings: Settings) -> Flask:
    """The vault, payouts and the books."""
    database = wiring.database(settings, "web")
    return create_app(
        "Fangzha payout",
        version="1.0.0",
        description="The payee vault, payouts of approved claims, the ledger, and its reconciliation with the bank.",
        resources=(payees, payouts, ledger),
        problems=PROBLEMS,
        deps=Deps(vault=vault_of(settings), bank=bank_of(settings), database=database),
        database=database,
        clock=wiring.business_clock(settings, database),
        verifier=web.verifier(settings),
        seal=web.reply_seal(settings),
        sandbox=settings.sandbox,
    )


def run() -> None:
    """Until told to stop."""
    web.run(Settings.load(), application)
