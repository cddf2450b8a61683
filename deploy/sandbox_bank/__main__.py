"""``python -m deploy.sandbox_bank``: serves until SIGTERM. SANDBOX_BANK_PORT, SANDBOX_BANK_BOOK, PAYOUT_RAIL_TOKEN.

SANDBOX_CLOCK_AHEAD, where it is set, as the services have it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import NoReturn

from pydantic import TypeAdapter, ValidationError

from deploy.sandbox_bank.book import Book
from deploy.sandbox_bank.server import BankServer


def main() -> None:
    port = _required("SANDBOX_BANK_PORT")
    if not port.isdecimal():
        _refuse("SANDBOX_BANK_PORT is not a port number")
    book = Book(Path(_required("SANDBOX_BANK_BOOK")), begins_ahead=_ahead())
    host = os.environ.get("SANDBOX_BANK_HOST", "127.0.0.1")
    server = BankServer((host, int(port)), book, _required("PAYOUT_RAIL_TOKEN"))

    def stop(_number: int, _frame: FrameType | None) -> None:
        # shutdown() waits for the loop that this very thread runs.
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    book.close()


def _ahead() -> timedelta:
    try:
        return TypeAdapter(timedelta).validate_python(os.environ.get("SANDBOX_CLOCK_AHEAD") or timedelta(0))
    except ValidationError:
        _refuse("SANDBOX_CLOCK_AHEAD is not a duration like P90D")


def _required(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        _refuse(f"{name} is not set")
    return value


def _refuse(sentence: str) -> NoReturn:
    sys.stderr.write(f"sandbox bank: {sentence}\n")
    raise SystemExit(78)


if __name__ == "__main__":
    main()
