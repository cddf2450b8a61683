"""Runs the journeys and all tests that read a date on days on which such programs go wrong: ``make proof-days``.

    make proof-days                              all of them; hours
    make proof-days DAYS="1 7"                   these of the list that it prints
    make proof-days ARGS=tests/journeys          these tests alone

Which days, and why, stands in tests/hard_days.py; which tests, in tests/dated.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

from tests import hard_days
from tests.clock import real_now
from tests.hard_days import HardDay


def main() -> int:
    days = dict(enumerate(hard_days.after(real_now().date()), start=1))
    for number, day in days.items():
        print(f"{number}  {day.starts_at.isoformat()}  {day.name}", flush=True)
    chosen = [int(number) for number in os.environ.get("DAYS", "").split()] or list(days)
    failed = [number for number in chosen if not _passes(number, days[number])]
    for number in failed:
        print(f"FAILED on day {number}, {days[number].name}: make test START={days[number].starts_at.isoformat()}")
    if not failed:
        print(f"every test that reads a date passes on each of {len(chosen)} days")
    return 1 if failed else 0


def _passes(number: int, day: HardDay) -> bool:
    print(f"\nday {number}: {day.name}", flush=True)
    began = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dated", *os.environ.get("ARGS", "").split()]
    environment = os.environ | {"CLOCK_START": day.starts_at.isoformat()}
    done = subprocess.run(command, env=environment, check=False)
    print(f"day {number}: {'failed' if done.returncode else 'passed'} in {time.monotonic() - began:.0f} s", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
