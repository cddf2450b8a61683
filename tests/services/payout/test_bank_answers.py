"""What a bank may answer that is not as agreed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

from services.payout.domain.answers import Done, NoAnswer
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
