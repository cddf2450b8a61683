"""How long to wait before the next try."""

from __future__ import annotations

import random
from typing import Final

FIRST_SECONDS: Final = 0.1
"""A restarted connection or a deadlock is over sooner than that."""
LONGEST_SECONDS: Final = 5.0
"""So that work goes on within some seconds of the database or the broker being back."""


def delay(failures: int) -> float:
    """Seconds to wait after that many failures in a row: doubling, up to the longest, spread by a fifth either way.

    The spread keeps processes that failed together from coming back together.
    """
    doubled = FIRST_SECONDS * float(2 ** min(failures - 1, 10))
    return min(LONGEST_SECONDS, doubled) * random.uniform(0.8, 1.2)  # noqa: S311  # no secret
