"""Uploads to a real web process over a real socket: what breaks off, and what comes in pieces of unknown number."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from deploy.local.issuer import Issuer
from deploy.local.places import free_port
from shared.db.pool import Database
from shared.process.new_ids import new_id
from tests.services.enrollment.builders import csv, row

ROOT = Path(__file__).parents[3]
PATIENCE_SECONDS = 60.0


@pytest.fixture
def port(database: Database, environ: dict[str, str]) -> Iterator[int]:
    """Where a web process of enrollment listens."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "services.enrollment", "web"],
        cwd=ROOT,
        env=os.environ | environ | {"WEB_PORT": str(port), "HEALTH_PORT": str(free_port())},
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
        answer = b""
        while piece := connection.recv(65_536):
            answer += piece
    return answer


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
