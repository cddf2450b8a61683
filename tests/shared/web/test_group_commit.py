"""Requests that come while others are at work are done together; each has its own outcome whatever the others do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from deploy.demo.waiting import until
from shared.web.group_commit import MOST_GROUPS, MOST_ITEMS, GroupCommit


class Work:
    """Doubles numbers, in groups that the test can hold; 13 fails whatever group it is in."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.held: dict[int, threading.Event] = {}
        self.lock = threading.Lock()

    def __call__(self, items: Sequence[int]) -> list[int]:
        with self.lock:
            self.groups.append(list(items))
            gates = [self.held[item] for item in items if item in self.held]
        for gate in gates:
            assert gate.wait(60)
        if 13 in items:
            raise ValueError("unlucky")
        return [item * 2 for item in items]

    def hold(self, item: int) -> threading.Event:
        gate = self.held[item] = threading.Event()
        return gate


def taking(pool: ThreadPoolExecutor, groups: GroupCommit[int, int], items: Sequence[int]) -> list[Future[int]]:
    return [pool.submit(groups.take, item) for item in items]


def wait_for(what: str, holds: Callable[[], bool]) -> None:
    until(f"it does not come to be that {what}", lambda: holds() or None, seconds=60)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.web.group_commit.PATIENCE_SECONDS", 0.01)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.web.group_commit.PATIENCE_SECONDS", 60.0)


@pytest.mark.usefixtures("patient")
def test_those_who_come_meanwhile_are_done_together_next() -> None:
    work = Work()
    groups = GroupCommit(work)
    gate = work.hold(1)
    with ThreadPoolExecutor(8) as pool:
        first = taking(pool, groups, [1])
        wait_for("the first group has begun", lambda: bool(work.groups))
        others = taking(pool, groups, [2, 3, 4, 5])
        wait_for("four wait", lambda: len(groups._waiting) == 4)  # nothing outside tells who waits
        gate.set()
        assert [future.result(60) for future in (*first, *others)] == [2, 4, 6, 8, 10]
    assert work.groups[0] == [1]
    assert sorted(work.groups[1]) == [2, 3, 4, 5]
    assert len(work.groups) == 2


@pytest.mark.usefixtures("patient")
def test_one_that_fails_its_group_fails_nobody_else() -> None:
    work = Work()
    groups = GroupCommit(work)
    gate = work.hold(1)
    with ThreadPoolExecutor(8) as pool:
        first = taking(pool, groups, [1])
        wait_for("the first group has begun", lambda: bool(work.groups))
        others = taking(pool, groups, [2, 13, 4])
        wait_for("three wait", lambda: len(groups._waiting) == 3)
        gate.set()
        assert first[0].result(60) == 2
        assert [others[0].result(60), others[2].result(60)] == [4, 8]
        with pytest.raises(ValueError, match="unlucky"):
            others[1].result(60)
    assert sorted(group[0] for group in work.groups[2:]) == [2, 4, 13], "each by itself, after all of them together"


@pytest.mark.usefixtures("impatient")
def test_a_group_that_is_held_up_holds_up_few() -> None:
    work = Work()
    groups = GroupCommit(work)
    gates = [work.hold(n) for n in range(1, MOST_GROUPS)]
    with ThreadPoolExecutor(16) as pool:
        held = []
        for n in range(1, MOST_GROUPS):
            held += taking(pool, groups, [n])
            wait_for(f"group {n} has begun", lambda n=n: len(work.groups) == n)  # type: ignore[misc]
        others = taking(pool, groups, [20, 30, 40])
        done = [future.result(60) for future in others]
        for gate in gates:
            gate.set()
        assert [future.result(60) for future in held] == [n * 2 for n in range(1, MOST_GROUPS)]
    assert done == [40, 60, 80]


@pytest.mark.usefixtures("impatient")
def test_of_thousands_each_gets_its_own_outcome_and_none_is_worked_on_twice() -> None:
    work = Work()
    groups = GroupCommit(work)
    items = range(100, 5100)
    with ThreadPoolExecutor(32) as pool:
        outcomes = [future.result(60) for future in taking(pool, groups, items)]
    assert outcomes == [item * 2 for item in items]
    assert sorted(item for group in work.groups for item in group) == list(items)
    assert max(map(len, work.groups)) <= MOST_ITEMS


def test_the_next_one_begins_at_once_after_a_failure() -> None:
    groups = GroupCommit(Work())
    with pytest.raises(ValueError, match="unlucky"):
        groups.take(13)
    assert groups.take(7) == 14
