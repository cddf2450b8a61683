"""What time it is in a new stack: now, or the time that was asked for, and never an earlier one."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from deploy.local import state as states
from deploy.local.durations import parse_moment
from deploy.local.processes import Parts
from deploy.local.stack import Stack, StackFailed
from deploy.sandbox_bank.book import Book
from tests import clock


def test_all_processes_of_a_stack_begin_equally_far_ahead(tmp_path: Path) -> None:
    states.write(tmp_path, states.new_state(preferred=False, clock_ahead=timedelta(days=90, seconds=0.5)))
    state = states.read(tmp_path)
    assert state is not None
    parts = Parts(tmp_path, state)
    settings = [parts.settings(service, kind) for service in states.SERVICES for kind in states.kinds_of(service)]
    assert {each["SANDBOX_CLOCK_AHEAD"] for each in [*settings, parts.bank_environment()]} == {"PT7776000.500000S"}


def test_the_bank_begins_ahead_and_never_goes_back(tmp_path: Path) -> None:
    for begins_ahead in (timedelta(days=90), timedelta(days=1)):
        book = Book(tmp_path / "book", begins_ahead=begins_ahead)
        assert timedelta(days=89) < book.now() - clock.real_now() <= timedelta(days=90)
        book.close()


def test_a_stack_does_not_begin_in_the_past(tmp_path: Path) -> None:
    with pytest.raises(StackFailed, match="starts now or within"):
        Stack(tmp_path / "stack", starts_at=clock.real_now() - timedelta(days=1)).start()
    assert states.read(tmp_path / "stack") is None


def test_a_stack_that_has_begun_is_not_begun_at_another_time(tmp_path: Path) -> None:
    states.write(tmp_path / "stack", states.new_state(preferred=False))
    with pytest.raises(StackFailed, match="begun before"):
        Stack(tmp_path / "stack", starts_at=clock.real_now() + timedelta(days=1)).start()


def test_a_moment_without_a_zone_is_not_guessed_at() -> None:
    assert parse_moment("2028-02-29T00:02+08:00").isoformat() == "2028-02-29T00:02:00+08:00"
    for text in ("2028-02-29T00:02", "2027-02-29T00:02+08:00", "tomorrow"):
        with pytest.raises(ValueError, match="write it with its zone"):
            parse_moment(text)
