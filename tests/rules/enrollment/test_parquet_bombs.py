"""Parquet files that do harm where they are read: enormous ones are refused in little memory, damaged ones end nothing.

Each is read in a process of its own, for what it may do to one no test could catch.
"""

from __future__ import annotations

import io
import multiprocessing
import random
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.enrollment.files.domain.errors import UnreadableFile
from services.enrollment.files.intake.lines import LONGEST_LINE
from services.enrollment.files.intake.upload import Sent, Upload
from services.enrollment.policies.domain.rows import COLUMNS

MOST_MEMORY = 500 * 1024**2
PLAIN: dict[str, Any] = {"use_dictionary": False, "write_statistics": False, "compression": "zstd"}
DELTA: dict[str, Any] = {"use_dictionary": False, "compression": "none"}
FOOTER_END = 8
"""Bytes after the footer: its length and a magic word."""
DAMAGES = 300

Asked = TypeVar("Asked")
Told = TypeVar("Told")


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


def apart(work: Callable[[Asked], Told], asked: Asked) -> Told:
    """What ``work`` says in a process of its own; BrokenProcessPool where that ends by a signal."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, asked).result()


def of_three_persons() -> bytes:
    return written({name: pa.array(["x", "y", "z"]) for name in COLUMNS}, compression="none")


def with_a_footer_changed(data: bytes, old: bytes, new: bytes) -> bytes:
    """``data`` with the first ``old`` in its footer replaced by ``new``."""
    length = int.from_bytes(data[-FOOTER_END:-4], "little")
    start = len(data) - FOOTER_END - length
    assert old in data[start:]
    footer = data[start:-FOOTER_END].replace(old, new, 1)
    return data[:start] + footer + len(footer).to_bytes(4, "little") + data[-4:]


def read_damaged(seed: int) -> int:
    """How many of some files with a few wrong bytes were refused; all others were read."""
    dice = random.Random(seed)  # noqa: S311  # where to damage, not a secret
    whole = of_three_persons()
    refused = 0
    for _ in range(DAMAGES):
        data = bytearray(whole)
        for _wrong in range(dice.randint(1, 4)):
            data[dice.randrange(4, len(data))] = dice.randrange(256)
        try:
            for _part in Upload([bytes(data)], Sent("parquet")).parts():
                pass
        except UnreadableFile:
            refused += 1
    return refused


BOMBS: list[tuple[str, Callable[[], bytes], str]] = [
    ("rows of ten long texts each", lambda: dictionaries(4000, 20_000, compression="zstd"), "row 1 has more than"),
    ("a long entry", lambda: dictionaries(1_000_000, 100_000, 1), f"text of more than {LONGEST_LINE} bytes"),
    ("many entries", of_many_entries, "Its dictionaries have more than 16 MiB"),
    ("pages of one long text", of_pages_of_one_long_text, f"text of more than {LONGEST_LINE} bytes"),
    ("a giant page", of_one_giant_page, f"text of more than {LONGEST_LINE} bytes"),
    ("a giant page of an odd kind", of_a_giant_page_of_an_odd_kind, f"Its column {COLUMNS[-1]} is damaged"),
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
    sentence, peak = apart(read, make())
    assert said in sentence
    assert peak < MOST_MEMORY


def test_size_statistics_that_do_not_fit_their_column_do_not_end_the_process() -> None:
    # Of two levels with none and all three values, the first is taken out.
    data = with_a_footer_changed(of_three_persons(), bytes.fromhex("260006"), bytes.fromhex("1606"))
    sentence, _peak = apart(read, data)
    assert "damaged" in sentence


@pytest.mark.parametrize(
    ("old", "new"),
    [("150c1935", "150c1936"), ("150c", "150c05020c")],
    ids=["a list of other elements than it has", "a field that comes twice"],
)
def test_a_footer_that_may_be_read_in_two_ways_is_refused(old: str, new: str) -> None:
    data = with_a_footer_changed(of_three_persons(), bytes.fromhex(old), bytes.fromhex(new))
    sentence, _peak = apart(read, data)
    assert "Its footer is damaged" in sentence


@pytest.mark.parametrize("seed", [20260301])
def test_a_damaged_parquet_is_refused_or_read_and_breaks_nothing(seed: int) -> None:
    assert 0 < apart(read_damaged, seed) < DAMAGES
