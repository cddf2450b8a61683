"""Opens one model and says whether it answers: a process of its own, started by ``probing``.

Standard input is a line with the model's id, and then the artifact; standard output a ``ProbeAnswer``.
"""

from __future__ import annotations

import sys
import warnings
from typing import Final

import msgspec

from services.fraud_detection.models.domain.errors import MadeWithAnotherVersion
from services.fraud_detection.models.scoring.artifact import OpenModel, open_checked
from services.fraud_detection.models.scoring.probing import (
    CPU_SECONDS,
    MEMORY_BYTES,
    ProbeAnswer,
    ProbeOpened,
    ProbeOther,
    ProbeRefused,
)
from services.fraud_detection.models.scoring.signature import ArtifactRefused, SignedArtifact
from shared.process.clock import monotonic
from shared.process.confined import confine

TIMES: Final = 101


def main() -> None:
    """Read standard input, within the limits."""
    confine(MEMORY_BYTES, CPU_SECONDS)
    warnings.simplefilter("ignore")  # nobody reads them
    model_id = sys.stdin.buffer.readline().strip().decode()
    sys.stdout.buffer.write(msgspec.json.encode(_said(model_id, sys.stdin.buffer.read())))


def _said(model_id: str, data: bytes) -> ProbeAnswer:
    try:
        opened = open_checked(SignedArtifact(model_id, data, "", b""))
    except ArtifactRefused as error:
        return ProbeRefused(error.reason)
    except MadeWithAnotherVersion as error:
        return ProbeOther(error.library, error.made, error.here)
    return ProbeOpened(_latency_us(opened))


def _latency_us(opened: OpenModel) -> float:
    """Of one claim, the median: a machine that does something else now and then says nothing of the model."""
    vector = [0.0] * len(opened.features)
    took = []
    for _ in range(TIMES):
        begun = monotonic()
        opened.rows.explain([vector])
        took.append(monotonic() - begun)
    return sorted(took)[TIMES // 2] * 1e6


if __name__ == "__main__":
    main()
