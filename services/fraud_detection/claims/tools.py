"""Claims on the command line: their life as docs/claims.md shows it."""

from __future__ import annotations

import sys

import typer

from services.fraud_detection.claims.domain.drawing import diagram, table


def add_commands(cli: typer.Typer) -> None:
    """Add the commands."""

    @cli.command(name="draw-states")
    def draw_states() -> None:
        """Write the states of a claim and the steps between them, as docs/claims.md has them."""
        sys.stdout.write(f"{diagram()}\n\n{table()}\n")
