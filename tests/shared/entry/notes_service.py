"""A whole service about notes, started as real ones are: ``python -m tests.shared.entry.notes_service web``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import typer
from pydantic import Field, SecretStr

from shared.db.pool import Database
from shared.entry import Check, ServiceParts, build_cli, wiring
from shared.process.clock import Clock
from shared.process.settings import Settings

if TYPE_CHECKING:
    from flask import Flask
    from typer import Typer

    from shared.messaging.jobs import Job
    from shared.messaging.subscription import Subscription


class NotesSettings(Settings):
    SERVICE: ClassVar[str] = "notes"
    pen: SecretStr = Field(description="the name of a pen", examples=[SecretStr("a pen")])


def web(settings: NotesSettings) -> Flask:
    from tests.shared.web.builders import notes_app  # noqa: PLC0415  # as services do

    pool = wiring.database(settings, "web")
    app = notes_app(pool, wiring.verifier(settings), clock=wiring.business_clock(settings, pool))
    if any(name.partition(".")[0] == "kafka" for name in sys.modules):
        raise AssertionError("a web process loaded a Kafka client")
    return app


def subscriptions(_settings: NotesSettings, _pool: Database, _clock: Clock) -> tuple[Subscription, ...]:
    return ()


def jobs(settings: NotesSettings, pool: Database, _clock: Clock) -> tuple[Job, ...]:
    from shared.messaging.jobs import Job  # noqa: PLC0415

    def tick() -> bool:
        with pool.transaction() as tx:
            tx.execute("INSERT INTO ticks VALUES (%s)", (len(settings.pen.get_secret_value()),))
        return False

    return (Job("tick", 0.1, tick),)


def checks(_settings: NotesSettings, pool: Database) -> tuple[Check, ...]:
    def untitled() -> list[str]:
        with pool.transaction() as tx:
            return [f"note {row[0]} has no title" for row in tx.all("SELECT id FROM notes WHERE title = ''")]

    return (Check(4, "every note has a title", untitled),)


def first_note(_settings: NotesSettings, pool: Database) -> None:
    with pool.transaction() as tx:
        tx.execute(
            "INSERT INTO notes (id, tenant, title, amount_fen, written_at)"
            " VALUES ('0190163d-8694-739b-aea5-966c26f8ad91', 'north', 'first', 0, now()) ON CONFLICT DO NOTHING"
        )


def add_commands(cli: Typer) -> None:
    @cli.command(name="say-hello")
    def say_hello(name: str) -> None:
        """Greet somebody."""
        typer.echo(f"hello {name}")


PARTS = ServiceParts(
    name="notes",
    settings=NotesSettings,
    migrations=Path(__file__).parent / "migrations",
    web=web,
    subscriptions=subscriptions,
    jobs=jobs,
    checks=checks,
    after_migrate=first_note,
    add_commands=add_commands,
)

if __name__ == "__main__":
    build_cli(PARTS)()
