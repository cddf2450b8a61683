"""Products on the command line: one in plain words, two versions side by side. From files or the database."""

from __future__ import annotations

from collections.abc import Callable

import typer

from shared.db.pool import Database


def add(cli: typer.Typer, database: Callable[[], Database]) -> None:
    """Add the commands; ``database`` is opened by those that need it."""
