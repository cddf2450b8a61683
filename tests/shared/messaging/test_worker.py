"""The worker process: its threads end together, a bug ends it with code 1, and health says what is wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable

import psycopg2
import pytest

from shared.events.payouts import PayoutChanged
from shared.messaging import progress, worker
from shared.messaging.jobs import Job
from shared.messaging.progress import Progress
from shared.messaging.subscription import Subscription
from shared.process.health import Health
from shared.process.shutdown import Stopping
from tests.shared.messaging.builders import SERVICE, Desk, a_change, until


class Work:
    """A worker in a thread, and the code that its process would end with."""

    def __init__(self, desk: Desk, subscription: Subscription | None, *jobs: Job) -> None:
        self.health = Health()
        self.stopping = Stopping()
        self.code: object = None
        self._desk = desk
        self._subscriptions = [] if subscription is None else [subscription]
        self._jobs = jobs
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            worker.run(
                SERVICE,
                link=self._desk.link,
                database=self._desk.database,
                subscriptions=self._subscriptions,
                jobs=self._jobs,
                health=self.health,
                stopping=self.stopping,
            )
        except SystemExit as ended:
            self.code = ended.code
        else:
            self.code = 0

    def stop(self) -> None:
        self.stopping.ask()
        self.join()

    def join(self) -> None:
        self._thread.join(30)
        assert not self._thread.is_alive()


def counting(done: list[str], *, more: Callable[[], bool] = lambda: False, every_seconds: float = 0.01) -> Job:
    def run() -> bool:
        done.append("once")
        return more()

    return Job("count", every_seconds, run)


def test_a_worker_that_is_asked_to_stop_finishes_and_ends_with_nothing_wrong(desk: Desk) -> None:
    desk.relay()
    work = Work(desk, desk.subscription())
    desk.publish(a_change("one"))
    until(lambda: desk.effects() == ["one"])

    work.stop()

    assert work.code == 0


def test_a_bug_in_a_job_ends_the_whole_process_with_code_1(desk: Desk) -> None:
    def bug() -> bool:
        raise KeyError("a column that is not there")

    work = Work(desk, desk.subscription(), Job("bug", 1.0, bug))
    work.join()

    assert work.code == 1
    assert work.stopping.requested()


def test_a_bug_in_a_handler_ends_the_whole_process_with_code_1(desk: Desk) -> None:
    def bug(_tx: object, _envelope: object) -> None:
        raise KeyError("a column that is not there")

    desk.relay()
    desk.publish(a_change("one"))
    work = Work(desk, desk.subscription({PayoutChanged: bug}))
    work.join()

    assert work.code == 1


def test_a_job_runs_again_and_again(desk: Desk) -> None:
    done: list[str] = []
    work = Work(desk, None, counting(done))

    until(lambda: len(done) >= 3)
    work.stop()
    assert work.code == 0


def test_a_job_that_has_more_to_do_goes_on_at_once(desk: Desk) -> None:
    done: list[str] = []
    work = Work(desk, None, counting(done, more=lambda: len(done) < 5, every_seconds=3600))

    until(lambda: len(done) == 5)
    work.stop()


def test_a_passing_fault_in_a_job_is_tried_again(desk: Desk) -> None:
    tries: list[str] = []

    def away_twice() -> bool:
        tries.append("try")
        if len(tries) < 3:
            raise psycopg2.OperationalError("the server closed the connection")
        return False

    work = Work(desk, None, Job("away", 3600, away_twice))

    until(lambda: len(tries) == 3)
    work.stop()
    assert work.code == 0


def test_a_consumer_that_works_is_healthy(desk: Desk) -> None:
    work = Work(desk, desk.subscription())
    named = {"consumer reader", "consumer reader turns", "group tester.reader"}
    until(lambda: set(work.health.ready_checks) == named)

    assert work.health.faults(live=False) == {}
    assert work.health.faults(live=True) == {}
    work.stop()


def test_a_consumer_without_progress_says_so_and_one_that_is_stuck_asks_for_a_restart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [1000.0]
    monkeypatch.setattr(progress, "monotonic", lambda: now[0])
    ours = Progress("payout.reader")
    now[0] += progress.NO_PROGRESS_SECONDS + 1
    ours.turned()

    fault = ours.unready()
    assert fault is not None
    assert "payout.reader has worked off nothing for 61 seconds" in fault
    assert ours.dead() is None

    ours.made()
    assert ours.unready() is None
    now[0] += progress.STUCK_SECONDS + 1
    stuck = ours.dead()
    assert stuck is not None
    assert "restart it" in stuck
