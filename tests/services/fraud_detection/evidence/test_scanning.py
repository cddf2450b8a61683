"""Files are scanned before they are read, where a scanner is set: by clamd's protocol, tried with the real one too."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from services.fraud_detection.evidence.antivirus.clamd import Clamd
from services.fraud_detection.evidence.domain.errors import ScannerAway
from tests.rules.fraud_detection.evidence.documents import pdf
from tests.rules.fraud_detection.evidence.pictures import jpeg
from tests.services.fraud_detection.builders import World
from tests.services.fraud_detection.evidence.office import Office
from tests.services.fraud_detection.evidence.scanners import CLAMD, LARGEST, LINE, clamd, stand_in
from tests.who_may import slug

SCANNERS = {"stand-in": stand_in} | ({"clamd": clamd} if CLAMD else {})
INFECTED = pdf(info=LINE.decode())


@pytest.fixture(scope="module", params=SCANNERS)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with SCANNERS[str(request.param)](tmp_path_factory.mktemp("scanner")) as url:
        yield url


@pytest.fixture
def scanner(url: str) -> Clamd:
    return Clamd(url, timeout_seconds=30)


def test_what_it_says_of_a_stream(scanner: Clamd) -> None:
    assert scanner.scan(()) == "clean"
    assert scanner.scan((b"one", b"", b"two")) == "clean"
    assert scanner.scan((b"some " + LINE[:20], LINE[20:] + b" more")) == "found"
    assert scanner.scan((bytes(LARGEST),)) == "clean"


@pytest.mark.parametrize("pieces", [[LARGEST + 1], [LARGEST, 1], [1_000] * 5_000, [LARGEST * 4] * 5], ids=str)
def test_a_stream_above_its_limit_gets_a_line_that_says_so(scanner: Clamd, pieces: list[int]) -> None:
    assert scanner.scan(bytes(size) for size in pieces) == "too_large"


def test_a_stream_without_its_end_gets_no_answer(url: str) -> None:
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(url.removeprefix("unix://"))
        link.sendall(b"zINSTREAM\0" + struct.pack(">I", 5) + b"hello")
        link.settimeout(1)
        with pytest.raises(TimeoutError):
            link.recv(100)
        link.shutdown(socket.SHUT_WR)
        assert link.recv(100) == b""


def test_a_file_that_it_knows_is_handed_to_nobody(world: World, office: Office, scanner: Clamd) -> None:
    bad, good = office.sent(INFECTED), office.sent(jpeg())
    claim_id = office.claimed(world, INFECTED)
    office.prepare(scanner)
    assert office.shown(good)["state"] == "ready"
    assert [each["file"]["state"] for each in office.documents(claim_id)] == ["infected"]
    for reply in (office.link(bad), office.sealed_link(bad, "original"), office.sealed_link(bad, "metadata")):
        assert (reply.status_code, slug(reply)) == (409, "infected-file")


def test_a_file_that_it_does_not_take_is_not_read(office: Office, scanner: Clamd) -> None:
    evidence_id = office.sent(jpeg() + bytes(LARGEST))
    office.prepare(scanner)
    assert office.shown(evidence_id)["why"] == "not_scanned"


def test_without_a_scanner_files_are_read_as_they_are(office: Office) -> None:
    assert office.shown(office.ready(INFECTED))["state"] == "ready"


def test_while_it_is_away_files_wait_and_no_try_counts(world: World, office: Office, tmp_path: Path) -> None:
    evidence_id = office.sent(jpeg())
    for _ in range(5):
        office.prepare(Clamd(f"unix://{tmp_path}/nobody.sock"))
        world.rows("UPDATE evidence_files SET try_at = try_at - interval '1 hour' RETURNING 1")
    assert (office.shown(evidence_id)["state"], world.rows("SELECT tries FROM evidence_files")) == ("received", [(0,)])
    office.prepare()
    assert office.shown(evidence_id)["state"] == "ready"


@pytest.mark.parametrize("said", [b"", b"stream: OK", b"stream: OK\0more\0", b"UNKNOWN COMMAND\0", b"x" * 5_000])
def test_any_other_answer_is_none(tmp_path: Path, said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            link, _ = server.accept()
            with link:
                link.sendall(said)
                link.shutdown(socket.SHUT_WR)
                with suppress(ConnectionResetError):
                    while link.recv(65_536):
                        pass

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        scanner = Clamd(f"tcp://127.0.0.1:{server.getsockname()[1]}", timeout_seconds=10)
        with pytest.raises(ScannerAway):
            scanner.scan((b"data",))
        thread.join(10)
