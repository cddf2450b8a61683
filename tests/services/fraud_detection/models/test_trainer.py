"""The trainer as a process of its own: it trains, says how far it is, and may be called off, stopped or killed at any
moment.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest

from deploy.local.places import free_port
from services.fraud_detection.models.domain.features import compute
from services.fraud_detection.models.domain.training import LabelledLine
from services.fraud_detection.models.scoring.reading import Columns
from services.fraud_detection.models.scoring.training_child import make_model
from services.fraud_detection.models.scoring.training_process import TrainingLimits, train_in_a_child
from services.fraud_detection.models.scoring.training_words import Training
from services.fraud_detection.models.store.past_claims import Dataset, add_dataset
from services.fraud_detection.models.usecases.train_model import MOST_ATTEMPTS, Hold, begin, train_next
from shared.db.pool import Database
from shared.process.clock import monotonic
from shared.process.new_ids import new_id
from tests import clock
from tests.services.fraud_detection.models.builders import KEY, Team, claims, file_of
from tests.services.fraud_detection.models.training_here import trainer_here
from tests.shared.messaging.builders import until

ROOT = Path(__file__).parents[4]
PLENTY = TrainingLimits(memory_mib=2048, threads=1, minutes=10)
SMALL, LARGE = file_of(2_000), file_of(12_000)
"""The large one takes some seconds: long enough to be hit in the middle."""


@contextmanager
def trainer(url: str, **more: str) -> Iterator[subprocess.Popen[str]]:
    """As Kubernetes starts it."""
    environ = {
        "FRAUD_DETECTION_DATABASE_URL": url,
        "FRAUD_DETECTION_MODEL_SIGNING_KEY": KEY.hex(),
        "HEALTH_PORT": str(free_port()),
        **clock.sandbox(),
        **more,
    }
    command = [sys.executable, "-m", "services.fraud_detection", "trainer"]
    process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        yield process  # type: ignore[misc]
    finally:
        process.kill()
        process.communicate()


def children(process: subprocess.Popen[Any]) -> list[int]:
    found = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [int(each) for each in found.read_text().split()] if found.exists() else []


def gone(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"


def seen(team: Team, model: str) -> dict[str, Any]:
    return team.get(f"/v1/models/{model}").json


def fitting(team: Team, model: str) -> bool:
    progress = seen(team, model)["progress"]
    return progress is not None and progress["phase"] == "fitting"


def reach(team: Team, model: str, state: str, seconds: float = 60) -> dict[str, Any]:
    until(lambda: seen(team, model)["state"] == state, seconds=seconds)
    return seen(team, model)


def test_the_trainer_makes_a_model_and_says_how_far_it_is(team: Team, fraud_detection_url: str) -> None:
    model = team.queue_model(LARGE)
    port = str(free_port())
    with trainer(fraud_detection_url, HEALTH_PORT=port) as process:
        until(lambda: fitting(team, model), seconds=60)
        assert 0 <= seen(team, model)["progress"]["share"] <= 1
        for path in ("livez", "readyz"):
            assert httpx.get(f"http://127.0.0.1:{port}/{path}", timeout=10).status_code == 200
        (child,) = children(process)
        assert Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[16] == "10", "decisions go first"
        assert KEY.hex() not in Path(f"/proc/{child}/environ").read_text()
        ready = reach(team, model, "ready")
        assert (ready["attempts"], ready["progress"]) == (1, None)
        assert children(process) == []
    assert team.promote(model).status_code == 201


def test_no_transaction_is_open_while_a_model_is_fit(team: Team, database: Database, fraud_detection_url: str) -> None:
    model = team.queue_model(LARGE)
    with trainer(fraud_detection_url):
        until(lambda: fitting(team, model), seconds=60)
        open_for = """
            SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float
            FROM pg_stat_activity WHERE application_name = 'fraud_detection-trainer' AND datname = current_database()
        """
        while fitting(team, model):
            with database.transaction() as tx:
                assert tx.the(open_for, into=float) < 1


def test_a_cancellation_ends_the_fit_within_seconds(team: Team, database: Database, fraud_detection_url: str) -> None:
    model = team.queue_model(LARGE)
    with trainer(fraud_detection_url) as process:
        until(lambda: fitting(team, model), seconds=60)
        (child,) = children(process)
        answer = team.post(f"/v1/models/{model}/cancellation", {"reason": "the wrong file"})
        assert (answer.status_code, answer.json["state"]) == (201, "canceled")
        assert answer.json["canceled_by"] == "fraud-team"
        until(lambda: gone(child), seconds=5)
        second = team.queue_model(SMALL)
        reach(team, second, "ready")
    assert seen(team, model)["state"] == "canceled"
    with database.transaction() as tx:
        assert tx.one("SELECT count(*) FROM model_artifacts") == (1,)
        assert tx.one("SELECT actor FROM audit_log WHERE action = 'model.canceled'") == ("fraud-team",)


def test_a_queued_model_is_canceled_and_never_trained(team: Team, train: Callable[[], bool]) -> None:
    model = team.queue_model(SMALL)
    assert team.post(f"/v1/models/{model}/cancellation", {"reason": "no need"}).status_code == 201
    assert not train()
    again = team.post(f"/v1/models/{model}/cancellation", {"reason": "no need"})
    assert (again.status_code, again.problem) == (409, "model-is-over")
    nobody = "0190163d-8694-739b-aea5-966c26f8ad91"
    assert team.post(f"/v1/models/{nobody}/cancellation", {"reason": "?"}).status_code == 404
    assert team.promote(model).problem == "model-not-ready"


def test_a_signal_stops_the_trainer_at_once_and_gives_the_model_back(team: Team, fraud_detection_url: str) -> None:
    model = team.queue_model(LARGE)
    with trainer(fraud_detection_url) as process:
        until(lambda: fitting(team, model), seconds=60)
        (child,) = children(process)
        process.terminate()
        assert process.wait(5) == 0
        assert gone(child)
        assert (seen(team, model)["state"], seen(team, model)["attempts"]) == ("queued", 0)
    with trainer(fraud_detection_url):
        assert reach(team, model, "ready")["attempts"] == 1


@pytest.mark.parametrize("after", [0.0, 0.5, 1.0, 1.7, 2.5])
def test_a_trainer_that_is_killed_at_any_moment_leaves_a_model_to_the_next(
    team: Team, database: Database, fraud_detection_url: str, after: float
) -> None:
    model = team.queue_model(SMALL)
    with trainer(fraud_detection_url) as process:
        until(lambda: seen(team, model)["state"] != "queued", seconds=60)
        time.sleep(after)
        left = children(process)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        until(lambda: all(gone(child) for child in left), seconds=10)
    if seen(team, model)["state"] == "training":
        assert not train_next(trainer_here(database)), "its lease is not over"
        with database.transaction() as tx:
            left_of_lease = tx.the("SELECT extract(epoch FROM leased_until - clock_timestamp())::float FROM models")
            assert 0 < left_of_lease[0] <= 30
            tx.execute("UPDATE models SET leased_until = clock_timestamp()")  # as 30 seconds do
        assert train_next(trainer_here(database))
        assert seen(team, model)["attempts"] == 2
    assert seen(team, model)["state"] == "ready"
    with database.transaction() as tx:
        assert tx.one("SELECT count(*) FROM model_artifacts") == (1,)


def test_a_child_that_is_killed_is_begun_anew_until_it_was_often_enough(team: Team, database: Database) -> None:
    def killed(rows: int, pages: Iterator[list[LabelledLine]]) -> Training:
        with train_in_a_child_of(rows, pages) as (words, child):
            os.kill(child(), signal.SIGKILL)
            yield from words

    model = team.queue_model(SMALL)
    for attempt in range(1, MOST_ATTEMPTS + 1):
        assert train_next(trainer_here(database, killed))
        assert seen(team, model)["attempts"] == attempt
    assert seen(team, model)["state"] == "failed"
    assert "killed from outside 4 times" in seen(team, model)["failure"]


@contextmanager
def train_in_a_child_of(rows: int, pages: Iterator[list[LabelledLine]]) -> Iterator[tuple[Training, Callable[[], int]]]:
    """A training in a child, begun, and the id of that child."""
    before = own_children()
    words = train_in_a_child(PLENTY, rows, pages)
    next(words)
    yield words, (own_children() - before).pop
    words.close()


def own_children() -> set[int]:
    found = Path("/proc/self/task").glob("*/children")
    return {int(each) for file in found for each in file.read_text().split()}


def queue_a_model_of(rows: int, team: Team, database: Database) -> str:
    """Of a dataset that says how many past claims it has, and has none; it is not profiled, for it could not be."""
    dataset = Dataset(
        dataset_id=new_id(),
        uploaded_by="a test",
        uploaded_at=clock.now(),
        source="upload",
        sha256="0" * 64,
        feature_spec="of a test",
        rows=rows,
        dishonest=0,
    )
    with database.transaction() as tx:
        add_dataset(tx, dataset)
        tx.execute("INSERT INTO dataset_profiles VALUES (%s, now(), '{}')", (dataset.dataset_id,))
    queued = team.post("/v1/models", {"dataset_id": dataset.dataset_id, "note": "a test"})
    assert queued.status_code == 202, queued.text
    return str(queued.json["model_id"])


def test_a_model_that_needs_too_much_memory_fails_in_clear_words_and_the_trainer_goes_on(
    team: Team, database: Database, fraud_detection_url: str
) -> None:
    model = queue_a_model_of(4_000_000, team, database)  # 1.5 GB of features
    with trainer(fraud_detection_url, FRAUD_DETECTION_TRAINING_MEMORY_MIB="512") as process:
        failed = reach(team, model, "failed")
        assert "more than the 512 MiB of memory" in failed["failure"]
        assert failed["attempts"] == 1
        second = team.queue_model(SMALL)
        reach(team, second, "ready")
        assert process.poll() is None


def test_a_training_that_takes_too_long_fails_in_clear_words(team: Team, database: Database) -> None:
    model = team.queue_model(SMALL)
    limits, before = TrainingLimits(memory_mib=2048, threads=1, minutes=0), own_children()
    assert train_next(trainer_here(database, partial(train_in_a_child, limits)))
    assert "longer than the 0 minutes" in seen(team, model)["failure"]
    assert own_children() <= before


def test_a_fault_in_the_program_fails_the_model_once_and_names_itself(team: Team, database: Database) -> None:
    model = queue_a_model_of(1, team, database)
    assert train_next(trainer_here(database, partial(train_in_a_child, PLENTY)))
    assert "a fault in the program (ValueError)" in seen(team, model)["failure"]
    assert not train_next(trainer_here(database))


def test_a_model_is_kept_though_the_database_was_away_when_it_was_made(team: Team, fraud_detection_url: str) -> None:
    model = team.queue_model(SMALL)
    database = Database(fraud_detection_url, size=1, wait_seconds=0.1)

    def while_it_goes_away(rows: int, pages: Iterator[list[LabelledLine]]) -> Training:
        made = make_model(rows, pages)
        lent = database.lend()
        threading.Timer(1.0, lambda: database.take_back(lent)).start()
        yield made

    assert train_next(trainer_here(database, while_it_goes_away))
    database.close()
    assert seen(team, model)["state"] == "ready"


def test_a_trainer_whose_lease_ran_out_unseen_stops(team: Team, database: Database) -> None:
    """The database is away for longer than the lease: another trainer may have the model by now."""
    team.queue_model(SMALL)
    with database.transaction() as tx:
        work = begin(tx, clock.CLOCK)
    assert work is not None
    away = Database("postgresql://nobody@127.0.0.1:9/nothing")
    now = monotonic()
    assert Hold(away, work, until=now + 5, renewed_at=now - 10).keeps()
    assert not Hold(away, work, until=now - 1, renewed_at=now - 10).keeps()


def test_past_claims_are_put_in_the_order_of_submission_whatever_their_lines_say() -> None:
    read = claims(500)
    shuffled = [read[at] for at in np.random.default_rng(3).permutation(500)]
    columns = Columns(500)
    for start in range(0, 500, 150):
        columns.add(
            [(each.dishonest, msgspec.json.encode(each.snapshot).decode()) for each in shuffled[start : start + 150]]
        )
    rows = columns.rows()
    expected = sorted(shuffled, key=lambda each: each.snapshot.submitted_at)
    assert rows.submitted_at == [each.snapshot.submitted_at for each in expected]
    assert np.array_equal(rows.vectors, [compute(each.snapshot) for each in expected], equal_nan=True)
    assert rows.dishonest.tolist() == [each.dishonest for each in expected]
    assert rows.scam_types == [each.snapshot.scam_type for each in expected]
