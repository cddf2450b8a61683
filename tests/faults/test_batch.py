"""A file of subscribers is worked off exactly once although each process is killed meanwhile. More rounds: batch.py."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from deploy.local.stack import Stack
from tests.faults.batch_rounds import Scene, Topic, listen, play, write_file
from tests.faults.killing import VICTIMS, second_worker
from tests.services.enrollment.webhooks.receiver import listening

ROWS = 10_000
SEED = int(time.time())


@pytest.mark.timeout(1200)
def test_a_file_is_worked_off_once_although_every_process_is_killed_meanwhile(
    running_system: Stack, tmp_path: Path
) -> None:
    print(f"seed {SEED}")
    with second_worker(running_system) as worker, listening() as receiver:
        listen(running_system, receiver)
        given = write_file(running_system, tmp_path, seed=SEED, rows=ROWS)
        scene = Scene(running_system, worker, given, Topic(running_system), receiver)
        played = play(scene, random.Random(SEED))
    assert len(played.outcome.covered) + len(played.outcome.rejected) == ROWS
    assert set(played.killed_in_time) == set(VICTIMS)
