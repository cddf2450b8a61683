"""Objects by their names, in a folder or in a store that speaks S3, reached through fsspec. They come and go sealed."""

from __future__ import annotations

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
from shared.process.places import faults_of, write_whole

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
        self._faults = faults_of(self._fs)

    def put(self, object_id: ObjectId, data: Iterable[bytes], key: bytes) -> None:
        """Seal ``data`` under ``key`` and store it. It is there as a whole, or not at all.

        Raises:
            ObjectStoreAway: it cannot be written.
        """
        sealed = sealed_stream.seal(data, key, object_id)
        with self._reached():
            if self._local:
                path = Path(self._path(object_id))
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                write_whole(path, sealed, partial=path.with_name(path.name + _PARTIAL), mode=0o600)
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
