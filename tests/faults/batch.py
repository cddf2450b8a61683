"""Kills processes at random moments while a file is worked off, round after round: ``make proof-batch``.

    make proof-batch                                  20 rounds of 200,000 rows
    make proof-batch ROUNDS=2 ROWS=10000 SEED=7       fewer, and the same again

After each round the same people are covered as after the first, each by one policy and one event, the other service
knows the same, and every invariant holds. The seed chooses the people, and who is killed when.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.batch_rounds import Outcome, Scene, Topic, listen, play, write_file
from tests.faults.killing import second_worker
from tests.running import running
from tests.services.enrollment.webhooks.receiver import listening

ROUNDS = 20
ROWS = 200_000


def _option(name: str, otherwise: int) -> int:
    return int(os.environ.get(name, otherwise))


def main() -> int:
    rounds, rows = _option("ROUNDS", ROUNDS), _option("ROWS", ROWS)
    seed = _option("SEED", int(time.time()))
    print(f"seed {seed}: {rounds} rounds of {rows:,} rows (SEED={seed} repeats it)", flush=True)
    with tempfile.TemporaryDirectory(prefix="fangzha-proof-") as folder:
        try:
            _rounds(Path(folder), rounds, rows, seed)
        except AssertionError as wrong:
            print(f"BROKEN: {wrong}\nthe seed was {seed}")
            return 1
    print("the same policies and events every time, none twice, none lost")
    return 0


def _rounds(folder: Path, rounds: int, rows: int, seed: int) -> None:
    first: Outcome | None = None
    with running(folder / "system") as system, second_worker(system) as worker, listening() as receiver:
        listen(system, receiver)
        scene = Scene(system, worker, write_file(system, folder, seed=seed, rows=rows), Topic(system), receiver)
        for number in range(1, rounds + 1):
            played = play(scene, random.Random(f"{seed} {number}"))
            first = first or played.outcome
            assert played.outcome == first, "another set than after the first round"
            kills = ", ".join(f"{who} {times}" for who, times in sorted(played.killed.items()))
            print(
                f"round {number:2}  {played.seconds:6.1f} s  {len(played.outcome.covered):,} policies, "
                f"{len(played.outcome.rejected):,} rejected; {sum(played.killed.values())} kills ({kills}), "
                f"{sum(played.killed_in_time.values())} of them before it was worked off; "
                f"{played.repeated_messages} messages and {played.repeated_webhooks} webhooks came again",
                flush=True,
            )


if __name__ == "__main__":
    sys.exit(main())
