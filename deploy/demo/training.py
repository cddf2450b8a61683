"""``make train``: trains a model on a running local stack, by HTTP as the fraud team does, and prints what it is worth.

Past claims are simulated, or those of a file of one JSON object a line. Promoting the model is left to a person.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from deploy.demo import clocks
from deploy.demo.users import FRAUD_DETECTION, Json, Refused, System, User
from deploy.demo.waiting import TookTooLong, until
from deploy.local.places import STACKS
from deploy.local.stack import Stack, StackFailed
from deploy.simulator import past_claims

OVER = frozenset({"ready", "failed", "canceled"})
PATIENCE_SECONDS = 4 * 3600
"""What the trainer gives one model, unless it is told otherwise."""
Say = Callable[[str], None]


def train(system: System, lines: Iterable[bytes], note: str, say: Say) -> Json:
    """The model when it is over: ready, failed or canceled. ``say`` hears how far it is."""
    with User.of(system, "fraud-team", FRAUD_DETECTION) as team:
        dataset = team.upload("/v1/past-claims", lines, "application/x-ndjson")
        say(f"{dataset['rows']:,} past claims, {dataset['dishonest']:,} of them dishonest")
        queued = team.post("/v1/models", {"dataset_id": dataset["dataset_id"], "note": note})

        def over() -> Json | None:
            model = team.get(f"/v1/models/{queued['model_id']}")
            progress = model["progress"]
            say(f"{progress['phase']} {progress['share']:.0%}" if progress else model["state"])
            return model if model["state"] in OVER else None

        return until("the model is not trained; does a trainer run?", over, seconds=PATIENCE_SECONDS, every=0.5)


def figures(model: Json, *, simulated: bool) -> Table:
    """The report's main numbers, on the newest fifth of the past claims, beside what a model must beat."""
    report = model["report"]
    origin = (
        "simulated past claims: no word about real ones" if simulated else "the newest fifth, which it has not seen"
    )
    table = Table("", "AUC", "average precision", "Brier", title=f"model {model['model_id']}", caption=origin)
    rows = {report["algorithm"]: report["metrics"], **report["baselines"]}
    for name, each in rows.items():
        brier = "-" if each["brier"] is None else f"{each['brier']:.4f}"
        table.add_row(name.replace("_", " "), f"{each['auc']:.3f}", f"{each['average_precision']:.3f}", brier)
    return table


def approvals(model: Json) -> Table:
    """What a threshold would approve without a person."""
    table = Table("approve below", "approved", "dishonest among them")
    for each in model["report"]["approvals"]:
        shares = (f"{each['approved_share']:.1%}", f"{each['dishonest_among_approved']:.2%}")
        table.add_row(f"{each['approve_below']:g}", *shares)
    return table


def main(
    name: Annotated[str, typer.Option(help="Which stack: the name of its folder under .local.")] = "main",
    rows: Annotated[int, typer.Option(help="How many simulated past claims.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Another seed simulates other ones.")] = 1,
    file: Annotated[
        Path | None, typer.Option(exists=True, help="Past claims of your own, a JSON object a line.")
    ] = None,
) -> None:
    """Train a model on the running stack of this name and print what it is worth."""
    console = Console()
    try:
        model = _train(console, Stack(STACKS / name), rows, seed, file)
    except (StackFailed, Refused, TookTooLong) as failure:
        console.print(f"[bold red]It cannot go on.[/] {failure}", highlight=False)
        raise typer.Exit(1) from None
    if model["state"] != "ready":
        console.print(f"{model['state']}: {model['failure'] or 'called off'}")
        raise typer.Exit(1)
    console.print(figures(model, simulated=file is None), approvals(model))
    console.print(f"To put it to work: POST /v1/models/{model['model_id']}/promotion (docs/models.md)", soft_wrap=True)


def _train(console: Console, stack: Stack, rows: int, seed: int, file: Path | None) -> Json:
    began = time.monotonic()
    if file is None:
        lines: Iterable[bytes] = past_claims.ndjson(past_claims.make(seed, rows, until=clocks.now(stack)))
        note = f"{rows} simulated past claims, seed {seed}"
    else:
        lines, note = file.open("rb"), f"past claims of {file.name}"[:200]
    with console.status("past claims are handed in") as status:
        model = train(stack, lines, note, status.update)
    console.print(f"{model['state']} after {time.monotonic() - began:.0f} s")
    return model


if __name__ == "__main__":
    typer.run(main)
