"""Objects by their names, in a folder or in a store that speaks S3, reached through fsspec. They come and go sealed."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import fsspec
from fsspec.implementations.local import LocalFileSystem

from services.fraud_detection.evidence.domain.errors import ObjectStoreAway
from services.fraud_detection.evidence.domain.files import ObjectId
from services.fraud_detection.evidence.objects import sealed_stream
from shared.process.logs import get_logger

log = get_logger()

_READ: Final = 262_144
_PARTIAL: Final = ".partial"


class ObjectStore:
    """One folder or prefix. ``options`` are fsspec's for the URL's protocol."""

    def __init__(self, url: str, **options: Any) -> None:
        local = url.startswith("file:")
        own = {} if local else {"skip_instance_cache": True, "use_listings_cache": False}
        self._fs, self._root = fsspec.core.url_to_fs(url.rstrip("/"), **own, **options)
        self._local = isinstance(self._fs, LocalFileSystem)
        self._faults = _faults(self._fs)

    def put(self, object_id: ObjectId, data: Iterable[bytes], key: bytes) -> None:
        """Seal ``data`` under ``key`` and store it. It is there as a whole, or not at all.

        Raises:
            ObjectStoreAway: it cannot be written.
        """
        sealed = sealed_stream.seal(data, key, object_id)
        with self._reached():
            if self._local:
                _write(Path(self._path(object_id)), sealed)
                return
            file = self._fs.open(self._path(object_id), "wb")
            try:
                for piece in sealed:
                    file.write(piece)
            except BaseException:
                file.discard()
                file.closed = True  # else it would try to write what it has, once nobody knows it any more
                raise
            file.close()

    def get(self, object_id: ObjectId, key: bytes) -> Iterator[bytes]:
        """What was put, piece by piece.

        Raises:
            ObjectStoreAway: it cannot be read, or is not there.
            ObjectBroken: it is not what was put.
        """
        with self._reached(), self._fs.open(self._path(object_id), "rb") as file:
            yield from sealed_stream.unseal(iter(lambda: file.read(_READ), b""), key, object_id)

    def drop(self, object_id: ObjectId) -> None:
        """Remove it, and what was left of a try to put it. One that is not there is fine.

        Raises:
            ObjectStoreAway: it cannot be removed.
        """
        path = self._path(object_id)
        with self._reached():
            for each in (path, path + _PARTIAL) if self._local else (path,):
                with suppress(FileNotFoundError):
                    self._fs.rm_file(each)

    def _path(self, object_id: ObjectId) -> str:
        # Ids are made in the order of time: by their last digits a folder holds a 256th of all.
        return f"{self._root}/{object_id[-2:]}/{object_id}"

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except self._faults as error:
            log.warning("object_store_away", error=type(error).__name__)
            raise ObjectStoreAway from error


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    """Under its name only once all of it is on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_name(path.name + _PARTIAL)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
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


def _faults(fs: Any) -> tuple[type[Exception], ...]:
    """What says that a store is away; S3's clients have roots of their own."""
    found: list[type[Exception]] = [OSError]
    if "s3" in (fs.protocol if isinstance(fs.protocol, tuple | list) else (fs.protocol,)):
        botocore = importlib.import_module("botocore.exceptions")
        found += [botocore.BotoCoreError, botocore.ClientError]
    return tuple(found)
