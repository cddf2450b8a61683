"""Files are read in a process of their own: whatever a file does to its reader, something is said of it."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from zlib import crc32

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter

from deploy.local.places import CHECKOUT
from services.fraud_detection.evidence.domain.content import MediaType, media_type
from services.fraud_detection.evidence.domain.files import Picture
from services.fraud_detection.evidence.pictures import reader
from services.fraud_detection.evidence.pictures.limits import MOST_PIXELS, VIEW_PIXELS
from services.fraud_detection.evidence.pictures.reader import Read, ReaderStopped
from tests.rules.fraud_detection.evidence.documents import pdf
from tests.rules.fraud_detection.evidence.pictures import heic, jpeg, opened, png


def read(data: bytes, kind: MediaType | None = None) -> tuple[Read, dict[tuple[str, int], bytes]]:
    made: dict[tuple[str, int], bytes] = {}

    def keep(picture: Picture, jpeg_bytes: bytes) -> None:
        made[picture.view, picture.page_no] = jpeg_bytes
        assert opened(jpeg_bytes).size == (picture.width, picture.height)

    return reader.read(kind or media_type(data[:1024]), iter([data]), keep), made


def flat(width: int, height: int, mode: str = "L", form: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new(mode, (width, height)).save(out, form)
    return out.getvalue()


@pytest.mark.parametrize("process", ["web", "worker"])
def test_no_process_of_ours_loads_what_reads_pictures(process: str) -> None:
    code = f"import services.fraud_detection.{process}, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert {"PIL", "pillow_heif", "pypdfium2"} & set(done.stdout.split()) == set()
    assert "services.fraud_detection.evidence.pictures.limits" in done.stdout.split()


def test_what_a_file_is_by_its_first_bytes() -> None:
    cases = {
        "image/jpeg": (jpeg(), b"\xff\xd8\xff\xe1"),
        "image/png": (png(),),
        "image/heic": (heic(), b"\0\0\0\x18ftypmif1"),
        "application/pdf": (pdf(), b"\xef\xbb\xbf\n%PDF-1.4", b"x" * 1000 + b"%PDF-1.4"),
        "application/octet-stream": (b"", b"\xff\xd8", b"\x89PNG\n", b"ftypheic", b"x" * 1024 + b"%PDF-", b"GIF89a"),
    }
    for kind, files in cases.items():
        for data in files:
            assert media_type(data[:1024]) == kind, data[:20]


@pytest.mark.parametrize(
    ("width", "height", "mode"), [(8160, 6120, "L"), (8160, 6120, "RGBA"), (8160, 6120, "P"), (1080, 20_000, "RGB")]
)
def test_as_many_pixels_as_phones_make_are_read(width: int, height: int, mode: str) -> None:
    assert width * height <= MOST_PIXELS
    found, made = read(flat(width, height, mode))
    assert (found.pages, found.why) == (1, None)
    page = opened(made["page", 1])
    assert page.width * page.height <= VIEW_PIXELS
    assert abs(page.width / page.height - width / height) < 0.01
    assert max(opened(made["thumbnail", 1]).size) == 320


def test_a_jpeg_of_as_many_pixels_is_read() -> None:
    found, _made = read(flat(8160, 6120, "RGB", "JPEG"))
    assert found.why is None


@pytest.mark.parametrize(("width", "height"), [(8200, 6200), (30_000, 30_000)])
def test_a_picture_of_more_pixels_is_not_decoded(width: int, height: int) -> None:
    """Its size is its own word: only the head says it, and there is nothing behind."""
    head = bytearray(flat(1, 1))
    head[16:24] = width.to_bytes(4) + height.to_bytes(4)
    head[29:33] = _crc(bytes(head[12:29]))
    assert read(bytes(head))[0].why == "too_many_pixels"


def _crc(data: bytes) -> bytes:
    return crc32(data).to_bytes(4)


def test_a_pdf_of_many_pages_or_with_a_password_is_not_read() -> None:
    assert read(pdf(50))[0].pages == 50
    assert read(pdf(51))[0].why == "too_many_pages"
    assert read(_locked(pdf()))[0].why == "locked"


def _locked(data: bytes) -> bytes:
    writer, out = PdfWriter(clone_from=PdfReader(io.BytesIO(data))), io.BytesIO()
    writer.encrypt("a password", algorithm="RC4-128")
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize("box", ["0 0 1 1", "0 0 14400 14400", "0 0 1000000 1000000", "0 0 1000000 1", "0 0 1 1000000"])
def test_a_page_of_any_size_is_drawn_within_its_limits(box: str) -> None:
    found, made = read(pdf(box=box))
    assert found.why is None
    page = opened(made["page", 1])
    assert page.width * page.height <= VIEW_PIXELS


@pytest.mark.parametrize("whole", [jpeg(), png(), heic(), pdf()], ids=["jpeg", "png", "heic", "pdf"])
def test_a_file_that_is_damaged_is_told_so_or_read_and_breaks_nothing(whole: bytes) -> None:
    damaged = [whole[: len(whole) // 2], whole[:20]]
    for place in range(8, len(whole), len(whole) // 4):
        changed = bytearray(whole)
        changed[place : place + 8] = b"\xff" * 8
        damaged.append(bytes(changed))
    for data in damaged:
        found, _made = read(data, media_type(whole[:1024]))
        assert found.why in {None, "damaged", "takes_too_much", "too_many_pixels"}
    assert read(whole[:20], media_type(whole[:1024]))[0].why == "damaged"


def test_a_file_is_read_as_what_it_is_and_as_nothing_else() -> None:
    for data, kind in ((png(), "image/jpeg"), (jpeg(), "image/heic"), (b"%!PS-Adobe-3.0", "image/png")):
        assert read(data, kind)[0].why == "damaged"  # type: ignore[arg-type]


@pytest.fixture
def a_reader_that(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """In place of the one that reads: some lines of Python."""

    def does(what: str) -> None:
        begin = "import os, sys, time, signal\nfrom shared.process.confined import confine\nsys.stdin.buffer.read()\n"
        monkeypatch.setattr(reader, "_READER", ("-c", begin + what))

    return does


@pytest.mark.parametrize("how", ["os.abort()", "confine(2**27, 10); bytearray(2**28)", "confine(2**29, 1)\nwhile 1: 1"])
def test_a_file_by_which_its_reader_ends_is_unreadable(a_reader_that: Callable[[str], None], how: str) -> None:
    a_reader_that(how)
    assert read(jpeg())[0].why in {"takes_too_much", "damaged"}


def test_a_reader_that_is_ended_from_outside_says_nothing_about_its_file(a_reader_that: Callable[[str], None]) -> None:
    a_reader_that(f"os.kill(os.getpid(), {signal.SIGKILL.value})")
    with pytest.raises(ReaderStopped):
        read(jpeg())


def test_a_file_over_which_its_reader_broods_is_unreadable(
    a_reader_that: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "SILENT_SECONDS", 0.2)
    a_reader_that("time.sleep(600)")
    assert read(jpeg())[0].why == "takes_too_much"


LAST = '{"type":"last","pages":1,"why":null,"metadata":{}}'
PICTURE = '{"type":"picture","view":"page","page_no":1,"width":1,"height":1,"size":%d}'


@pytest.mark.parametrize("said", ["", "nonsense", PICTURE % 5, PICTURE % -1, PICTURE % 2**40, PICTURE % 0, LAST[:20]])
def test_a_reader_that_fell_into_the_hands_of_its_file_is_not_believed(
    a_reader_that: Callable[[str], None], said: str
) -> None:
    a_reader_that(f"print({said!r}, flush=True)")
    found = reader.read("image/jpeg", iter([jpeg()]), lambda _picture, _bytes: None)
    assert found == Read(0, "damaged", {})


def test_a_reader_that_never_ends_its_line_is_not_believed(a_reader_that: Callable[[str], None]) -> None:
    a_reader_that("while True: sys.stdout.write('x' * 65536)")
    assert reader.read("image/jpeg", iter([jpeg()]), lambda _picture, _bytes: None) == Read(0, "damaged", {})


def test_a_reader_gets_none_of_our_environment(
    a_reader_that: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEAL_KEYS", "a secret")
    a_reader_that(
        'import json; print(json.dumps({"type": "last", "pages": 1, "why": None, "metadata": dict(os.environ)}))'
    )
    assert os.environ["SEAL_KEYS"]
    given = read(jpeg())[0].metadata
    assert "SEAL_KEYS" not in given
    assert len(json.dumps(given)) < 500
