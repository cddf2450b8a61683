"""Draws how scores are spread and what precision costs in recall, as the service measured them on held-out claims."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

from deploy.demo.users import Json


def draw(report: Json, approve_below: float, target: Path) -> Path:
    """Write the PNG; the report is that of ``GET /v1/models/{model_id}``."""
    target.parent.mkdir(parents=True, exist_ok=True)
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), dpi=120)
    histogram = report["histogram"]
    lows = [each["low"] for each in histogram]
    width = 1 / len(histogram)
    left.bar(lows, [each["honest"] for each in histogram], width, align="edge", label="honest", color="#4c78a8")
    left.bar(
        lows,
        [each["dishonest"] for each in histogram],
        width,
        align="edge",
        label="dishonest",
        color="#e45756",
        alpha=0.8,
    )
    left.axvline(approve_below, color="black", linestyle="--", linewidth=1, label=f"approve below {approve_below}")
    left.set(title="Scores of held-out claims", xlabel="probability of being dishonest", ylabel="claims", yscale="log")
    left.legend()
    curve = report["curve"]
    right.plot([each["recall"] for each in curve], [each["precision"] for each in curve], color="#4c78a8")
    right.set(
        title=f"Precision and recall (average precision {report['metrics']['average_precision']:.2f})",
        xlabel="recall",
        ylabel="precision",
    )
    right.set(xlim=(0, 1), ylim=(0, 1.02))
    right.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(target)
    plt.close(figure)
    return target
