"""One POST to a partner's server, and what servers and name servers do to it. Real sockets; names as a test says."""

from __future__ import annotations

import datetime as dt
import random
import socket
import ssl
import string
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from shared.courier.addresses import parse_networks
from shared.courier.post import Courier
from tests import clock
from tests.certificates import Authority
from tests.services.enrollment.webhooks.receiver import Answers, Receiver, listening

LOOPBACK = parse_networks("127.0.0.0/8")
NAME = "hooks.partner.example"
HEADERS = {"webhook-id": "an-id"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as receiver:
        yield receiver


@pytest.fixture
def courier() -> Courier:
    return Courier(LOOPBACK, plain_http=True)


Names = dict[str, list[list[str]]]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """Names of this test: the addresses that each look-up of one gives, the last one again and again, or none."""
    known: Names = {}
    real = socket.getaddrinfo

    def look_up(host: Any, port: Any, *rest: Any, **named: Any) -> Any:
        text = host.decode() if isinstance(host, bytes) else host
        if text not in known:
            return real(host, port, *rest, **named)
        answers = known[text]
        if not answers:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return known


def test_a_message_arrives_as_it_was_signed(courier: Courier, receiver: Receiver) -> None:
    answer = courier.post(receiver.url, HEADERS, b'{"a":1}')
    assert (answer.status, answer.failure) == (204, None)
    (got,) = receiver.received
    assert (got.path, got.body, got.webhook_id) == ("/hooks", b'{"a":1}', "an-id")
    assert got.headers["content-type"] == "application/json"
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(courier: Courier, receiver: Receiver, status: int) -> None:
    with listening() as elsewhere:
        receiver.next = [Answers(status, {"Location": elsewhere.url})]
        answer = courier.post(receiver.url, HEADERS, b"{}")
        assert (answer.status, answer.failure) == (status, "redirect")
        assert elsewhere.received == []


def test_nothing_is_sent_into_our_own_networks(receiver: Receiver, names: Names) -> None:
    names[NAME] = [["127.0.0.1"]]
    strict = Courier(plain_http=True)
    for host in ("127.0.0.1", "localhost", NAME):
        answer = strict.post(f"http://{host}:{receiver.port}/", HEADERS, b"{}")
        assert (answer.status, answer.failure) == (None, "address_refused")
    assert receiver.received == []


def test_a_name_that_changes_its_mind_after_the_check_leads_nowhere_else(receiver: Receiver, names: Names) -> None:
    """The name server says an address that is fine, and the next time one of ours."""
    only_two = Courier(parse_networks("127.0.0.2/32"), plain_http=True)
    with listening("127.0.0.2") as fine:
        names[NAME] = [["127.0.0.2"], ["127.0.0.1"]]
        assert only_two.post(f"http://{NAME}:{fine.port}/", HEADERS, b"{}").status == 204
        assert only_two.post(f"http://{NAME}:{receiver.port}/", HEADERS, b"{}").failure == "address_refused"
        assert (len(fine.received), len(receiver.received)) == (1, 0)
        assert fine.received[0].headers["host"] == f"{NAME}:{fine.port}"


def test_of_a_name_s_addresses_those_that_may_be_called_are_tried_in_turn(names: Names) -> None:
    with listening("127.0.0.3") as second:
        names[NAME] = [["10.1.1.1", "127.0.0.2", "127.0.0.3"]]
        answer = Courier(LOOPBACK, plain_http=True).post(f"http://{NAME}:{second.port}/", HEADERS, b"{}")
        assert answer.status == 204


def test_what_is_not_encrypted_goes_into_the_networks_that_the_settings_name_and_nowhere_else(
    courier: Courier, names: Names
) -> None:
    names[NAME] = [["192.0.2.1", "127.0.0.2"]]
    with listening("127.0.0.2") as inside:
        assert courier.post(f"http://{NAME}:{inside.port}/", HEADERS, b"{}").status == 204
        names[NAME] = [["93.184.216.34"]]
        assert courier.post(f"http://{NAME}:{inside.port}/", HEADERS, b"{}").failure == "address_refused"


def test_a_name_nobody_knows_and_a_port_nobody_listens_at_are_told_apart(courier: Courier, names: Names) -> None:
    names[NAME] = []
    assert courier.post(f"http://{NAME}/", HEADERS, b"{}").failure == "name_unknown"
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # taken, so that nobody else listens there, and not listened at
        assert courier.post(f"http://127.0.0.1:{deaf.getsockname()[1]}/", HEADERS, b"{}").failure == "not_reached"


def test_what_was_allowed_once_is_refused_after_the_settings_were_tightened(receiver: Receiver) -> None:
    assert Courier(LOOPBACK).post(receiver.url, HEADERS, b"{}").failure == "address_refused"
    assert receiver.received == []


def sleep_for(seconds: float) -> Callable[[BaseHTTPRequestHandler], None]:
    def act(_request: BaseHTTPRequestHandler) -> None:
        time.sleep(seconds)

    return act


def drip(request: BaseHTTPRequestHandler) -> None:
    """A byte of headers now and then, each well within a read's patience."""
    try:
        request.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(2_000):
            request.wfile.write(b"x-%d: 1\r\n" % number)
            request.wfile.flush()
            time.sleep(0.05)
    except OSError:
        pass


@pytest.mark.parametrize("act", [sleep_for(100), drip])
def test_a_server_that_does_not_come_to_an_end_is_left_in_time(
    courier: Courier, receiver: Receiver, act: Callable[[BaseHTTPRequestHandler], None]
) -> None:
    receiver.next = [Answers(act=act)]
    began = time.monotonic()
    assert courier.post(receiver.url, HEADERS, b"{}", seconds=1).failure == "timeout"
    assert time.monotonic() - began < 60, "it waited for the end"


def endless_body(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    try:
        while True:
            request.wfile.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
    except OSError:
        pass


def test_an_endless_body_is_cut_off_and_the_status_counts(courier: Courier, receiver: Receiver) -> None:
    receiver.next = [Answers(act=endless_body)]
    began = time.monotonic()
    assert courier.post(receiver.url, HEADERS, b"{}", seconds=60).status == 200
    assert time.monotonic() - began < 50, "it was read for as long as there was time"


def rubbish(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")


def hang_up(request: BaseHTTPRequestHandler) -> None:
    request.connection.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("act", [rubbish, hang_up])
def test_what_is_no_http_is_a_failure_that_says_so(
    courier: Courier, receiver: Receiver, act: Callable[[BaseHTTPRequestHandler], None]
) -> None:
    receiver.next = [Answers(act=act)]
    assert courier.post(receiver.url, HEADERS, b"{}").failure == "answer_unreadable"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("soon", None),
        ("-5", None),
        ("1e3", None),
        ("9" * 40, 100_000_000),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Mon, 01 Jan 2027 99999999999999999999:00:00 GMT", None),
    ],
)
def test_the_wait_that_a_server_asks_for_is_read(
    courier: Courier, receiver: Receiver, value: str, seconds: int | None
) -> None:
    receiver.next = [Answers(503, {"Retry-After": value})]
    asked = courier.post(receiver.url, HEADERS, b"{}").retry_after
    assert (None if asked is None else asked.total_seconds()) == seconds


def test_the_wait_that_a_server_asks_for_may_be_a_date(courier: Courier, receiver: Receiver) -> None:
    when = clock.real_now() + dt.timedelta(hours=1)
    receiver.next = [Answers(429, {"Retry-After": when.strftime("%a, %d %b %Y %H:%M:%S GMT")})]
    asked = courier.post(receiver.url, HEADERS, b"{}").retry_after
    assert asked is not None
    assert dt.timedelta(minutes=59) < asked <= dt.timedelta(hours=1)


def test_no_url_that_was_taken_as_an_endpoint_s_can_crash_the_sender(
    courier: Courier, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a partner writes there; each name is said to be this machine's."""
    real = socket.getaddrinfo

    def look_up(host: Any, port: Any, *rest: Any, **named: Any) -> Any:
        text = host.decode() if isinstance(host, bytes) else host
        if text != "127.0.0.1":
            text.encode("idna")
        return real("127.0.0.1", port, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    rng = random.Random(5)  # noqa: S311  # no secret
    letters = string.ascii_letters + string.digits + string.punctuation
    urls = [
        f"{rng.choice(('http', 'https'))}://{''.join(rng.choices(letters, k=rng.randint(1, 8)))}:{receiver.port}/"
        + "".join(rng.choices(letters, k=5))
        for _ in range(600)
    ]
    taken = [url for url in urls if courier.url_fault(url) is None]
    assert len(taken) > 50
    outcomes = {courier.post(url, HEADERS, b"{}", seconds=60).failure for url in taken}
    assert outcomes <= {None, "tls_failed", "not_reached", "name_unknown"}


class Partners(Authority):
    """Signs the certificates of partners' servers, for as long as a test."""

    def context(self, name: str, seen: list[str | None]) -> ssl.SSLContext:
        """What a server of that name speaks TLS by; ``seen`` notes the names that callers ask for."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server(name))
        context.sni_callback = lambda _socket, asked, _context: seen.append(asked)
        return context


@pytest.fixture
def authority(tmp_path: Path) -> Partners:
    return Partners(tmp_path)


def test_the_connection_goes_to_the_checked_address_and_the_certificate_is_the_name_s(
    authority: Partners, names: Names
) -> None:
    seen: list[str | None] = []
    names[NAME] = [["127.0.0.1"]]
    courier = Courier(LOOPBACK, ca_file=str(authority.file))
    with listening(tls=authority.context(NAME, seen)) as receiver:
        assert courier.post(f"https://{NAME}:{receiver.port}/hooks", HEADERS, b"{}").status == 204
        assert receiver.received[0].headers["host"] == f"{NAME}:{receiver.port}"
        assert seen == [NAME]


def test_a_server_with_another_name_s_certificate_gets_no_message(authority: Partners, names: Names) -> None:
    names[NAME] = [["127.0.0.1"]]
    courier = Courier(LOOPBACK, ca_file=str(authority.file))
    with listening(tls=authority.context("another.example", [])) as receiver:
        answer = courier.post(f"https://{NAME}:{receiver.port}/hooks", HEADERS, b"{}")
        assert (answer.failure, receiver.received) == ("tls_failed", [])


def test_a_certificate_of_an_authority_nobody_knows_is_refused(authority: Partners, names: Names) -> None:
    names[NAME] = [["127.0.0.1"]]
    with listening(tls=authority.context(NAME, [])) as receiver:
        answer = Courier(LOOPBACK).post(f"https://{NAME}:{receiver.port}/hooks", HEADERS, b"{}")
        assert (answer.failure, receiver.received) == ("tls_failed", [])
