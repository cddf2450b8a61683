"""Opens one model and says whether it answers: a process of its own, started by ``probing``.

Standard input is a line with the model's id, and then the artifact; standard output a ``ProbeAnswer``.
"""

from __future__ import annotations

import sys
import warnings

import msgspec

from services.fraud_detection.models.domain.errors import MadeWithAnotherVersion
from services.fraud_detection.models.scoring.artifact import open_checked
from services.fraud_detection.models.scoring.probing import (
    CPU_SECONDS,
    MEMORY_BYTES,
    ProbeAnswer,
    ProbeOpened,
    ProbeOther,
    ProbeRefused,
)
from services.fraud_detection.models.scoring.signature import ArtifactRefused, SignedArtifact
from shared.process.confined import confine


def main() -> None:
    """Read standard input, within the limits."""
    confine(MEMORY_BYTES, CPU_SECONDS)
    warnings.simplefilter("ignore")  # nobody reads them
    model_id = sys.stdin.buffer.readline().strip().decode()
    sys.stdout.buffer.write(msgspec.json.encode(_said(model_id, sys.stdin.buffer.read())))


def _said(model_id: str, data: bytes) -> ProbeAnswer:
    try:
        open_checked(SignedArtifact(model_id, data, "", b""))
    except ArtifactRefused as error:
        return ProbeRefused(error.reason)
    except MadeWithAnotherVersion as error:
        return ProbeOther(error.library, error.made, error.here)
    return ProbeOpened()


if __name__ == "__main__":
    main()
