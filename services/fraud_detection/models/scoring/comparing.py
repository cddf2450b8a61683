"""Whether one model tells cheats from victims no worse than another on the same past claims, asked of a child process.

What is compared, and within which margin, is the gate's.
"""

from __future__ import annotations

import threading
from array import array
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

import msgspec

from services.fraud_detection.models.scoring.confined_answer import ChildAsked
from services.fraud_detection.models.scoring.signature import SignedArtifact, Signer

MEMORY_BYTES: Final = 384 * 1024**2
CPU_SECONDS: Final = 60
MOST_ROWS: Final = 5_000
"""Their vectors are made by a web process: 50 us each."""
_OF_TWO: Final = ChildAsked(
    # By its name: whoever imported it would load scikit-learn.
    command=("-m", "services.fraud_detection.models.scoring.comparison_child"),
    silent_seconds=60.0,
    failed="model_comparison_failed",
    silent="comparing took too long",
    stopped="the process that compared was stopped; propose again",
    library="the library that compares failed",
    too_much="comparing takes more memory or time than it may",
    place=threading.Lock(),
)


class ComparisonHead(msgspec.Struct, frozen=True):
    """What the child is told first, as a line; then follow both artifacts, vectors as doubles, and a byte a label."""

    rows: int
    features: int
    challenger: int
    """Bytes of the artifact."""
    champion: int


class Compared(msgspec.Struct, tag="compared", frozen=True):
    """AUC of both on the rows, and the 95 % interval of the difference (challenger less champion) by bootstrap."""

    challenger: float
    champion: float
    low: float
    high: float


class NotCompared(msgspec.Struct, tag="not_compared", frozen=True):
    """Why there is no figure."""

    reason: str
    champion_opens: bool = True


Comparison: TypeAlias = Compared | NotCompared


def compare(
    challenger: SignedArtifact,
    champion: SignedArtifact,
    signer: Signer,
    vectors: Sequence[Sequence[float]],
    dishonest: Sequence[bool],
) -> Comparison:
    """Both models on the same rows.

    Raises:
        ArtifactRefused: one of them is not ours.
    """
    for each in (challenger, champion):
        signer.check(each)
    head = ComparisonHead(len(vectors), len(vectors[0]), len(challenger.data), len(champion.data))
    told = _told(head, challenger, champion, vectors, dishonest)
    return _OF_TWO.answer(told, read=lambda said: msgspec.json.decode(said, type=Comparison), without=NotCompared)


def _told(
    head: ComparisonHead,
    challenger: SignedArtifact,
    champion: SignedArtifact,
    vectors: Sequence[Sequence[float]],
    dishonest: Sequence[bool],
) -> Iterator[bytes]:
    yield msgspec.json.encode(head) + b"\n"
    yield challenger.data
    yield champion.data
    yield array("d", [value for vector in vectors for value in vector]).tobytes()
    yield bytes(dishonest)
