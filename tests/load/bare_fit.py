"""The bare limit of ``make bench-training``: scikit-learn's ``fit`` on a matrix that is there, and nothing else."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from services.fraud_detection.models.scoring.training import _boosting
from services.fraud_detection.models.scoring.training_process import NICENESS
from shared.process.memory import most_mib


def main(folder: Path) -> None:
    """Prints seconds of the fit, and the most memory that the process took."""
    os.nice(NICENESS)
    vectors, dishonest = np.load(folder / "vectors.npy"), np.load(folder / "dishonest.npy")
    began = time.monotonic()
    with threadpool_limits(1):
        _boosting().fit(vectors, dishonest)
    seconds = time.monotonic() - began
    print(json.dumps({"seconds": seconds, "peak_mib": most_mib()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
