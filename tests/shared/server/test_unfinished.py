"""Clients that send half of a request, or take half of a reply: they hold nobody up, and their time ends."""

from __future__ import annotations

import time
from contextlib import ExitStack

import pytest

from tests.shared.server.conftest import Server, get, one, post, rest
from tests.shared.server.small_web import MEGABYTE, PATIENCE

HALVES = {
    "nothing": b"",
    "half a head": b"GET / HTTP/1.1\r\nHost: he",
    "half a body": post(b"half", length=1000),
    "half a chunk": b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nhalf",
}


def test_requests_that_stay_unfinished_keep_no_other_waiting(server: Server) -> None:
    with ExitStack() as unfinished:
        for half in HALVES.values():
            for _ in range(5):
                unfinished.enter_context(server.begun(half))
        began = time.monotonic()
        with server.begun(get()) as connection:
            assert b" 200 " in one(connection)
        assert time.monotonic() - began < PATIENCE.head


def test_replies_that_nobody_takes_keep_no_other_waiting_and_end(server: Server) -> None:
    with ExitStack() as idle:
        takers = [idle.enter_context(server.begun(get("/many"))) for _ in range(5)]
        began = time.monotonic()
        with server.begun(get()) as connection:
            assert b" 200 " in one(connection)
        assert time.monotonic() - began < PATIENCE.taking
        time.sleep(PATIENCE.taking + 2.0)
        assert all(len(rest(each)) < 100 * MEGABYTE for each in takers)


def test_who_takes_a_long_reply_slowly_gets_all_of_it(server: Server) -> None:
    with server.begun(get("/many", "Connection: close")) as connection:
        time.sleep(PATIENCE.taking / 2)
        found = rest(connection)
    assert len(found) > 200 * MEGABYTE
    assert found.endswith(b"\r\n0\r\n\r\n")


@pytest.mark.parametrize("half", ["half a head", "half a body", "half a chunk"])
def test_who_does_not_come_to_an_end_is_told_that_it_took_too_long(server: Server, half: str) -> None:
    began = time.monotonic()
    answer = server.answers(HALVES[half])
    assert b" 408 " in answer.partition(b"\r\n")[0]
    assert b"application/problem+json" in answer
    assert b"problems/request-too-slow" in answer
    assert time.monotonic() - began < 2 * max(PATIENCE.head, PATIENCE.part) + 2.0


def test_a_byte_now_and_then_buys_no_time(server: Server) -> None:
    began = time.monotonic()
    with server.begun(b"GET / HTTP/1.1\r\nX-Slow: ") as connection:
        connection.settimeout(0.1)
        answer = b""
        while not answer and time.monotonic() - began < 3 * PATIENCE.head + 3.0:
            try:
                answer = connection.recv(1000)
            except TimeoutError:
                connection.sendall(b"x")
    assert b" 408 " in answer
    assert time.monotonic() - began < PATIENCE.head + 2.5


def test_a_connection_without_a_request_is_closed_without_a_word(server: Server) -> None:
    with server.begun(get()) as connection:
        assert b" 200 " in one(connection)
        began = time.monotonic()
        assert rest(connection) == b""
        assert PATIENCE.request - 1.0 < time.monotonic() - began < PATIENCE.request + 2.5


def test_a_body_that_breaks_off_is_refused(server: Server) -> None:
    with server.begun(HALVES["half a body"]) as connection:
        connection.shutdown(1)
        answer = rest(connection)
    assert b" 400 " in answer
    assert b"problems/upload-incomplete" in answer


def test_a_long_body_that_stands_still_ends_for_the_application_too(server: Server) -> None:
    with server.begun(post(b"x" * 100, length=5 * MEGABYTE)) as connection:
        answer = rest(connection)
    assert b" 500 " in answer  # The small application does not know what a TimeoutError is.
    assert "TimeoutError" in server.log.read_text()


def test_a_long_body_is_read_while_it_comes(server: Server) -> None:
    with server.begun(post(b"", length=3 * MEGABYTE)) as connection:
        for _ in range(30):
            connection.sendall(b"y" * 100_000)
            time.sleep(0.02)
        assert b" 3000000|yyy" in one(connection)
        connection.sendall(get())
        assert b" 200 " in one(connection)


def test_who_is_refused_before_a_long_body_hears_it(server: Server) -> None:
    with server.begun(post(b"x" * 200_000, path="/unread", length=2_000_000_000)) as connection:
        assert one(connection).endswith(b"not read")
        with pytest.raises(ConnectionError):
            for _ in range(1_000):
                connection.sendall(b"x" * 1_000)
                time.sleep(0.01)


def test_large_unfinished_bodies_make_room_for_small_ones(server: Server) -> None:
    with ExitStack() as unfinished:
        large = [unfinished.enter_context(server.begun(post(b"x" * 900_000, length=MEGABYTE))) for _ in range(8)]
        small = post(b"y" * 1000)
        with server.begun(small[:-1]) as connection:
            time.sleep(0.2)
            connection.sendall(small[-1:])
            assert b" 1000|" in one(connection)
        answers = [rest(each) for each in large]
    assert b" 503 " in b"".join(answers)
    assert b"Retry-After: " in b"".join(answers)


def test_connections_that_wait_make_place_for_new_ones(server: Server) -> None:
    with ExitStack() as many:
        waiting = [many.enter_context(server.begun(b"")) for _ in range(60)]
        with server.begun(get()) as connection:
            assert b" 200 " in one(connection)
        waiting[0].settimeout(PATIENCE.request / 2)
        assert waiting[0].recv(1) == b""
