"""Run by test_memory in a process of its own: threads at work on files, which may take so much memory together."""

from __future__ import annotations

import json
import os
import random
import resource
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.enrollment.files.intake.lines import PART_BYTES
from services.enrollment.files.intake.upload import Sent, Upload
from services.enrollment.files.usecases.prepare_part import prepare
from services.enrollment.files.usecases.sealed_parts import seal_part
from shared.privacy.keys import KeyRing
from shared.privacy.sealed import DataKey
from shared.privacy.tokens import Tokenizer
from shared.process.memory import give_back
from shared.values.ids import BatchId
from tests.rules.enrollment.builders import desk
from tests.rules.enrollment.files.file_formats import ROW, as_csv, as_ndjson, as_parquet, pieces
from tests.services.enrollment.builders import csv, row


def taking_in(form: str, letters: str) -> Callable[[], None]:
    """A file of rows of nearly 4 kB, from its bytes to sealed parts."""
    dice = random.Random(1)  # noqa: S311  # names that do not shrink, not a secret

    def name() -> str:
        if letters == "ascii":
            return dice.randbytes(1800).hex()
        return "".join(chr(0x4E00 + dice.randrange(5000)) for _ in range(1100))

    rows = [{**ROW, "partner_reference": f"sub-{number}", "name": name()} for number in range(5000)]
    data = {
        "csv": lambda: as_csv(*rows).encode(),
        "gb18030": lambda: as_csv(*rows).encode("gb18030"),
        "ndjson": lambda: as_ndjson(*rows),
        "parquet": lambda: as_parquet(*rows),
    }[form]()
    sent = {"csv": Sent("csv"), "gb18030": Sent("csv"), "ndjson": Sent("ndjson"), "parquet": Sent("parquet")}[form]
    key = DataKey(1, AESGCM(bytes(32)))

    def work() -> None:
        for part in Upload(pieces(data, 262_144), sent).parts():
            seal_part(key, BatchId("b"), part.number, part.data)

    return work


def preparing(odd: str) -> Callable[[], None]:
    """Parts of a file of odd rows, judged one after the other."""
    header, *lines = csv([row(number) for number in range(20_000)]).decode().splitlines()
    change: Callable[[str], str] = {
        "usual": lambda line: line,
        "long": lambda line: line.replace("张小明", "x" * 3600),
        "nameless": lambda line: line.replace("张小明", ""),
        "quoted": lambda line: line.replace("张小明", '"张小明"'),
        "commas": lambda _line: "," * 200,
    }[odd]
    part = "\n".join(map(change, lines)).encode()[:PART_BYTES]
    judge, tokenizer = desk(sandbox=True), Tokenizer(KeyRing({1: bytes(range(32))}))

    def work() -> None:
        for _ in range(3):
            prepare(part, header, 2, judge, tokenizer)

    return work


def _now(what: str) -> int:
    return int(Path("/proc/self/status").read_text().partition(f"{what}:")[2].split()[0]) * 1024


def main() -> None:
    """Arguments: how many bytes beside what the process has by then, how many threads, and the work."""
    most, at_once, kind, *about = sys.argv[1:]
    work = taking_in(*about) if kind == "taking-in" else preparing(*about)
    give_back()
    before, limit = _now("RssAnon"), _now("VmData") + int(most)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    failed = []

    def guarded() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  # told by the parent
            failed.append(repr(error))

    threading.stack_size(256 * 1024)
    threads = [threading.Thread(target=guarded) for _ in range(int(at_once))]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    give_back()
    sys.stdout.write(json.dumps({"failed": failed, "kept": _now("RssAnon") - before}))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
