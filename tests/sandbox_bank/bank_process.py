"""A sandbox bank as a process of its own, to be asked, stopped, killed and started again with the same book."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from deploy.local.places import free_port
from deploy.local.watchdog import MARK
from tests import clock

ROOT = Path(__file__).parents[2]


class RunningBank:
    """Starts at once; ``mark`` is the session's, so that the process ends with the session whatever happens."""

    def __init__(self, folder: Path, mark: dict[str, str]) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.token = secrets.token_hex(8)
        self.book_path = folder / "bank.sqlite"
        self._mark = mark
        self.client = httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {self.token}"}, timeout=30, trust_env=False
        )
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "deploy.sandbox_bank"],
            cwd=ROOT,
            env={
                "PATH": os.environ["PATH"],
                "SANDBOX_BANK_PORT": str(self.port),
                "SANDBOX_BANK_BOOK": str(self.book_path),
                "PAYOUT_RAIL_TOKEN": self.token,
                **clock.sandbox(),
                MARK: self._mark.get(MARK, ""),
            },
        )
        until = time.monotonic() + 60
        while time.monotonic() < until:
            assert self.process.poll() is None, "the bank ended at its start"
            try:
                self.client.get("/livez")
            except httpx.TransportError:
                time.sleep(0.02)
            else:
                return
        raise AssertionError("the bank does not answer")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It takes connections (the kernel does) and neither reads nor answers."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def order(self, reference: str, **changes: Any) -> httpx.Response:
        order = {"reference": reference, "account": "6200000000000001", "holder_name": "张小明"}
        return self.client.post("/transfers", json=order | {"amount_fen": 100, "currency": "CNY"} | changes)

    def book(self) -> dict[str, dict[str, Any]]:
        return {each["reference"]: each for each in self.client.get("/book").json()["transfers"]}

    def statement(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.client.get("/statement").json()["entries"]
        return entries

    def now(self) -> datetime:
        return datetime.fromisoformat(self.client.get("/clock").json()["now"])

    def advance_to(self, moment: datetime) -> httpx.Response:
        return self.client.post("/clock", json={"advance_to": moment.isoformat()})

    def close(self) -> None:
        self.client.close()
        if self.process.poll() is None:
            self.kill()
