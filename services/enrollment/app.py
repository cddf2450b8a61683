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

    from services.enrollment.courier.post import Courier
    from services.enrollment.usecases.vault import Vault
    from shared.db.pool import Database
    from shared.messaging.jobs import Job
    from shared.messaging.subscription import Subscription
    from shared.process.clock import Clock

LOOK_FOR_BATCHES_SECONDS: Final = 0.2
"""A partner's small file should not wait noticeably; the question costs one look into an index that is mostly empty."""

LOOK_INTO_PLACES_SECONDS: Final = 5.0
"""A file that was left takes minutes to come and a minute to settle; listing an object store costs money each time."""
FORGET_FAILED_SECONDS: Final = 3600.0

START_STATEMENTS_SECONDS: Final = 60.0
"""A month's statement may come a minute later; the question is a look at each partner and month of a year."""
DRAW_STATEMENTS_SECONDS: Final = 1.0
"""One that was asked for by hand should not wait noticeably."""

LOOK_FOR_WIND_DOWNS_SECONDS: Final = 1.0
"""How soon policies begin to move; the question costs one look into an index that is mostly empty."""

EXPIRE_SECONDS: Final = 5.0
"""A term that is over reads so within that, and the renewal has begun; the question is one look into an index."""
LOOK_FOR_RENEWALS_SECONDS: Final = 1.0
FORGET_QUOTAS_SECONDS: Final = 3600.0

SEND_SECONDS: Final = 0.25
"""A partner's server hears of a fact within that, or as fast as it answers."""
COUNT_SECONDS: Final = 5.0
"""Half of the 10 to 15 seconds at which Prometheus usually scrapes."""
DROP_SECONDS: Final = 600.0

INSTALLER: Final = "installation"
"""Who the audit trail says published the products that the service ships with; a trigger of 0007 knows it too."""


def web(settings: Settings) -> Flask:
    from services.enrollment.api.batches import batches  # noqa: PLC0415  # see the module's docstring
    from services.enrollment.api.certificates import certificates  # noqa: PLC0415
    from services.enrollment.api.consents import consents  # noqa: PLC0415
    from services.enrollment.api.deps import Deps  # noqa: PLC0415
    from services.enrollment.api.endorsements import endorsements  # noqa: PLC0415
    from services.enrollment.api.erasures import erasures  # noqa: PLC0415
    from services.enrollment.api.notices import notices  # noqa: PLC0415
    from services.enrollment.api.opt_outs import opt_outs  # noqa: PLC0415
    from services.enrollment.api.partners import partners  # noqa: PLC0415
    from services.enrollment.api.policies import policies  # noqa: PLC0415
    from services.enrollment.api.problems import PROBLEMS  # noqa: PLC0415
    from services.enrollment.api.product_drafts import product_drafts  # noqa: PLC0415
    from services.enrollment.api.products import products  # noqa: PLC0415
    from services.enrollment.api.quotes import quotes  # noqa: PLC0415
    from services.enrollment.api.renewals import renewals  # noqa: PLC0415
    from services.enrollment.api.schedules import policy_schedules  # noqa: PLC0415
    from services.enrollment.api.statements import statements  # noqa: PLC0415
    from services.enrollment.api.webhooks import webhooks  # noqa: PLC0415
    from services.enrollment.usecases.certify_policy import CodeKey  # noqa: PLC0415
    from services.enrollment.usecases.quotas import EnrollmentPermits  # noqa: PLC0415
    from services.enrollment.usecases.webhooks.try_endpoint import Trials  # noqa: PLC0415
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
        sandbox=settings.sandbox,
    )


def subscriptions(_settings: Settings, _database: Database, _clock: Clock) -> tuple[Subscription, ...]:
    from services.enrollment.consumers import claim_decisions, payouts  # noqa: PLC0415

    return (claim_decisions.SUBSCRIPTION, payouts.SUBSCRIPTION)


def jobs(settings: Settings, database: Database, clock: Clock) -> tuple[Job, ...]:
    from services.enrollment.usecases.draw_statements import draw_next, start_due_statements  # noqa: PLC0415
    from services.enrollment.usecases.end_failed_batches import forget_failed_parts  # noqa: PLC0415
    from services.enrollment.usecases.expire_policies import expire_some  # noqa: PLC0415
    from services.enrollment.usecases.load_batch import load_next_part  # noqa: PLC0415
    from services.enrollment.usecases.prepare_part import Ahead  # noqa: PLC0415
    from services.enrollment.usecases.quotas import forget_windows  # noqa: PLC0415
    from services.enrollment.usecases.run_renewals import work_off_renewals  # noqa: PLC0415
    from services.enrollment.usecases.webhooks.send import Sender, count_due, drop_old  # noqa: PLC0415
    from services.enrollment.usecases.wind_down import work_off_wind_downs  # noqa: PLC0415
    from shared.messaging.jobs import Job  # noqa: PLC0415

    vault = _vault(settings)
    sender = Sender(database, _courier(settings), vault.sealer, clock)

    ahead = Ahead()

    def load() -> bool:
        with database.transaction() as tx:
            return load_next_part(tx, vault=vault, now=clock.now(), sandbox=settings.sandbox, ahead=ahead)

    def forget_failed() -> bool:
        with database.transaction() as tx:
            return forget_failed_parts(tx, now=clock.now())

    def start_statements() -> bool:
        with database.transaction() as tx:
            start_due_statements(tx, now=clock.now())
        return False

    def draw_statements() -> bool:
        with database.transaction() as tx:
            return draw_next(tx, now=clock.now())

    def wind_down() -> bool:
        with database.transaction() as tx:
            return work_off_wind_downs(tx, now=clock.now())

    def expire() -> bool:
        with database.transaction() as tx:
            return expire_some(tx, now=clock.now())

    def renew() -> bool:
        with database.transaction() as tx:
            return work_off_renewals(tx, vault=vault, now=clock.now())

    def forget_quotas() -> bool:
        with database.transaction() as tx:
            return forget_windows(tx, now=clock.now())

    return (
        Job("load-batches", LOOK_FOR_BATCHES_SECONDS, load),
        Job("forget-failed-batches", FORGET_FAILED_SECONDS, forget_failed),
        *_pickups(settings, database, vault, clock),
        Job("send-webhooks", SEND_SECONDS, sender.send_due),
        Job("count-webhooks", COUNT_SECONDS, partial(count_due, database)),
        Job("drop-webhooks", DROP_SECONDS, partial(drop_old, database)),
        Job("start-statements", START_STATEMENTS_SECONDS, start_statements),
        Job("draw-statements", DRAW_STATEMENTS_SECONDS, draw_statements),
        Job("wind-down-partners", LOOK_FOR_WIND_DOWNS_SECONDS, wind_down),
        Job("expire-policies", EXPIRE_SECONDS, expire),
        Job("renew-policies", LOOK_FOR_RENEWALS_SECONDS, renew),
        Job("forget-quota-windows", FORGET_QUOTAS_SECONDS, forget_quotas),
    )


def _pickups(settings: Settings, database: Database, vault: Vault, clock: Clock) -> tuple[Job, ...]:
    """The job that looks into partners' places, where the operator names any."""
    from services.enrollment.intake.pickup_places import Place, pickups  # noqa: PLC0415
    from services.enrollment.usecases.pick_up_files import Pickups  # noqa: PLC0415
    from shared.messaging.jobs import Job  # noqa: PLC0415

    if settings.pickups_file is None:
        return ()
    places = [Place(pickup, os.environ) for pickup in pickups(settings.pickups_file)]
    return (Job("pick-up-files", LOOK_INTO_PLACES_SECONDS, Pickups(places, database, vault, clock).run),)


def checks(settings: Settings, database: Database) -> tuple[Check, ...]:
    from services.enrollment.store import integrity  # noqa: PLC0415
    from services.enrollment.usecases.erase_person import records_that_open  # noqa: PLC0415

    vault = _vault(settings)

    def run(find: integrity.Finder) -> list[str]:
        with database.transaction() as tx:
            return find(tx)

    found = tuple(Check(number, name, partial(run, find)) for number, name, find in integrity.FINDERS)
    opens = partial(records_that_open, vault=vault)
    return (*found, Check(12, "the sealed record of an erased person is empty", partial(run, opens)))


def after_migrate(settings: Settings, database: Database) -> None:
    """Publish the shipped products once, and bring the partners' contracts up to date with their file."""
    from services.enrollment.intake import shipped  # noqa: PLC0415
    from services.enrollment.usecases.publish_product import install  # noqa: PLC0415
    from shared.entry import wiring  # noqa: PLC0415

    file = settings.contracts_file or (shipped.SIMULATED_CONTRACTS if settings.sandbox else None)
    contracts = shipped.contracts(file) if file else []
    now = wiring.business_clock(settings, database).now()
    with database.transaction() as tx:
        install(tx, shipped.products(), contracts, actor=INSTALLER, now=now)


def add_commands(cli: Typer) -> None:
    from services.enrollment.commands import products, statements  # noqa: PLC0415  # see the module's docstring
    from shared.entry import wiring  # noqa: PLC0415

    def database() -> Database:
        return wiring.database(Settings.load(), "command")

    products.add(cli, database)
    statements.add(cli, Settings.load, database)


def _courier(settings: Settings) -> Courier:
    from services.enrollment.courier.addresses import parse_networks  # noqa: PLC0415
    from services.enrollment.courier.post import Courier  # noqa: PLC0415

    return Courier(
        parse_networks(settings.webhook_private_networks),
        plain_http=settings.webhook_plain_http,
        ca_file=None if settings.webhook_ca_file is None else str(settings.webhook_ca_file),
    )


def _vault(settings: Settings) -> Vault:
    from services.enrollment.usecases.vault import Vault  # noqa: PLC0415
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
    after_migrate=after_migrate,
    add_commands=add_commands,
)
