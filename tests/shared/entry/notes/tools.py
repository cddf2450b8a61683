from __future__ import annotations

from pathlib import Path

import typer
from typer import Typer

from shared.db.pool import Database
from shared.entry.tools import Tools
from shared.entry.verify import Check
from tests.shared.entry.notes.settings import NotesSettings


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


TOOLS = Tools(
    package="tests.shared.entry.notes",
    settings=NotesSettings,
    migrations=Path(__file__).parents[1] / "migrations",
    checks=checks,
    after_migrate=first_note,
    add_commands=add_commands,
)
