"""The only wiring of enrollment. Each part imports its edge when asked for: a web process loads no Kafka client."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from services.enrollment.settings import Settings
from shared.entry.service_parts import ServiceParts
from shared.entry.verify import Check

if TYPE_CHECKING:
    from flask import Flask
    from typer import Typer

    from services.enrollment.people.usecases.vault import Vault
    from shared.courier.post import Courier
    from shared.db.pool import Database
    from shared.messaging.jobs import Job
    from shared.messaging.subscription import Subscription
    from shared.process.clock import Clock

INSTALLER: Final = "installation"
"""Who the audit trail says published the products that the service ships with; a trigger of 0007 knows it too."""


def web(settings: Settings) -> Flask:
    from services.enrollment.files.api.batches import batches  # noqa: PLC0415  # see the module's docstring
    from services.enrollment.partners.api.partners import partners  # noqa: PLC0415
    from services.enrollment.partners.usecases.quotas import EnrollmentPermits  # noqa: PLC0415
    from services.enrollment.people.api.consents import consents  # noqa: PLC0415
    from services.enrollment.policies.api.certificates import certificates  # noqa: PLC0415
    from services.enrollment.policies.api.deps import Deps  # noqa: PLC0415
    from services.enrollment.policies.api.endorsements import endorsements  # noqa: PLC0415
    from services.enrollment.policies.api.erasures import erasures  # noqa: PLC0415
    from services.enrollment.policies.api.notices import notices  # noqa: PLC0415
    from services.enrollment.policies.api.opt_outs import opt_outs  # noqa: PLC0415
    from services.enrollment.policies.api.policies import policies  # noqa: PLC0415
    from services.enrollment.policies.api.renewals import renewals  # noqa: PLC0415
    from services.enrollment.policies.api.schedules import policy_schedules  # noqa: PLC0415
    from services.enrollment.policies.usecases.certify_policy import CodeKey  # noqa: PLC0415
    from services.enrollment.problems import PROBLEMS  # noqa: PLC0415
    from services.enrollment.products.api.product_drafts import product_drafts  # noqa: PLC0415
    from services.enrollment.products.api.products import products  # noqa: PLC0415
    from services.enrollment.products.api.quotes import quotes  # noqa: PLC0415
    from services.enrollment.statements.api.statements import statements  # noqa: PLC0415
    from services.enrollment.webhooks.api.webhooks import webhooks  # noqa: PLC0415
    from services.enrollment.webhooks.usecases.try_endpoint import Trials  # noqa: PLC0415
    from shared.entry import wiring  # noqa: PLC0415
    from shared.web.app import create_app  # noqa: PLC0415

    database = wiring.database(settings, "web")
    vault = _vault(settings)
    return create_app(
        "Fangzha enrollment",
        version="1.0.0",
        description="Products, and the people whom partners cover with them: one by one or by file.",
        resources=(
            products,
            product_drafts,
            quotes,
            partners,
            notices,
            consents,
            policies,
            policy_schedules,
            endorsements,
            certificates,
            renewals,
            erasures,
            opt_outs,
            batches,
            statements,
            webhooks,
        ),
        problems=PROBLEMS,
        deps=Deps(
            vault=vault,
            sandbox=settings.sandbox,
            trials=Trials(database, _courier(settings), vault.sealer),
            permits=EnrollmentPermits(wiring.database(settings, "quotas", size=1)),
            codes=CodeKey.of(wiring.token_keys(settings)),
        ),
        database=database,
        clock=wiring.business_clock(settings, database),
        verifier=wiring.verifier(settings),
        seal=wiring.reply_seal(settings),
        sandbox=settings.sandbox,
    )


def subscriptions(_settings: Settings, _database: Database, _clock: Clock) -> tuple[Subscription, ...]:
    from services.enrollment.policies.consumers import claim_decisions, payouts  # noqa: PLC0415
    from services.enrollment.statements.consumers import policies  # noqa: PLC0415

    return (claim_decisions.SUBSCRIPTION, payouts.SUBSCRIPTION, policies.SUBSCRIPTION)


def jobs(settings: Settings, database: Database, clock: Clock) -> tuple[Job, ...]:
    from services.enrollment import jobs as ours  # noqa: PLC0415  # see the module's docstring
    from services.enrollment.files.intake.pickup_places import Place, pickups  # noqa: PLC0415

    vault = _vault(settings)
    places = [] if settings.pickups_file is None else [Place(one, os.environ) for one in pickups(settings.pickups_file)]
    return (
        *ours.of_files(database, clock, vault, places, sandbox=settings.sandbox),
        *ours.of_policies(database, clock, vault),
        *ours.of_partners(database, clock),
        *ours.of_webhooks(database, clock, vault, _courier(settings)),
    )


def checks(settings: Settings, database: Database) -> tuple[Check, ...]:
    from services.enrollment.policies.store import integrity  # noqa: PLC0415
    from services.enrollment.policies.usecases.erase_person import records_that_open  # noqa: PLC0415

    vault = _vault(settings)

    def run(find: integrity.Finder) -> list[str]:
        with database.transaction() as tx:
            return find(tx)

    found = tuple(Check(number, name, partial(run, find)) for number, name, find in integrity.FINDERS)
    opens = partial(records_that_open, vault=vault)
    return (*found, Check(12, "the sealed record of an erased person is empty", partial(run, opens)))


def after_migrate(settings: Settings, database: Database) -> None:
    """Publish the shipped products once, and bring the partners' contracts up to date with their file."""
    from services.enrollment.partners.usecases import contracts_file  # noqa: PLC0415
    from services.enrollment.partners.usecases.follow_contracts import follow_contracts  # noqa: PLC0415
    from services.enrollment.products.usecases import shipped  # noqa: PLC0415
    from services.enrollment.products.usecases.publish_product import install_products  # noqa: PLC0415
    from shared.entry import wiring  # noqa: PLC0415

    file = settings.contracts_file or (contracts_file.SIMULATED_CONTRACTS if settings.sandbox else None)
    contracts = contracts_file.contracts(file) if file else []
    now = wiring.business_clock(settings, database).now()
    with database.transaction() as tx:
        install_products(tx, shipped.products(), actor=INSTALLER, now=now)
        follow_contracts(tx, contracts, actor=INSTALLER, now=now)


def add_commands(cli: Typer) -> None:
    from services.enrollment.products import commands as products  # noqa: PLC0415  # see the module's docstring
    from services.enrollment.statements import commands as statements  # noqa: PLC0415  # see the module's docstring
    from shared.entry import wiring  # noqa: PLC0415

    def database() -> Database:
        return wiring.database(Settings.load(), "command")

    products.add(cli, database)
    statements.add(cli, database)


def _courier(settings: Settings) -> Courier:
    from shared.courier.addresses import parse_networks  # noqa: PLC0415
    from shared.courier.post import Courier  # noqa: PLC0415

    return Courier(
        parse_networks(settings.webhook_private_networks),
        plain_http=settings.webhook_plain_http,
        ca_file=None if settings.webhook_ca_file is None else str(settings.webhook_ca_file),
    )


def _vault(settings: Settings) -> Vault:
    from services.enrollment.people.usecases.vault import Vault  # noqa: PLC0415
    from shared.entry import wiring  # noqa: PLC0415
    from shared.privacy.tokens import Tokenizer  # noqa: PLC0415

    keys = wiring.token_keys(settings)
    return Vault(Tokenizer(keys), wiring.sealer(settings), rotating=len(keys.keys) > 1)


PARTS: Final = ServiceParts(
    name="enrollment",
    settings=Settings,
    migrations=Path(__file__).parent / "migrations",
    web=web,
    subscriptions=subscriptions,
    jobs=jobs,
    checks=checks,
    gather_seconds=0.1,
    after_migrate=after_migrate,
    add_commands=add_commands,
)
