"""Whole runs of a benchmark in turn with another checkout, e.g. of the commit before: each run has a stack of its own.

For a benchmark that fills its databases, where two stacks beside each other would share cache and disk. Builds of which
one is idle while the other is measured are another module's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.load.report import Figure, middle, write

RUNS = 5
"""Of each build: on a quiet machine single runs lie within a tenth of their median."""


def compare(name: str, before: Path, figures: Mapping[str, float]) -> Path:
    """Run ``tests.load.NAME`` of ``before`` and of this checkout ``RUNS`` times, and write the medians of ``figures``.

    ``before`` has its own .venv (``make install`` there). ``figures`` are names of a run's figures, of which more is
    better, each with the least that ours is to be of the build before.
    """
    runs = int(os.environ.get("RUNS", RUNS))
    builds = {"before": (before, before / ".venv" / "bin" / "python"), "ours": (Path.cwd(), Path(sys.executable))}
    found: dict[tuple[str, str], list[float]] = {}
    for _ in range(runs):
        for build, (checkout, python) in builds.items():
            for figure, value in _run(name, checkout, python).items():
                found.setdefault((build, figure), []).append(value)
    told = []
    for figure, least in figures.items():
        ours, earlier = (middle(found[build, figure]) for build in ("ours", "before"))
        told.append(Figure(f"{figure}, of the build before", earlier, "", None, None, "", holds=True))
        told.append(Figure(figure, ours, "", None, None, f"at least {least:g} of it", holds=ours >= least * earlier))
    each = [
        f"{build}, {figure}: {', '.join(f'{value:.3g}' for value in values)}"
        for (build, figure), values in found.items()
        if figure in figures
    ]
    return write(f"{name}-in-turn", told, notes=[f"Medians of {runs} runs of each build, in turn.", *each])


def _run(name: str, checkout: Path, python: Path) -> dict[str, float]:
    environment = {key: value for key, value in os.environ.items() if key != "BEFORE"}
    subprocess.run([python, "-m", f"tests.load.{name}"], cwd=checkout, env=environment, check=True)
    written = json.loads((checkout / "build" / "bench" / f"{name}.json").read_text())
    return {figure["name"]: figure["value"] for figure in written["rows"]}
