"""Keeps the processes of one stack running (circus), and ends them all when its leash is cut.

The leash is its standard input: while it is tied, the end of whoever holds the other end stops the stack. The word
"stay" unties it. Which process starts when is said by stack.py over circus's own protocol, at a socket in a folder that
only its owner can enter.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

from circus.arbiter import Arbiter
from circus.watcher import Watcher
from tornado import gen
from tornado.ioloop import IOLoop

from deploy.local.processes import DIRECTORY, STOP_SECONDS
from deploy.local.watchdog import Watchdog

CHECK_SECONDS = 0.5
"""How often a dead child is looked for: it is back within 2 s, as the tests ask."""

STAY = b"stay\n"

# Its output goes to its log without passing through the supervisor, which so can neither slow it nor lose a line.
WITH_LOG = 'log=$1; shift; exec "$@" >>"$log" 2>&1'


class OrderedArbiter(Arbiter):  # type: ignore[misc]  # circus has no types
    """Stops by rank, highest first: what uses the database and the broker ends before they do."""

    _stopping: bool

    def stop(self) -> asyncio.Future[None]:
        """Unlike its parent's, never refused because another command is at work: being told to stop is final."""
        return asyncio.ensure_future(self._stop_all())

    def manage_watchers(self) -> asyncio.Future[None] | None:
        """The periodic look at the children; left out while a command is at work, where circus logs an error."""
        if self._exclusive_running_command:
            return None
        looked: asyncio.Future[None] = super().manage_watchers()
        return looked

    async def _stop_all(self) -> None:
        if not self._stopping:
            self._stopping = True
            await self._stop_watchers(close_output_streams=True)
            self.loop.add_callback(self.loop.stop)

    async def _stop_watchers(
        self,
        close_output_streams: bool = False,  # noqa: FBT001, FBT002 - circus's signature
        watcher_iter_func: Callable[..., Any] | None = None,
    ) -> None:
        watchers = list((watcher_iter_func or self.iter_watchers)())
        for _, group in groupby(sorted(watchers, key=_rank, reverse=True), key=_rank):
            await gen.multi([watcher._stop(close_output_streams) for watcher in group])  # noqa: SLF001 - as in circus


def _rank(watcher: Watcher) -> int:
    return int(watcher.priority)


def _watcher(process: dict[str, Any]) -> Watcher:
    return Watcher(
        process["name"],
        "/bin/sh",
        args=["-c", WITH_LOG, "sh", process["log"], *process["command"]],
        env=process["environment"],
        working_dir=DIRECTORY,
        uid=process["user"],
        gid=process["group"],
        stop_signal=process["stop_signal"],
        graceful_timeout=STOP_SECONDS,
        priority=process["rank"],
        singleton=True,
        autostart=False,
        copy_env=False,
    )


def _hold_leash(loop: IOLoop, arbiter: Arbiter) -> None:
    """Watch standard input: its end stops everything, unless "stay" came before."""
    leash = sys.stdin.fileno()
    os.set_blocking(leash, False)
    heard = bytearray()

    def pulled(_: int, __: int) -> None:
        more = os.read(leash, 64)
        heard.extend(more)
        if more:
            return
        loop.remove_handler(leash)
        if not heard.endswith(STAY):
            loop.add_callback(arbiter.stop)

    loop.add_handler(leash, pulled, IOLoop.READ)


def main(folder: Path, control: Path) -> None:
    """Run until told to quit, by command, by signal, or by the leash."""
    # First of all: if this process is killed, the watchdog ends what it started.
    with Watchdog(str(folder), wipe=control):
        processes = json.loads((folder / "processes.json").read_text())
        loop = IOLoop.current()
        arbiter = OrderedArbiter(
            [_watcher(process) for process in processes],
            f"ipc://{control}/c",
            f"ipc://{control}/p",
            check_delay=CHECK_SECONDS,
            proc_name="fangzha-supervisor",
        )
        _hold_leash(loop, arbiter)
        arbiter.start()
    shutil.rmtree(control, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
