"""Uploads to a real web process over a real socket: what breaks off, and what comes in pieces of unknown number."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from deploy.demo.waiting import until
from deploy.local.issuer import Issuer
from deploy.local.places import free_port
from shared.db.pool import Database
from shared.process.new_ids import new_id
from shared.server.connection import Patience
from shared.web.receiving import MOST_OF_ONE_CLIENT
from tests.services.enrollment.builders import csv, row

ROOT = Path(__file__).parents[4]
PATIENCE_SECONDS = 60.0


@pytest.fixture
def health_port() -> int:
    """Where it says how it is."""
    return free_port()


@pytest.fixture
def port(database: Database, environ: dict[str, str], health_port: int) -> Iterator[int]:
    """Where a web process of enrollment listens."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "services.enrollment", "web"],
        cwd=ROOT,
        env=os.environ | environ | {"WEB_PORT": str(port), "HEALTH_PORT": str(health_port)},
        stdout=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            assert process.poll() is None
            assert time.monotonic() < deadline
            with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        yield port
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        process.wait()


def sent(port: int, token: str, header: str, body: bytes) -> bytes:
    """What the server answers to ``body``, after which nothing more comes."""
    head = (
        "POST /v1/enrollment-batches?product_code=resident-anti-fraud HTTP/1.1\r\n"
        "Host: localhost\r\nContent-Type: text/csv\r\nConnection: close\r\n"
        f"Authorization: Bearer {token}\r\nIdempotency-Key: {new_id()}\r\n{header}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS) as connection:
        connection.sendall(head.encode() + body)
        connection.shutdown(socket.SHUT_WR)
        return whole_answer(connection)


def whole_answer(connection: socket.socket) -> bytes:
    """What comes until the server closes: head and body of an answer may arrive apart."""
    return b"".join(iter(lambda: connection.recv(65_536), b""))


@contextmanager
def begun(port: int, token: str) -> Iterator[socket.socket]:
    """The connection of an upload of which only the beginning comes."""
    head = (
        "POST /v1/enrollment-batches?product_code=resident-anti-fraud HTTP/1.1\r\n"
        "Host: localhost\r\nContent-Type: text/csv\r\nContent-Length: 2000000\r\n"
        f"Authorization: Bearer {token}\r\nIdempotency-Key: {new_id()}\r\n\r\npartner_reference,"
    )
    with socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS) as connection:
        connection.sendall(head.encode())
        yield connection


def under_way(health_port: int) -> int:
    """How many uploads the web process says that it takes in."""
    page = httpx.get(f"http://127.0.0.1:{health_port}/metrics", timeout=PATIENCE_SECONDS).text
    told = next(line for line in page.splitlines() if line.startswith("fangzha_uploads_under_way"))
    return int(float(told.split()[1]))


def in_transaction(database: Database) -> int:
    """How many connections of the web process are in a transaction."""
    with database.transaction() as tx:
        found = tx.one(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name = 'enrollment-web' AND xact_start IS NOT NULL"
        )
    assert found is not None
    return int(found[0])


def in_chunks(data: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (data[:1000], data[1000:])) + b"0\r\n\r\n"


def batches(database: Database) -> int:
    with database.transaction() as tx:
        found = tx.one("SELECT (SELECT count(*) FROM batches) + (SELECT count(*) FROM batch_parts)")
    assert found is not None
    return int(found[0])


def test_an_upload_that_breaks_off_leaves_nothing_and_one_in_chunks_is_taken(
    port: int, database: Database, issuer: Issuer
) -> None:
    data = csv([row(n, effective_date="") for n in range(12_000)])
    token = issuer.token("telecom-east")
    whole_lines = data[: data.index(b"\n", len(data) // 2) + 1]
    answer = sent(port, token, f"Content-Length: {len(data)}", whole_lines)
    assert b"400" in answer.split(b"\r\n")[0]
    assert b"problems/upload-incomplete" in answer
    assert b"202" not in sent(port, token, "Transfer-Encoding: chunked", in_chunks(data)[:-200]).split(b"\r\n")[0]
    assert batches(database) == 0
    assert b"202" in sent(port, token, "Transfer-Encoding: chunked", in_chunks(data)).split(b"\r\n")[0]
    assert batches(database) > 0


def test_uploads_that_stand_still_hold_no_connection_keep_nobody_out_and_end(
    port: int, health_port: int, database: Database, issuer: Issuer
) -> None:
    east, west = issuer.token("telecom-east"), issuer.token("telecom-west")
    data = csv([row(n, effective_date="") for n in range(10)])
    assert b"202" in sent(port, west, f"Content-Length: {len(data)}", data).split(b"\r\n")[0]
    half = Patience().part / 2
    with ExitStack() as slow:
        connections = [slow.enter_context(begun(port, east)) for _ in range(MOST_OF_ONE_CLIENT)]
        until(
            "they do not come in",
            lambda: under_way(health_port) == MOST_OF_ONE_CLIENT or None,
            seconds=Patience().part / 2,
        )
        refused = sent(port, east, f"Content-Length: {len(data)}", data)
        assert b"503" in refused.split(b"\r\n")[0]
        until("they stand in a transaction", lambda: in_transaction(database) == 0 or None, seconds=half)
        assert b"problems/too-many-uploads" in refused
        assert b"Retry-After" in refused
        assert b"202" in sent(port, west, f"Content-Length: {len(data)}", data).split(b"\r\n")[0]
        answers = [whole_answer(connection) for connection in connections]
    assert all(b"408" in answer.split(b"\r\n")[0] and b"upload-too-slow" in answer for answer in answers)
    assert b"202" in sent(port, east, f"Content-Length: {len(data)}", data).split(b"\r\n")[0]
