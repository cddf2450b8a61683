"""What places of files have in common: folders written so that a file is whole or not there, and stores that are away.

Places are reached through fsspec; what lies in them, and under which names, is the callers'.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any


def write_whole(path: Path, pieces: Iterable[bytes], *, partial: Path, mode: int) -> None:
    """Write ``path`` by way of ``partial``, in the same folder: under its name only once all of it is on the disk.

    A ``partial`` that is there already is what an earlier try left.
    """
    with suppress(FileNotFoundError):
        partial.unlink()
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode), "wb") as file:
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def faults_of(fs: Any) -> tuple[type[Exception], ...]:
    """What says that a place is away; object stores' clients have roots of their own."""
    found: list[type[Exception]] = [OSError]
    if "s3" in (fs.protocol if isinstance(fs.protocol, tuple | list) else (fs.protocol,)):
        botocore = importlib.import_module("botocore.exceptions")
        found += [botocore.BotoCoreError, botocore.ClientError]
    return tuple(found)
