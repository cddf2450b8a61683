"""A sandbox's time: forward for all processes, never back."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta

import psycopg2
import pytest

from shared.db import sandbox_clock
from shared.db.errors import ClockCannotGoBack
from shared.db.pool import Database
from shared.process.clock import SystemClock, wall_now


def test_time_moved_in_one_process_moves_in_the_others(database: Database) -> None:
    theirs = sandbox_clock.clock_for(database, sandbox=True)
    before = theirs.now()
    with database.transaction() as tx:
        sandbox_clock.advance(tx, wall_now() + timedelta(days=30))

    theirs.refresh()  # type: ignore[attr-defined]  # a SandboxClock; it would look by itself a quarter second later

    assert theirs.now() - before >= timedelta(days=30)


def test_time_goes_on_from_where_it_was_moved_to(database: Database) -> None:
    with database.transaction() as tx:
        sandbox_clock.advance(tx, wall_now() + timedelta(days=3))
    with database.transaction() as tx:
        ahead = sandbox_clock.offset(tx)

    assert timedelta(days=3) - timedelta(seconds=30) < ahead <= timedelta(days=3)


def test_time_never_goes_back(database: Database) -> None:
    with database.transaction() as tx:
        sandbox_clock.advance(tx, wall_now() + timedelta(days=3))

    with pytest.raises(ClockCannotGoBack), database.transaction() as tx:
        sandbox_clock.advance(tx, wall_now() + timedelta(days=2))


def test_the_database_itself_refuses_to_set_it_back(database: Database) -> None:
    with database.transaction() as tx:
        sandbox_clock.advance(tx, wall_now() + timedelta(days=3))

    with pytest.raises(psycopg2.errors.RaiseException), database.transaction() as tx:
        tx.execute("UPDATE sandbox_clock SET ahead = '0'")


def test_a_sandbox_begins_as_far_ahead_as_it_is_set_to_for_all_its_processes(database: Database) -> None:
    early = sandbox_clock.clock_for(database, sandbox=True, begins_ahead=timedelta(days=90))
    assert timedelta(days=90) <= early.now() - wall_now() + timedelta(seconds=5) < timedelta(days=91)
    assert sandbox_clock.clock_for(database, sandbox=True).now() - early.now() < timedelta(seconds=5)


@pytest.mark.parametrize("begins_ahead", [timedelta(0), timedelta(days=2)])
def test_a_sandbox_that_was_moved_does_not_begin_again(database: Database, begins_ahead: timedelta) -> None:
    with database.transaction() as tx:
        sandbox_clock.advance(tx, wall_now() + timedelta(days=3))
    clock = sandbox_clock.clock_for(database, sandbox=True, begins_ahead=begins_ahead)
    assert timedelta(days=3) - timedelta(seconds=5) < clock.now() - wall_now() <= timedelta(days=3)


def beside_a_move_of_three_days(database: Database, act: Callable[[], object]) -> None:
    """``act`` begins while somebody else's move is not committed."""
    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as tx:
            sandbox_clock.advance(tx, wall_now() + timedelta(days=3))
            other = pool.submit(act)
            wait([other], timeout=1)
        other.result(timeout=60)


def test_who_would_set_back_what_another_moves_at_this_moment_is_told_so(database: Database) -> None:
    def advance() -> None:
        with database.transaction() as tx:
            sandbox_clock.advance(tx, wall_now() + timedelta(days=2))

    with pytest.raises(ClockCannotGoBack):
        beside_a_move_of_three_days(database, advance)


def test_a_process_that_begins_while_another_moves_the_time_leaves_it_moved(database: Database) -> None:
    beside_a_move_of_three_days(
        database, lambda: sandbox_clock.clock_for(database, sandbox=True, begins_ahead=timedelta(days=2)).now()
    )
    with database.transaction() as tx:
        assert sandbox_clock.offset(tx) > timedelta(days=3) - timedelta(minutes=5)


def test_outside_a_sandbox_the_table_means_nothing(database: Database) -> None:
    with database.transaction() as tx:
        sandbox_clock.advance(tx, wall_now() + timedelta(days=3))

    clock = sandbox_clock.clock_for(database, sandbox=False)

    assert isinstance(clock, SystemClock)
    assert clock.now() - wall_now() < timedelta(days=1)
