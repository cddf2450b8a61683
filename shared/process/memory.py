"""What memory this process took, and giving back what it took for a moment."""

from __future__ import annotations

import ctypes
import resource
from contextlib import suppress
from pathlib import Path


def give_back() -> None:
    """Free what the C library keeps for the next time, some milliseconds of work; nothing with another library."""
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def most_mib() -> int:
    """The most that this process itself had in memory so far; what it was forked from is not counted where the system
    tells the two apart.
    """
    with suppress(OSError), Path("/proc/self/status").open(encoding="ascii") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
