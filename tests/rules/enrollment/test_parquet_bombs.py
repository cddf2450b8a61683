"""Parquet files that are small where they lie and enormous where they are read: refused, and in little memory."""

from __future__ import annotations

import io
import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.enrollment.domain.errors import UnreadableFile
from services.enrollment.domain.rows import COLUMNS
from services.enrollment.intake.lines import LONGEST_LINE
from services.enrollment.intake.upload import Sent, Upload

MOST_MEMORY = 500 * 1024**2
PLAIN: dict[str, Any] = {"use_dictionary": False, "write_statistics": False, "compression": "zstd"}
DELTA: dict[str, Any] = {"use_dictionary": False, "compression": "none"}


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


def read(data: bytes) -> tuple[str, int]:
    """What is said of a file that is refused, and how much memory reading it took at the most."""
    # A child begins with the peak of its parent, so it has one of its own from here on.
    Path("/proc/self/clear_refs").write_text("5")
    said = "it was read"
    try:
        for _part in Upload([data], Sent("parquet")).parts():
            pass
    except UnreadableFile as error:
        said = error.sentence()
    status = Path("/proc/self/status").read_text().splitlines()
    peak_kb = next(line.split()[1] for line in status if line.startswith("VmHWM:"))
    return said, int(peak_kb) * 1024


def read_apart(make: Callable[[], bytes]) -> tuple[str, int]:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(read, (make(),))


BOMBS: list[tuple[str, Callable[[], bytes], str]] = [
    ("rows of ten long texts each", lambda: dictionaries(4000, 20_000, compression="zstd"), "row 1 has more than"),
    ("a long entry", lambda: dictionaries(1_000_000, 100_000, 1), f"text of more than {LONGEST_LINE} bytes"),
    ("many entries", of_many_entries, "Its dictionaries have more than 16 MiB"),
    ("pages of one long text", of_pages_of_one_long_text, f"text of more than {LONGEST_LINE} bytes"),
    ("a giant page", of_one_giant_page, f"text of more than {LONGEST_LINE} bytes"),
    ("rows as long as they may be", lambda: of_texts(350, 200_000, **PLAIN), "more than 100 times its size"),
    ("large pages", lambda: of_texts(400, 100_000, **PLAIN, data_page_size=1024**3, write_batch_size=100_000), "pages"),
    (
        "equal beginnings",
        lambda: of_texts(4000, 20_000, **DELTA, column_encoding=dict.fromkeys(COLUMNS, "DELTA_BYTE_ARRAY")),
        "without delta encodings",
    ),
]


@pytest.mark.parametrize(("make", "said"), [each[1:] for each in BOMBS], ids=[each[0] for each in BOMBS])
def test_a_parquet_bomb_takes_less_memory_than_a_process_may(make: Callable[[], bytes], said: str) -> None:
    sentence, peak = read_apart(make)
    assert said in sentence
    assert peak < MOST_MEMORY
