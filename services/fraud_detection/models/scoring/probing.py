"""Whether a model opens and answers here, asked where scikit-learn must not be loaded: of a child process.

The key stays with us: the signature is checked before the child sees a byte. What opening means is ``artifact``'s.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Final, TypeAlias

import msgspec

from services.fraud_detection.models.domain.errors import MadeWithAnotherVersion
from services.fraud_detection.models.scoring.confined_answer import ChildAsked
from services.fraud_detection.models.scoring.signature import ArtifactRefused, SignedArtifact, Signer

MEMORY_BYTES: Final = 384 * 1024**2
"""Of data. One of 0.6 MB takes 179 MB of it, nearly all for the libraries themselves."""
CPU_SECONDS: Final = 20
"""Opening takes 1 s."""
_OF_ONE: Final = ChildAsked(
    # By its name: whoever imported it would load scikit-learn.
    command=("-m", "services.fraud_detection.models.scoring.probe_child"),
    silent_seconds=30.0,
    failed="model_probe_failed",
    silent="it did not open in time",
    stopped="the process that opened it was stopped; try again",
    library="the library that reads it failed",
    too_much="opening it takes more memory or time than a model may",
    # Its memory is counted once.
    place=threading.Lock(),
)


class ProbeOpened(msgspec.Struct, tag="opened", frozen=True):
    """It opens and answers as it did when it was trained; microseconds for one claim with its reasons."""

    latency_us: float


class ProbeRefused(msgspec.Struct, tag="refused", frozen=True):
    """As ArtifactRefused."""

    reason: str


class ProbeOther(msgspec.Struct, tag="other", frozen=True):
    """As MadeWithAnotherVersion."""

    library: str
    made: str
    here: str


ProbeAnswer: TypeAlias = ProbeOpened | ProbeRefused | ProbeOther


def probe(artifact: SignedArtifact, signer: Signer) -> float:
    """Microseconds for one claim with its reasons, if the artifact is ours, opens, and answers; takes about 2 s.

    Raises:
        ArtifactRefused: it is not, or does not.
        MadeWithAnotherVersion: the libraries here do not open it.
    """
    signer.check(artifact)
    match _asked(artifact):
        case ProbeOpened(latency_us):
            return latency_us
        case ProbeRefused(reason):
            raise ArtifactRefused(artifact.model_id, reason)
        case ProbeOther(library, made, here):
            raise MadeWithAnotherVersion(artifact.model_id, library, made, here)


def _asked(artifact: SignedArtifact) -> ProbeAnswer:
    return _OF_ONE.answer(
        _told(artifact), read=lambda said: msgspec.json.decode(said, type=ProbeAnswer), without=ProbeRefused
    )


def _told(artifact: SignedArtifact) -> Iterator[bytes]:
    yield artifact.model_id.encode() + b"\n"
    yield artifact.data
