"""What rows of files were told is kept for a stated time; after that the batch tells its counts alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from services.enrollment.files import worker
from services.enrollment.files.usecases import end_results
from services.enrollment.files.usecases.end_results import STILL_READ
from services.enrollment.policies.usecases.vault import Vault
from services.enrollment.tools import TOOLS
from shared.db.pool import Database
from tests import clock
from tests.services.enrollment.builders import Partner, csv, faults, load_all
from tests.services.enrollment.files.pickup_builders import left, pickup, pickups, receipt
from tests.services.enrollment.files.uploads import fresh

FILES: Final = timedelta(days=400)
DRY_RUNS: Final = timedelta(days=30)
MINUTE: Final = timedelta(minutes=1)
LONG: Final = timedelta(days=5000)


@dataclass(frozen=True)
class At:
    """A clock that stands."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment


class Worker:
    """The job of a worker that ends results, at a moment of the test's choice after the files had come."""

    def __init__(self, database: Database, environ: dict[str, str]) -> None:
        self.database = database
        self.environ = environ
        self.began = clock.now()

    def run_once(self, after: timedelta, **settings: str) -> bool:
        loaded = TOOLS.settings.load(self.environ | settings)
        (job,) = (
            each for each in worker.jobs(loaded, self.database, At(self.began + after)) if each.name == "end-results"
        )
        return job.run()

    def run(self, after: timedelta, **settings: str) -> int:
        """Until there is nothing left to do; how many bites."""
        bites = 0
        while self.run_once(after, **settings):
            bites += 1
            assert bites < 100, "there is no end to it"
        return bites

    def rows_left(self) -> tuple[int, int]:
        """Rejections and rows of dry runs."""
        with self.database.transaction() as tx:
            return tx.the(
                "SELECT (SELECT count(*) FROM batch_rejections), (SELECT count(*) FROM dry_run_rows)",
                into=tuple[int, int],
            )

    def dropped(self) -> list[bool]:
        """Of each batch, whether it says that its rows are gone."""
        with self.database.transaction() as tx:
            return tx.all("SELECT results_dropped_at IS NOT NULL FROM batches ORDER BY batch_id", into=bool)


@pytest.fixture
def jobs(database: Database, environ: dict[str, str]) -> Worker:
    return Worker(database, environ)


@dataclass(frozen=True)
class Sender:
    """A partner whose files are worked off at once: three rows, of which one cannot be enrolled."""

    partner: Partner
    database: Database
    vault: Vault

    def file(self, first: int = 1, *, bad: int = 1, dry_run: str = "false") -> str:
        rows = [fresh(first), fresh(first + 1), *(fresh(first + 2 + n, phone="1") for n in range(bad))]
        location: str = self.partner.upload(csv(rows), dry_run=dry_run).headers["Location"]
        load_all(self.database, self.vault, now=clock.now())
        return location

    def statuses(self, location: str) -> tuple[int, int, int]:
        """What the batch, its rejections and its results are answered with."""
        paths = (location, f"{location}/rejections", f"{location}/results")
        batch, rejections, results = (self.partner.get(path).status_code for path in paths)
        return batch, rejections, results


@pytest.fixture
def sender(east: Partner, database: Database, vault: Vault) -> Sender:
    return Sender(east, database, vault)


TOLD: Final = (200, 200, 200)
GONE: Final = (200, 410, 410)


def test_results_of_a_file_are_told_for_400_days_and_the_batch_with_its_counts_for_ever(
    sender: Sender, jobs: Worker, environ: dict[str, str]
) -> None:
    location = sender.file()
    before = sender.partner.get(location).json
    jobs.run(FILES - MINUTE)
    assert sender.statuses(location) == TOLD
    jobs.run(FILES + MINUTE)
    assert sender.statuses(location) == GONE
    assert sender.partner.get(location).json == before
    problem = sender.partner.get(f"{location}/results").json
    until = f"{jobs.began + FILES + MINUTE:%Y-%m-%dT%H:%M:%SZ}"
    assert problem["type"].endswith("results-expired")
    assert problem["detail"] == (
        f"The results of batch {before['batch_id']} were kept until {until}; the batch still tells its counts."
    )
    assert sender.partner.get(f"{location}/rejections").json["detail"] == problem["detail"]
    assert faults(jobs.database, environ) == []
    jobs.run(FILES + MINUTE + STILL_READ + MINUTE)
    assert jobs.rows_left() == (0, 0)
    assert faults(jobs.database, environ) == []


def test_who_began_to_read_results_before_they_expired_reads_all_of_them(sender: Sender, jobs: Worker) -> None:
    sender.file()
    jobs.run(FILES + MINUTE)
    jobs.run(FILES + MINUTE + STILL_READ - MINUTE)
    assert jobs.rows_left() == (1, 0)


def test_results_of_a_dry_run_are_told_for_a_month(sender: Sender, jobs: Worker, environ: dict[str, str]) -> None:
    tried = sender.file(dry_run="true")
    sent = sender.file(11)
    jobs.run(DRY_RUNS - MINUTE)
    assert sender.statuses(tried) == TOLD
    jobs.run(DRY_RUNS + MINUTE)
    assert (sender.statuses(tried), sender.statuses(sent)) == (GONE, TOLD)
    assert jobs.rows_left() == (2, 2)
    jobs.run(DRY_RUNS + 2 * STILL_READ)
    assert jobs.rows_left() == (1, 0)
    assert jobs.dropped() == [True, False]
    assert faults(jobs.database, environ) == []


def test_how_long_results_are_kept_is_a_setting(sender: Sender, jobs: Worker) -> None:
    tried, sent = sender.file(dry_run="true"), sender.file(11)
    two_days = timedelta(days=2) + MINUTE
    jobs.run(two_days, ENROLLMENT_RESULTS_KEPT_DAYS="2", ENROLLMENT_DRY_RUN_RESULTS_KEPT_DAYS="3")
    assert (sender.statuses(tried), sender.statuses(sent)) == (TOLD, GONE)


def test_rows_go_in_bites_and_a_batch_says_they_are_gone_once_none_is_left(
    sender: Sender, jobs: Worker, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(end_results, "_BITE", 2)
    sender.file(bad=5)
    sender.file(21, bad=2)
    sender.file(31, dry_run="true", bad=1)
    jobs.run_once(FILES + MINUTE)
    later = FILES + 2 * STILL_READ
    left = []
    while jobs.run_once(later):
        left.append((*jobs.rows_left(), sum(jobs.dropped())))
        assert faults(jobs.database, environ) == []
    assert left == [(6, 2, 0), (4, 2, 0), (3, 2, 1), (1, 2, 1), (1, 2, 2), (0, 0, 2), (0, 0, 3)]


def test_what_was_dropped_once_is_not_dropped_again(sender: Sender, jobs: Worker) -> None:
    sender.file()
    jobs.run(FILES + MINUTE)
    jobs.run(FILES + 2 * STILL_READ)
    with jobs.database.transaction() as tx:
        marks = tx.the("SELECT results_expired_at, results_dropped_at FROM batches")
    assert None not in marks
    assert jobs.run(FILES + LONG) == 0
    with jobs.database.transaction() as tx:
        assert tx.the("SELECT results_expired_at, results_dropped_at FROM batches") == marks


def test_a_file_that_still_waits_keeps_what_its_rows_were_told(east: Partner, jobs: Worker) -> None:
    location = east.upload(csv([fresh(1)])).headers["Location"]
    assert jobs.run(LONG) == 0
    assert east.get(f"{location}/rejections").status_code == 200


@pytest.mark.parametrize(
    ("dry_run", "erasing", "rows_left"),
    [
        ("false", "UPDATE batch_rejections SET partner_reference = NULL WHERE line = 5", (1, 0)),
        ("true", "UPDATE dry_run_rows SET partner_reference = 'erased' WHERE line = 3", (0, 1)),
    ],
)
def test_rows_in_which_a_person_is_being_erased_are_left_for_the_next_bite(
    sender: Sender, jobs: Worker, dry_run: str, erasing: str, rows_left: tuple[int, int]
) -> None:
    sender.file(bad=3, dry_run=dry_run)
    jobs.run(FILES + MINUTE)
    later = FILES + 2 * STILL_READ
    with jobs.database.transaction() as tx:
        assert tx.execute(erasing) == 1
        jobs.run(later)
        assert (jobs.rows_left(), jobs.dropped()) == (rows_left, [False])
    jobs.run(later)
    assert (jobs.rows_left(), jobs.dropped()) == ((0, 0), [True])


def test_a_batch_at_which_another_worker_is_does_not_hold_up_the_next_one(sender: Sender, jobs: Worker) -> None:
    first, second = sender.file(), sender.file(11)
    with jobs.database.transaction() as tx:
        tx.execute("SELECT FROM batches WHERE batch_id = %s FOR NO KEY UPDATE", (first.rpartition("/")[2],))
        jobs.run(FILES + MINUTE)
        assert (sender.statuses(first), sender.statuses(second)) == (TOLD, GONE)
    jobs.run(FILES + MINUTE)
    with jobs.database.transaction() as tx:
        tx.execute("SELECT FROM batches WHERE batch_id = %s FOR NO KEY UPDATE", (first.rpartition("/")[2],))
        jobs.run(FILES + 2 * STILL_READ)
        assert jobs.dropped() == [False, True]


def test_a_place_that_was_away_for_so_long_gets_the_receipt_alone(
    jobs: Worker, vault: Vault, environ: dict[str, str], tmp_path: Path
) -> None:
    left(tmp_path, "a.csv", csv([fresh(1), fresh(2, phone="1")]))
    found = pickups(jobs.database, vault, pickup(tmp_path.as_uri()))
    while found.run():
        pass
    load_all(jobs.database, vault, now=clock.now())
    jobs.run(FILES + MINUTE)
    found.run()
    assert receipt(tmp_path, "a.csv")["rejected"] == 1
    assert not (tmp_path / "a.csv.results.csv").exists()
    assert not found.run()
    assert faults(jobs.database, environ) == []
