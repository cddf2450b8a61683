"""What a bank may answer that is not as agreed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from services.payout.domain.answers import Done, NoAnswer
from services.payout.domain.errors import BankAway
from services.payout.rail.http_bank import HttpBank


@contextmanager
def answering(text: str) -> Iterator[HttpBank]:
    """A bank that says ``text`` to whatever it is asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        bank = HttpBank(f"http://127.0.0.1:{server.server_port}", "token", 10.0)
        try:
            yield bank
        finally:
            bank.close()
            server.shutdown()


def test_an_answer_that_says_two_things_says_nothing() -> None:
    fields = '"reference": "r", "amount_fen": 5, "currency": "CNY"'
    with answering(f'{{{fields}, "status": "done"}}') as bank:
        assert bank.query("r") == Done()
    with answering(f'{{{fields}, "status": "rejected", "status": "done"}}') as bank:
        assert bank.query("r") == NoAnswer("UnreadableReply")


LINE = (
    '{{"number": {number}, "reference": "r", "status": "{status}", "amount_fen": 5, "currency": "CNY",'
    ' "at": "2026-03-01T00:00:00Z"}}'
)


@pytest.mark.parametrize(
    "bad",
    [
        LINE.format(number=2, status="frozen"),
        LINE.format(number='"two"', status="done"),
        LINE.format(number=2, status='done", "status": "returned'),
        '{"number": 2}',
        "null",
        "[]",
    ],
)
def test_one_line_of_a_statement_that_cannot_be_read_hides_no_other(bad: str) -> None:
    good = [LINE.format(number=number, status="done") for number in (1, 3)]
    with answering(f'{{"entries": [{good[0]}, {bad}, {good[1]}]}}') as bank:
        assert [line.number for line in bank.statement(0)] == [1, 3]


def test_a_statement_of_which_no_line_can_be_read_is_told_and_read_again() -> None:
    with answering('{"entries": [{"number": 1}]}') as bank, pytest.raises(BankAway):
        bank.statement(0)


def test_one_transfer_of_the_book_that_cannot_be_read_hides_no_other() -> None:
    transfer = '{"reference": "r", "status": "done", "amount_fen": 5, "currency": "CNY"}'
    with answering(f'{{"transfers": [{{"reference": "q", "status": "frozen"}}, {transfer}]}}') as bank:
        assert list(bank.book()) == ["r"]
