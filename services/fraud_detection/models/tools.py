"""Models on the command line: what a model could reach on any table."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer


def add_commands(cli: typer.Typer) -> None:
    """Add the commands; what they need of scikit-learn is loaded when one runs."""

    @cli.command(name="evaluate")
    def evaluate(
        spec: Annotated[Path, typer.Option(help="The feature spec, YAML; docs/evaluating.md says what it may hold.")],
        data: Annotated[Path, typer.Option(help="The table: CSV (UTF-8 or GB18030, also gzip) or Parquet.")],
        out: Annotated[Path, typer.Option(help="The folder for report.json and report.html.")] = Path("evaluation"),
        jobs: Annotated[int, typer.Option(help="Models fit at once; the figures are the same for any.")] = 0,
    ) -> None:
        """Train on a table of any field and measure on its later rows or on other groups."""
        run = import_module("services.fraud_detection.models.foreign.run")
        try:
            lines = run.evaluate_files(spec, data, out, jobs=jobs or os.cpu_count() or 1, told=_told)
        except run.Unfit as error:
            sys.stderr.write(f"{error}\n")
            raise typer.Exit(1) from None
        sys.stdout.write("\n".join(lines) + "\n")


def _told(step: str) -> None:
    sys.stderr.write(f"… {step}\n")
