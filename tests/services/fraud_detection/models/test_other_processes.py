"""What a second process sees of a promotion, and which processes load scikit-learn."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

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


@pytest.mark.parametrize(
    ("module", "libraries"),
    [
        ("services.fraud_detection.models.api.models", ("sklearn", "numpy")),
        ("services.fraud_detection.trainer", ("sklearn", "numpy")),
        ("services.fraud_detection.worker", ("sklearn", "services.fraud_detection.models.usecases.train_model")),
    ],
)
def test_a_process_loads_no_library_that_it_has_no_use_for(module: str, libraries: tuple[str, ...]) -> None:
    script = f"import sys, {module}; print([each for each in {libraries} if each in sys.modules])"
    asked = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert asked.stdout.strip() == "[]"
