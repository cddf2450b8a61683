"""``make train`` on the whole system."""

from __future__ import annotations

from rich.console import Console

from deploy.demo import clocks, training
from deploy.simulator import past_claims
from tests.running import RunningSystem


def test_a_model_is_trained_on_the_running_stack_and_told_in_figures(running_system: RunningSystem) -> None:
    told: list[str] = []
    lines = past_claims.ndjson(past_claims.make(1, 2_000, until=clocks.now(running_system)))
    model = training.train(running_system, lines, "a test", told.append)
    assert (model["state"], model["attempts"]) == ("ready", 1)
    assert told[0].startswith("2,000 past claims")
    assert told[-1] == "ready"
    console = Console(width=120, record=True)
    console.print(training.figures(model, simulated=True), training.approvals(model))
    shown = console.export_text()
    for word in (
        "gradient boosting",
        "logistic regression",
        "share of the past",
        "simulated past claims",
        "approve below",
    ):
        assert word in shown
