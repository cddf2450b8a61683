"""``python -m services.fraud_detection.models.scoring.training_child``: makes one model and ends.

Past claims come on standard input, words go to standard output, each as a length and MessagePack. It has no key and no
database; its memory is the system's again when it ends, and whoever wants no model kills it. Starting it and listening
is training_process's.
"""

from __future__ import annotations

import os
import resource
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import msgspec

from services.fraud_detection.models.domain.training import LabelledLine, Phase
from services.fraud_detection.models.scoring.training_words import Made, OutOfMemory, TrainingProgress, Unusable, Word
from shared.process import memory

if TYPE_CHECKING:
    from services.fraud_detection.models.scoring.training import Report, Trained

LENGTH: Final = 4
TELL_SECONDS: Final = 1.0
MEBIBYTE: Final = 1024**2


class TrainingTerms(msgspec.Struct, frozen=True):
    """What a child is told first: how many past claims come, and what it may take."""

    rows: int
    memory_mib: int
    threads: int
    niceness: int


class Watch:
    """Where a training is, for whoever asks from another thread."""

    def __init__(self, hear: Callable[[TrainingProgress], None] = lambda _: None) -> None:
        """``hear`` is told of each phase when it begins."""
        self._at: tuple[Phase, Callable[[], float]] = ("reading", lambda: 0.0)
        self._hear = hear

    def begin(self, phase: Phase, share: Callable[[], float]) -> None:
        self._at = phase, share
        self._hear(self.progress())

    def progress(self) -> TrainingProgress:
        phase, share = self._at
        return TrainingProgress(phase, min(1.0, share()))


def make_model(
    rows: int, pages: Iterator[list[LabelledLine]], *, threads: int = 1, watch: Watch | None = None
) -> Made | Unusable:
    """Read ``rows`` past claims and train on them."""
    # Here, for whoever starts a child imports this too, and scikit-learn takes 150 MB.
    from services.fraud_detection.models.scoring.reading import Columns  # noqa: PLC0415
    from services.fraud_detection.models.scoring.training import NotTrainable, train  # noqa: PLC0415

    watch = watch or Watch()
    columns = Columns(rows)
    watch.begin("reading", lambda: columns.filled / rows)
    for page in pages:
        columns.add(page)
    try:
        return _made(*train(columns.rows(), threads=threads, begin=watch.begin))
    except NotTrainable as error:
        return Unusable(error.reason)


def _made(trained: Trained, report: Report) -> Made:
    from services.fraud_detection.models.scoring.artifact import pack  # noqa: PLC0415  as above

    metrics = report.evaluation.metrics
    return Made(
        artifact=pack(trained),
        report=msgspec.json.encode(report).decode(),
        auc=metrics.auc,
        average_precision=metrics.average_precision,
        peak_mib=memory.most_mib(),
    )


class _Mouth:
    """Says one word at a time; ends the process when nobody listens any more."""

    def __init__(self, output: IO[bytes]) -> None:
        self._output = output
        self._lock = threading.Lock()

    def say(self, word: Word) -> None:
        data = msgspec.msgpack.encode(word)
        with self._lock:
            try:
                self._output.write(len(data).to_bytes(LENGTH) + data)
                self._output.flush()
            except BrokenPipeError:
                os._exit(1)

    def keep_telling(self, watch: Watch) -> None:
        def tell() -> None:
            while not over.wait(TELL_SECONDS):
                self.say(watch.progress())

        over = threading.Event()
        threading.Thread(target=tell, name="progress", daemon=True).start()


def _read(source: IO[bytes]) -> bytes:
    """The next piece; nothing after the last one."""
    length = int.from_bytes(source.read(LENGTH))
    data = source.read(length)
    if not length or len(data) < length:
        return b""
    return data


def _pages(source: IO[bytes]) -> Iterator[list[LabelledLine]]:
    decoder = msgspec.msgpack.Decoder(list[LabelledLine])
    while data := _read(source):
        yield decoder.decode(data)


def _stand_back(terms: TrainingTerms) -> None:
    """Whoever decides claims on this machine goes first; and where memory runs out, this process and no other goes."""
    os.nice(terms.niceness)
    with suppress(OSError):  # another system than Linux
        Path("/proc/self/oom_score_adj").write_text("1000")
    most = terms.memory_mib * MEBIBYTE
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def main() -> None:
    """Until the last word is said."""
    # What a library prints goes where errors go.
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    terms = msgspec.msgpack.decode(_read(sys.stdin.buffer), type=TrainingTerms)
    _stand_back(terms)
    mouth = _Mouth(output)
    watch = Watch(mouth.say)
    mouth.keep_telling(watch)
    try:
        last: Word = make_model(terms.rows, _pages(sys.stdin.buffer), threads=terms.threads, watch=watch)
    except MemoryError:
        last = OutOfMemory(terms.memory_mib)
    mouth.say(last)
    # Threads of libraries may still wait for work; nobody waits for them.
    os._exit(0)


if __name__ == "__main__":
    main()
