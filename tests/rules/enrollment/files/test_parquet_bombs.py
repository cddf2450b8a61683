"""Parquet files that do harm where they are read: that is a process of its own, which bears it."""

from __future__ import annotations

import gc
import io
import json
import random
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.enrollment.files.domain.errors import NoRoom, UnreadableFile
from services.enrollment.files.intake import parquet_file
from services.enrollment.files.intake.upload import Sent, Upload
from services.enrollment.policies.domain.rows import COLUMNS

PLAIN: dict[str, Any] = {"use_dictionary": False, "write_statistics": False, "compression": "zstd"}
DELTA: dict[str, Any] = {"use_dictionary": False, "compression": "none"}
FOOTER_END = 8
"""Bytes after the footer: its length and a magic word."""
DAMAGES = 20
LITTLE = 64 * 1024**2


def written(columns: dict[str, Any], **options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, **options)
    return out.getvalue()


def dictionaries(text: int, rows: int, columns: int = len(COLUMNS), **options: Any) -> bytes:
    """One text of so many bytes, named by each row."""
    long = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array(["x" * text]))
    few = dict.fromkeys(COLUMNS[:columns], long)
    return written({name: few.get(name, pa.array(["x"] * rows)) for name in COLUMNS}, **options)


def of_texts(text: int, rows: int, **options: Any) -> bytes:
    return written({name: pa.array(["x" * text] * rows) for name in COLUMNS}, **options)


def of_many_entries() -> bytes:
    """Dictionaries of a million texts, which take much more in memory than in the file."""
    texts = pa.array([str(number) for number in range(1_000_000)])
    return written(dict.fromkeys(COLUMNS, texts), dictionary_pagesize_limit=1024**3)


def of_pages_of_one_long_text() -> bytes:
    """A thousand texts of 256 KiB, each in a page of its own, so that a thousand rows are more than any page."""
    texts = pa.array(["x" * 256 * 1024] * 1000)
    columns = {name: pa.array(["x"] * 1000) for name in COLUMNS} | {"name": texts}
    return written(columns, **PLAIN, data_page_size=1, write_batch_size=1)


def of_one_giant_page() -> bytes:
    giant = {name: pa.array(["x"]) for name in COLUMNS} | {"name": pa.array(["x" * 400 * 1024**2])}
    return written(giant, **PLAIN)


def of_a_giant_page_of_an_odd_kind() -> bytes:
    """Its kind, 0, is written as 2**32, of which pyarrow reads 32 bits; after it comes a page that is for nobody."""
    last = COLUMNS[-1]
    data = written({name: pa.array(["x"]) for name in COLUMNS} | {last: pa.array(["x" * 400 * 1024**2])}, **PLAIN)
    place = pq.ParquetFile(io.BytesIO(data)).metadata.row_group(0).column(len(COLUMNS) - 1).data_page_offset
    end = len(data) - FOOTER_END - int.from_bytes(data[-FOOTER_END:-4], "little")
    kind, odd_kind = bytes.fromhex("1500"), bytes.fromhex("158080808020")
    for_nobody = bytes.fromhex("1508150015806000")
    assert data[place:].startswith(kind)
    return data[:place] + odd_kind + data[place + len(kind) : end] + for_nobody + data[end:]


def of_many_row_groups() -> bytes:
    """A footer that names some hundred thousand columns of row groups, of which pyarrow makes objects first of all."""
    return written({name: pa.array(["x"] * 10_000) for name in COLUMNS}, **PLAIN, row_group_size=1)


def read(data: bytes) -> str:
    """What is said of a file that is refused."""
    try:
        for _part in Upload([data], Sent("parquet")).parts():
            pass
    except UnreadableFile as error:
        return error.sentence()
    return "it was read"


def own_peak() -> int:
    status = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in status if line.startswith("VmHWM:"))) * 1024


def of_three_persons() -> bytes:
    return written({name: pa.array(["x", "y", "z"]) for name in COLUMNS}, compression="none")


TOO_MUCH = "takes more memory to read than a file of subscribers"
REFUSED = "is not a file of subscribers"
"""By one of two limits, as it comes."""
BOMBS: list[tuple[str, Callable[[], bytes], str]] = [
    ("rows of ten long texts each", lambda: dictionaries(4000, 20_000, compression="zstd"), "row 1 has more than"),
    ("a long entry", lambda: dictionaries(1_000_000, 100_000, 1), "row 1 has more than"),
    ("many entries", of_many_entries, TOO_MUCH),
    ("pages of one long text", of_pages_of_one_long_text, TOO_MUCH),
    ("a giant page", of_one_giant_page, TOO_MUCH),
    ("a giant page of an odd kind", of_a_giant_page_of_an_odd_kind, "It is damaged after row 1"),
    ("rows as long as they may be", lambda: of_texts(350, 200_000, **PLAIN), "more than 100 times its size"),
    (
        "large pages",
        lambda: of_texts(400, 100_000, **PLAIN, data_page_size=1024**3, write_batch_size=100_000),
        REFUSED,
    ),
    (
        "equal beginnings",
        lambda: of_texts(4000, 20_000, **DELTA, column_encoding=dict.fromkeys(COLUMNS, "DELTA_BYTE_ARRAY")),
        "row 1 has more than",
    ),
]


@pytest.mark.parametrize(("make", "said"), [each[1:] for each in BOMBS], ids=[each[0] for each in BOMBS])
def test_a_parquet_bomb_is_refused_and_takes_little_memory_here(make: Callable[[], bytes], said: str) -> None:
    data = make()
    Path("/proc/self/clear_refs").write_text("5")
    before = own_peak()
    assert said in read(data)
    assert own_peak() - before < LITTLE


def test_a_damaged_parquet_is_refused_or_read_and_breaks_nothing() -> None:
    dice = random.Random(20260301)  # noqa: S311  # where to damage, not a secret
    whole = of_three_persons()
    refused = 0
    for _ in range(DAMAGES):
        data = bytearray(whole)
        for _wrong in range(dice.randint(1, 4)):
            data[dice.randrange(4, len(data))] = dice.randrange(256)
        refused += read(bytes(data)) != "it was read"
    assert 0 < refused < DAMAGES


@pytest.fixture
def a_child_that(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """In place of the one that reads: some lines of Python."""

    def does(what: str) -> None:
        monkeypatch.setattr(parquet_file, "_READER", ("-c", f"import os, time, signal\n{what}"))

    return does


COLUMNS_SAID = json.dumps([[name, "string", "text"] for name in COLUMNS])


@pytest.mark.parametrize("how", ["os.abort()", "os.kill(os.getpid(), signal.SIGSEGV)"])
def test_a_file_by_which_its_reader_ends_is_refused(a_child_that: Callable[[str], None], how: str) -> None:
    a_child_that(f"print({COLUMNS_SAID!r}, flush=True)\n{how}")
    assert TOO_MUCH in read(of_three_persons())


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_reader_that_is_ended_from_outside_says_nothing_about_its_file(
    a_child_that: Callable[[str], None], how: signal.Signals
) -> None:
    a_child_that(f"os.kill(os.getpid(), {how.value})")
    with pytest.raises(NoRoom):
        read(of_three_persons())


def test_a_reader_that_fails_by_our_fault_is_no_fault_of_the_file(a_child_that: Callable[[str], None]) -> None:
    a_child_that("raise SystemExit(1)")
    with pytest.raises(RuntimeError, match="reader of Parquet files failed"):
        read(of_three_persons())


def test_a_file_over_which_its_reader_broods_is_refused(
    a_child_that: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_file, "SILENT_SECONDS", 0.2)
    a_child_that("time.sleep(600)")
    assert TOO_MUCH in read(of_three_persons())


def test_the_reader_knows_no_key_of_ours(a_child_that: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAL_KEYS", "1:secret")
    a_child_that("import json, sys\nsys.stderr.write(json.dumps([' '.join(os.environ), '']))\nsys.exit(65)")
    said = read(of_three_persons())
    assert "ARROW_DEFAULT_MEMORY_POOL" in said
    assert "SEAL_KEYS" not in said


def test_one_file_is_read_at_a_time_and_the_next_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    data = of_three_persons()
    first = Upload([data], Sent("parquet"))
    monkeypatch.setattr(parquet_file, "PATIENCE_SECONDS", 0.1)
    with pytest.raises(NoRoom):
        Upload([data], Sent("parquet"))
    monkeypatch.setattr(parquet_file, "PATIENCE_SECONDS", 60)
    said: list[str] = []
    second = threading.Thread(target=lambda: said.append(read(data)))
    second.start()
    assert [part.rows for part in first.parts()] == [3]
    second.join()
    assert said == ["it was read"]


def test_a_file_that_nobody_reads_to_its_end_leaves_no_reader_behind() -> None:
    data = of_texts(20, 50_000, **PLAIN)  # two parts and more
    others = set(psutil.Process().children())

    def begun() -> Iterator[object]:
        yield Upload([data], Sent("parquet"))
        parts = Upload([data], Sent("parquet")).parts()
        yield next(parts)

    for _each in begun():
        assert set(psutil.Process().children()) - others
        del _each
        gc.collect()
    gc.collect()
    assert not set(psutil.Process().children()) - others
