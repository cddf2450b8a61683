"""Runs the main job on a stack of its own and tells what happened: ``python -m deploy.demo``; ``KEEP=1`` keeps it.

Exit code 1 if anything is not as it should be. However it ends, no process is left unless it is kept.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import FrameType

import psutil
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.demo import picture, summary, trace
from deploy.demo.job import Done, Sizes, run
from deploy.demo.users import SERVICES, Refused
from deploy.demo.waiting import Progress as Told
from deploy.demo.waiting import TookTooLong
from deploy.local.durations import parse_moment
from deploy.local.places import CHECKOUT, STACKS
from deploy.local.stack import Stack, StackFailed
from deploy.local.watchdog import marked

PICTURE = CHECKOUT / "build" / "demo" / "model.png"
INTERRUPTED = 130


def main() -> int:
    """Start, run, tell, stop."""
    signal.signal(signal.SIGTERM, _as_interrupt)
    console = Console(width=None if sys.stdout.isatty() else 130)
    keep = _keep()
    begun = time.monotonic()
    stack = Stack(STACKS / "demo", say=lambda line: console.print(f"   {line}", style="dim"), starts_at=_start())
    held = kept = False
    try:
        # The job begins with an empty system, whatever an earlier run left or kept.
        stack.wipe()
        stack.start(leashed=not keep)
        held = _job(console, stack)
        kept = keep and held
    except KeyboardInterrupt:
        console.print("\nInterrupted; stopping.")
        return INTERRUPTED
    except (StackFailed, Refused, TookTooLong) as failure:
        console.print(f"[bold red]The demo cannot go on.[/] {failure}", highlight=False)
    finally:
        if not kept:
            # A second Ctrl-C must not break off the stopping.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            stack.stop()
    if kept:
        _kept(console, stack)
    console.print(f"{time.monotonic() - begun:.0f} s in all.")
    return 0 if held else 1


def _keep() -> bool:
    return os.environ.get("KEEP", "") not in {"", "0"}


def _start() -> datetime | None:
    text = os.environ.get("START")
    return parse_moment(text) if text else None


def _as_interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _job(console: Console, stack: Stack) -> bool:
    seed = time.time_ns() // 1_000_000 % 1_000_000_000
    console.print(f"Running the main job, seed {seed}.")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:

        @contextmanager
        def step(sentence: str) -> Iterator[Told]:
            task = bars.add_task(sentence, total=None)
            yield lambda done, total: bars.update(task, completed=done, total=total)
            bars.update(task, total=bars.tasks[task].total or 1, completed=bars.tasks[task].total or 1)

        done = run(stack, seed, Sizes(), step)
    _tell(console, stack, done)
    return summary.last_word(console, done.expectations)


def _tell(console: Console, stack: Stack, done: Done) -> None:
    paid = [each for each in done.filed if (each.latest.get("payout") or {}).get("state") == "paid"]
    followed = max(paid, key=lambda each: str(each.latest["decision"]["payable_from"]))
    processes = [name for name in stack.processes() if name.startswith(SERVICES)]
    lines = trace.in_the_logs([Path(stack.log(name)) for name in processes], followed.trace_id)
    summary.tell(console, done, trace.follow(stack, followed), lines)
    target = picture.draw(done.trained.model["report"], done.trained.approve_below, PICTURE)
    console.print(f"\nScore distribution and precision/recall: {target.relative_to(CHECKOUT)}")
    console.print(f"Memory of all processes of the system: {_memory(stack)}")
    if not _keep():
        console.print(
            "To look around afterwards: make demo KEEP=1, which keeps it running with its interactive API pages at"
        )
        _pages(console, stack)


def _kept(console: Console, stack: Stack) -> None:
    console.print("\nStill running. Interactive API pages:")
    _pages(console, stack)
    console.print(
        "A token for them: make token CLIENT=telecom-east NAME=demo\n"
        "Invariants: make verify NAME=demo; the end: make down NAME=demo",
        highlight=False,
    )


def _pages(console: Console, stack: Stack) -> None:
    for service in SERVICES:
        console.print(f"   {stack.url(service)}/docs", highlight=False)


def _memory(stack: Stack) -> str:
    """What all processes of the stack hold now; memory that they share is counted once where the system tells."""
    total = 0
    for process in marked(str(stack.folder)):
        with contextlib.suppress(psutil.Error):
            told = process.memory_full_info()
            total += getattr(told, "pss", None) or told.rss
    return f"{total / 2**20:,.0f} MB"


if __name__ == "__main__":
    sys.exit(main())
