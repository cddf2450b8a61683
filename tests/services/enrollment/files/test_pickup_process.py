"""Two real workers look into one folder and are killed again and again: every file becomes one batch all the same."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from deploy.local.places import free_port
from services.enrollment.files.intake.pickup_places import RECEIPT
from shared.db.pool import Database
from tests.services.enrollment.builders import PRODUCT, csv, faults
from tests.services.enrollment.files.pickup_builders import left, receipt
from tests.services.enrollment.files.uploads import fresh
from tests.services.enrollment.files.worker_process import until, worker

FILES = 5
ROWS = 1500


@pytest.mark.timeout(300)  # five starts of a worker process
def test_two_workers_killed_again_and_again_take_each_file_once(
    base: Database,
    whole: dict[str, str],
    tmp_path: Path,
) -> None:
    dice = random.Random(20260301)  # noqa: S311  # when to kill, not a secret
    folder = tmp_path / "east"
    folder.mkdir()
    places = tmp_path / "places.json"
    places.write_text(json.dumps([{"partner_id": "telecom-east", "product_code": PRODUCT, "url": folder.as_uri()}]))
    environ = whole | {"ENROLLMENT_PICKUPS_FILE": str(places)}
    for number in range(FILES):
        people = range(number * ROWS, (number + 1) * ROWS)
        left(folder, f"{number}.csv", csv([*(fresh(n) for n in people), fresh(number, phone="1")]))

    def results() -> int:
        return len(list(folder.glob("*.results.csv")))

    for _round in range(2):
        with ExitStack() as both:
            pair: list[subprocess.Popen[bytes]] = [both.enter_context(worker(alone(environ))) for _ in range(2)]
            before = progress(base)
            # On a fast machine the first two may have done it all.
            until(lambda before=before: progress(base) > before or results() == FILES, pair[0])  # type: ignore[misc]  # mypy cannot infer it
            time.sleep(dice.random())
            for process in pair:
                process.send_signal(signal.SIGKILL)
    with worker(alone(environ)) as process:
        until(lambda: final(folder) == FILES, process)
        assert results() == FILES
    with base.transaction() as tx:
        assert tx.all("SELECT state, accepted, rejected FROM batches") == [("finished", ROWS, 1)] * FILES
        assert tx.one("SELECT count(DISTINCT person_token), count(*) FROM policies") == (FILES * ROWS,) * 2
    for number in range(FILES):
        lines = (folder / f"{number}.csv.results.csv").read_text().splitlines()
        assert len(lines) == 1 + ROWS + 1
    assert faults(base, environ) == []


def alone(environ: dict[str, str]) -> dict[str, str]:
    """Each worker has a health port of its own."""
    return environ | {"HEALTH_PORT": str(free_port())}


def progress(database: Database) -> int:
    """Grows with every file taken, part loaded and answer noted."""
    with database.transaction() as tx:
        row = tx.one(
            "SELECT (SELECT count(*) FROM picked_files) + (SELECT count(receipt_at) + count(results_at)"
            " FROM picked_files) + (SELECT count(*) FROM batch_parts WHERE accepted IS NOT NULL)"
        )
    assert row is not None
    return int(row[0])


def final(folder: Path) -> int:
    """Files whose last answer is there. Their results are written before it, and there may be no earlier one."""
    there = [name for name in folder.glob("*.csv") if (folder / f"{name.name}{RECEIPT}").exists()]
    return sum(receipt(folder, name.name)["state"] == "finished" for name in there)
