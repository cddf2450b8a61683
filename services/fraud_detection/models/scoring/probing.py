"""Whether a model opens and answers here, asked where scikit-learn must not be loaded: of a child process.

The key stays with us: the signature is checked before the child sees a byte. What opening means is ``artifact``'s.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Final, TypeAlias, assert_never

import msgspec

from services.fraud_detection.models.domain.errors import MadeWithAnotherVersion
from services.fraud_detection.models.scoring.signature import ArtifactRefused, SignedArtifact, Signer
from shared.process.confined import ConfinedChild, End, Silent
from shared.process.logs import get_logger

MEMORY_BYTES: Final = 384 * 1024**2
"""Of data. One of 0.6 MB takes 179 MB of it, nearly all for the libraries themselves."""
CPU_SECONDS: Final = 20
"""Opening takes 1 s."""
SILENT_SECONDS: Final = 30.0
_CHILD: Final = ("-m", "services.fraud_detection.models.scoring.probe_child")
"""By its name: whoever imported it would load scikit-learn."""

log = get_logger()
_place: Final = threading.Lock()
"""One at a time in a process: its memory is counted once."""


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
    with _place, ConfinedChild(_CHILD) as child:
        child.tell(_told(artifact))
        try:
            answer = b"".join(child.pieces(SILENT_SECONDS))
        except Silent:
            return ProbeRefused("it did not open in time")
        return _by_its_end(*child.ended(), answer)


def _told(artifact: SignedArtifact) -> Iterator[bytes]:
    yield artifact.model_id.encode() + b"\n"
    yield artifact.data


def _by_its_end(end: End, said: bytes, answer: bytes) -> ProbeAnswer:
    match end:
        case End.WELL:
            return msgspec.json.decode(answer, type=ProbeAnswer)
        case End.STOPPED:
            return ProbeRefused("the process that opened it was stopped; try again")
        case End.FAILED:
            error = said.strip().rpartition(b"\n")[2].partition(b":")[0][:80].decode(errors="replace")
            log.error("model_probe_failed", error=error)
            return ProbeRefused(f"the library that reads it failed ({error})")
        case End.BROKEN | End.REFUSED:
            return ProbeRefused("opening it takes more memory or time than a model may")
        case _:
            assert_never(end)
