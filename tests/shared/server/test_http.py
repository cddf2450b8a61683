"""What clients and proxies say in HTTP/1.1, and how it is answered; what is no HTTP is refused at once."""

from __future__ import annotations

import json
import random
import signal
import time

import pytest

from shared.server.requests import RequestReader
from tests.shared.server.conftest import SECONDS, Server, get, one, post, rest

CHUNKED = "POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_many_requests_come_on_one_connection(server: Server) -> None:
    with server.connect() as connection:
        for number in range(20):
            connection.sendall(get(f"/{number}?a=b%20c") if number % 2 else post(b"z" * number, path=f"/{number}"))
            answer = one(connection)
            assert f" /{number}?".encode() in answer
            assert b"Connection: close" not in answer


def test_requests_sent_without_waiting_are_answered_in_order(server: Server) -> None:
    many = b"".join(post(str(n).encode() * 10, path=f"/{n}") for n in range(10))
    answer = server.answers(many + get("/last", "Connection: close") + b"and more")
    places = [answer.index(f"POST /{n}? ".encode()) for n in range(10)] + [answer.index(b"GET /last?")]
    assert places == sorted(places)
    assert answer.count(b"HTTP/1.1 200") == 11


def test_a_body_in_chunks_is_taken_with_extensions_and_trailers(server: Server) -> None:
    body = b"4;note=1\r\nWiki\r\n5\r\npedia\r\n0\r\nX-Trailer: no\r\n\r\n"
    with server.begun(CHUNKED.encode() + body + get("/next")) as connection:
        answer = one(connection)
        assert b" 9|Wikipedia" in answer
        assert b"X_TRAILER" not in answer
        assert b"GET /next?" in one(connection)


def test_a_client_that_expects_to_be_told_so_is_told_to_continue(server: Server) -> None:
    for size in (10, 2_000_000):
        with server.begun(post(b"", "Expect: 100-continue", length=size)) as connection:
            assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
            connection.sendall(b"e" * size)
            assert f" {size}|eee".encode() in one(connection)
    with server.begun(post(b"", "Expect: 100-continue", path="/unread", length=2_000_000)) as connection:
        assert one(connection).startswith(b"HTTP/1.1 200")


def test_old_clients_get_what_they_understand(server: Server) -> None:
    assert server.answers(b"GET /a HTTP/1.0\r\n\r\n").endswith(b"GET /a? {} 0|")
    with server.begun(b"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n") as connection:
        assert b"Connection: keep-alive" in one(connection)
        connection.sendall(get("/b", "Connection: close"))
        assert rest(connection).endswith(b"GET /b? {} 0|")
    streamed = server.answers(b"GET /many HTTP/1.0\r\n\r\n")
    assert b"Transfer-Encoding" not in streamed[:500]
    assert streamed.endswith(b"xxx")


def test_a_head_has_the_length_and_no_body(server: Server) -> None:
    answer = server.answers(get("/", "Connection: close").replace(b"GET", b"HEAD", 1))
    assert b"Content-Length: 13\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")
    assert b"Content-Length" not in server.answers(get("/nothing", "Connection: close"))


def test_headers_come_to_the_application_as_they_are_meant(server: Server) -> None:
    answer = server.answers(
        get("http://here/p%C3%A4th?q=1", "X-One: a", "x-one: b", "X_One: forged", "Upgrade: h2c", "Connection: Upgrade")
    )
    assert b"GET /p\xc3\xa4th?q=1 {'HTTP_X_ONE': 'a,b'} 0|" in answer
    assert b" 101 " not in answer


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (501, "nonsense\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
        (400, "GET / HTTP/1.1\nHost: a\n\n"),
        (400, "GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n"),
        (400, "GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        (400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        (400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"),
        (400, CHUNKED + "zz\r\n\r\n"),
        (400, CHUNKED + "3\r\nabcd\r\n0\r\n\r\n"),
        (414, f"GET /{'a' * 9000} HTTP/1.1\r\nHost: a\r\n\r\n"),
        (414, f"GET /{'a' * 200_000}"),
        (417, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: a-miracle\r\n\r\na"),
        (431, "GET / HTTP/1.1\r\nHost: a\r\n" + "X-Many: a\r\n" * 200 + "\r\n"),
        (431, f"GET / HTTP/1.1\r\nHost: a\r\nX-Long: {'a' * 40_000}\r\n\r\n"),
        (431, f"GET / HTTP/1.1\r\nHost: a\r\nX-Endless: {'a' * 200_000}"),
        (501, "BREW / HTTP/1.1\r\nHost: a\r\n\r\n"),
        (501, "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"),
        (501, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        (501, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\na"),
        (505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
        (505, "GET /\r\n\r\n"),
    ],
)
def test_what_is_not_http_as_we_take_it_is_a_problem(server: Server, status: int, text: str) -> None:
    answer = server.answers(text.encode("latin-1"))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode()), answer[:300]
    assert b"Content-Type: application/problem+json" in head
    assert b"Connection: close" in head
    problem = json.loads(body)
    assert problem["status"] == status
    assert len(problem["trace_id"]) == 32
    assert answer.count(b"\r\n\r\n") == 1


def test_what_is_wrong_behind_a_good_request_is_told_after_its_reply(server: Server) -> None:
    answer = server.answers(get("/good") + b"GET nonsense\r\n\r\n")
    assert answer.index(b"GET /good?") < answer.index(b" 400 ")


def test_a_mistake_of_the_application_is_told_without_its_words(server: Server) -> None:
    for path in ("/bug", "/two-lines"):
        answer = server.answers(get(path))
        assert answer.startswith(b"HTTP/1.1 500 ")
        assert b"problems/internal-error" in answer
        assert b"secret" not in answer
        assert b"X-Other" not in answer


def test_a_reply_that_breaks_off_has_no_end(server: Server) -> None:
    answer = server.answers(get("/midway"))
    assert b"5\r\nfirst\r\n" in answer
    assert not answer.endswith(b"0\r\n\r\n")


def test_told_to_stop_it_answers_what_has_begun_and_ends_well(server_to_stop: Server) -> None:
    server = server_to_stop
    with server.begun(get("/slow")) as at_work, server.begun(b"") as idle, server.begun(post(b"a", length=3)) as half:
        time.sleep(0.3)
        server.process.send_signal(signal.SIGTERM)
        answer = rest(at_work)
        assert b" 200 " in answer
        assert b"Connection: close" in answer
        half.sendall(b"bc")
        assert b" 3|abc" in rest(half)
        assert rest(idle) == b""
        assert server.process.wait(SECONDS) == 0
    with pytest.raises(ConnectionRefusedError):
        server.connect()


def test_however_its_bytes_are_cut_a_request_is_the_same() -> None:
    text = post(b"one", "X-A: b") + CHUNKED.encode() + b"3\r\ntwo\r\n2\r\n!!\r\n0\r\n\r\n" + get("/three?x=y")
    seed = random.randrange(1_000_000)
    rolls = random.Random(seed)
    for _ in range(200):
        reader = RequestReader()
        cuts = sorted(rolls.sample(range(len(text)), rolls.randrange(12)))
        for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
            reader.feed(text[start:end])
        found = []
        while (request := reader.first()) is not None:
            assert request.whole, f"seed {seed}"
            found.append((request.method, request.path(), request.take()))
            reader.done()
        assert found == [("POST", "/", b"one"), ("POST", "/", b"two!!"), ("GET", "/three", b"")], f"seed {seed}"
