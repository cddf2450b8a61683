"""Business time, and being told to stop."""

from __future__ import annotations

import os
import signal
from datetime import UTC, timedelta

from shared.process.clock import SandboxClock, SystemClock, wall_now
from shared.process.shutdown import Stopping


def test_outside_a_sandbox_time_is_real() -> None:
    before = wall_now()
    now = SystemClock().now()
    assert before <= now <= wall_now()
    assert now.tzinfo is UTC


def test_a_sandbox_is_ahead_by_what_its_users_chose() -> None:
    clock = SandboxClock(lambda: timedelta(days=30), ttl_seconds=0)
    ahead = clock.now() - wall_now()
    assert timedelta(days=29, hours=23) < ahead <= timedelta(days=30)


def test_a_sandbox_s_time_never_goes_back_even_if_its_store_does() -> None:
    offsets = [timedelta(days=2), timedelta(days=1), timedelta(days=3)]
    clock = SandboxClock(lambda: offsets.pop(0), ttl_seconds=0)
    first, second, third = clock.now(), clock.now(), clock.now()
    assert first <= second <= third
    assert third - second > timedelta(hours=23)


def test_a_sandbox_asks_its_store_rarely_unless_it_is_told_to() -> None:
    asked: list[int] = []

    def read() -> timedelta:
        asked.append(1)
        return timedelta(days=len(asked))

    clock = SandboxClock(read, ttl_seconds=3600)
    for _ in range(100):
        clock.now()
    assert len(asked) == 1
    clock.refresh()
    assert clock.now() - wall_now() > timedelta(days=1, hours=23)


def test_a_signal_wakes_who_waits() -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    stopping = Stopping()
    stopping.listen()
    try:
        assert not stopping.requested()
        assert not stopping.wait(0)
        os.kill(os.getpid(), signal.SIGTERM)
        assert stopping.wait(60)
        assert stopping.requested()
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGINT, before[1])


def test_code_may_ask_too() -> None:
    stopping = Stopping()
    stopping.ask()
    assert stopping.wait(0)
