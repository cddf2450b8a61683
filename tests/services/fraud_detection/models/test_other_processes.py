"""What a second process sees of a promotion, and what is left of a worker that is killed in the middle of training."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.db.pool import Database
from tests.services.fraud_detection.models.builders import KEY, Team, file_of
from tests.services.fraud_detection.models.conftest import Train

ROOT = Path(__file__).parents[4]

SCORING = """
import sys
from services.fraud_detection.models.scoring.champions import Scorer
from services.fraud_detection.models.scoring.signature import Signer
from shared.db.pool import Database

database = Database(sys.argv[1], size=1)
scorer = Scorer(Signer(bytes.fromhex(sys.argv[2])))
for _ in sys.stdin:
    with database.transaction() as tx:
        champion = scorer.champion(tx)
    print(champion.model_id if champion else "none", flush=True)
"""

TRAINING = """
import sys
from services.fraud_detection.models.scoring.signature import Signer
from services.fraud_detection.models.usecases import train_model
from shared.db.pool import Database
from shared.process.clock import SystemClock

def stuck(rows):
    print("training", flush=True)
    sys.stdin.read()

train_model.train = stuck
train_model.train_next(Database(sys.argv[1]), Signer(bytes.fromhex(sys.argv[2])), SystemClock())
"""


@contextmanager
def child(script: str, url: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", script, url, KEY.hex()],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def ask(process: subprocess.Popen[str]) -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("who\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def test_a_running_process_sees_a_promotion_and_a_rollback_without_a_restart(
    team: Team, train: Train, fraud_detection_url: str
) -> None:
    first, second = team.queue_model(file_of(2_000)), team.queue_model(file_of(2_000, seed=2))
    train()
    train()
    with child(SCORING, fraud_detection_url) as scoring:
        assert ask(scoring) == "none"
        team.promote(first)
        assert ask(scoring) == first
        team.promote(second)
        assert ask(scoring) == second
        team.post("/v1/models/rollback", {"reason": "worse"})
        assert ask(scoring) == first


def test_a_model_survives_the_kill_of_the_worker_that_trains_it(
    team: Team, train: Train, database: Database, fraud_detection_url: str
) -> None:
    model = team.queue_model(file_of(2_000))
    with child(TRAINING, fraud_detection_url) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline().strip() == "training"
        assert team.get(f"/v1/models/{model}").json["state"] == "training"
        assert not train(), "a second worker took what the first one still holds"
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
        while team.get(f"/v1/models/{model}").json["state"] == "training":
            train()  # PostgreSQL notices the dead worker a moment later and lets go of the row
    assert team.get(f"/v1/models/{model}").json["state"] == "ready"
    with database.transaction() as tx:
        assert tx.one("SELECT attempts FROM models") == (2,)
        assert tx.one("SELECT count(*) FROM model_artifacts") == (1,)


def test_a_model_that_kills_its_worker_again_and_again_is_given_up(
    team: Team, train: Train, database: Database
) -> None:
    model = team.queue_model(file_of(2_000))
    with database.transaction() as tx:
        tx.execute("UPDATE models SET state = 'training', attempts = 4")
    assert not train()
    failed = team.get(f"/v1/models/{model}").json
    assert (failed["state"], "never ended" in failed["failure"]) == ("failed", True)


def test_the_web_process_loads_no_scikit_learn(fraud_detection_url: str) -> None:
    views = "services.fraud_detection.models.api.models"
    script = f"import sys, {views}; print('sklearn' in sys.modules or 'numpy' in sys.modules)"
    asked = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert asked.stdout.strip() == "False"
