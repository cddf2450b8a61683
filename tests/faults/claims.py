"""Kills processes at random moments while claims are filed, reviewed, appealed and paid: ``make proof-claims``.

    make proof-claims                                 5,000 claims in 20 rounds
    make proof-claims CLAIMS=60 ROUNDS=2 SEED=7       fewer, and the same people, choices and victims again

After each round, once nothing moves, claim_checks holds all claims so far against the databases, the topic, the bank's
own book and what a partner's server was told, and every invariant holds.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from pathlib import Path

from deploy.local.stack import Stack
from tests.faults.claim_rounds import play, scene
from tests.running import running

CLAIMS = 5_000
ROUNDS = 20


def _option(name: str, otherwise: int) -> int:
    return int(os.environ.get(name, otherwise))


def main() -> int:
    claims, rounds = _option("CLAIMS", CLAIMS), _option("ROUNDS", ROUNDS)
    seed = _option("SEED", int(time.time()))
    print(f"seed {seed}: {claims:,} claims in {rounds} rounds (SEED={seed} repeats it)", flush=True)
    with tempfile.TemporaryDirectory(prefix="fangzha-proof-") as folder, running(Path(folder) / "system") as system:
        try:
            prove(system, seed=seed, claims=claims, rounds=rounds)
        except AssertionError as wrong:
            print(f"BROKEN: {wrong}\nthe seed was {seed}")
            return 1
    print("each claim decided and paid once, each transfer and limit held once, all views alike")
    return 0


def prove(system: Stack, *, seed: int, claims: int, rounds: int) -> int:
    """All rounds, told one by one; how many kills there were.

    Raises:
        AssertionError: something was lost, doubled or told otherwise.
    """
    kills = 0
    with scene(system, seed, claims) as stage:
        for number in range(1, rounds + 1):
            count = claims * number // rounds - claims * (number - 1) // rounds
            played = play(stage, random.Random(f"{seed} {number}"), count)
            kills += sum(played.killed.values())
            killed = ", ".join(f"{who} {times}" for who, times in sorted(played.killed.items()))
            print(
                f"round {number:2}  {played.seconds:6.1f} s  {count} claims, {sum(played.killed.values())} kills "
                f"({killed})\n  did {dict(played.did.most_common())}\n  are {dict(played.states.most_common())}",
                flush=True,
            )
    return kills


if __name__ == "__main__":
    sys.exit(main())
