"""Places where partners leave files: a folder or a prefix of an object store, reached through fsspec.

What a file may be called, when it is whole, and how something is written beside it. Taking it in is the use case's.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import fsspec
import msgspec
from fsspec.implementations.local import LocalFileSystem

from services.enrollment.files.domain.file_columns import BatchKind
from services.enrollment.files.intake.upload import Format, Sent
from shared.process.logs import get_logger
from shared.process.places import faults_of, write_whole
from shared.values.clear_text import TextKind, is_personal
from shared.values.errors import FangzhaError

log = get_logger()

QUIET: Final = timedelta(seconds=60)
"""A file without a marker is whole once it was left alone for so long: an SFTP transfer that stalls gives up sooner."""
RECEIPT: Final = ".receipt.json"
RESULTS: Final = ".results.csv"
SIGNATURE: Final = ".sig"
HASH: Final = ".sha256"
DONE: Final = ".done"

_PIECE: Final = 1024**2
_LONGEST_COMPANION: Final = 4096
_PARTIAL: Final = ".partial"
_LONGEST_NAME: Final = 255 - len(f".{RECEIPT}{_PARTIAL}")
"""Bytes. A folder takes 255, and while a receipt is written a name has these around it."""
_NAME: Final = re.compile(r"(?!\.)[^/]+\.(?P<format>csv|ndjson|parquet)(?:\.(?P<packed>gz|zst))?")
_FORMATS: Final[dict[str, Format]] = {"csv": "csv", "ndjson": "ndjson", "parquet": "parquet"}
_PACKED: Final = {"gz": "gzip", "zst": "zstd", None: None}
_SHA256: Final = re.compile(rb"\s*([0-9A-Fa-f]{64})(?:\s|$)")


@dataclass(frozen=True)
class PlaceAway(FangzhaError):
    """The place {url} cannot be reached or read now ({reason}); it is asked again."""

    url: str
    reason: str


@dataclass(frozen=True)
class FileChanged(FangzhaError):
    """The file {name} changed while it was read; it is taken once it is left alone."""

    name: str


class Pickup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where one partner leaves files of one kind about one product, as the operator's file has it.

    ``options`` are fsspec's for the URL's protocol; ``secrets`` names, for each option that is a secret, the variable
    of the environment that holds it.
    """

    partner_id: str
    product_code: str
    url: str
    kind: BatchKind = "enrollment"
    dry_run: bool = False
    options: dict[str, Any] = msgspec.field(default_factory=dict)
    secrets: dict[str, str] = msgspec.field(default_factory=dict)


def pickups(file: Path) -> list[Pickup]:
    """The places in the operator's file.

    Raises:
        msgspec.DecodeError: it is not a list of places.
        ValueError: a URL holds a password, or one place stands there twice.
    """
    places = msgspec.json.decode(file.read_bytes(), type=list[Pickup])
    if any(urlsplit(each.url).password for each in places):
        raise ValueError("a URL of a pickup place holds a password; name its variable in `secrets`")
    if len({each.url.rstrip("/") for each in places}) != len(places):
        raise ValueError("a pickup place stands there twice; each is one partner's, for one product and kind")
    return places


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that may be taken in."""

    name: str
    etag: str
    """Of the file together with its hash and signature, and of when it was left: where one of those is mended, or the
    same file is put there again, it is another one to look at."""
    content: str
    """Of the file alone."""
    sent: Sent
    sha256: str | None = field(default=None)
    """What its companion says its hash is; ``""`` where that is unreadable."""


class Place:
    """One folder or prefix, without what lies in folders below it."""

    def __init__(self, pickup: Pickup, environ: Mapping[str, str]) -> None:
        secrets = {option: environ[variable] for option, variable in pickup.secrets.items()}
        options = {**pickup.options, **secrets, "skip_instance_cache": True, "use_listings_cache": False}
        self.pickup = pickup
        self.url = pickup.url.rstrip("/")
        self._fs, self._root = fsspec.core.url_to_fs(self.url, **options)
        self._local = isinstance(self._fs, LocalFileSystem)
        self._faults = faults_of(self._fs)

    def files(self, now: datetime) -> list[FoundFile]:
        """What is whole, by name. ``now`` is real time.

        Raises:
            PlaceAway: it cannot be listed.
        """
        with self._reached():
            listed = {
                str(each["name"]).rpartition("/")[2]: each
                for each in self._fs.ls(self._root, detail=True)
                if each["type"] == "file" and not each.get("islink")
            }
            whole = [each for each in _candidates(listed) if _whole(each[0], listed, now)]
            return [self._found(name, match, listed) for name, match in whole]

    def read(self, found: FoundFile) -> Iterator[bytes]:
        """The file's bytes.

        Raises:
            FileChanged: it is no longer what was found.
            PlaceAway: it cannot be read.
        """
        with self._reached(), self._opened(found.name) as file:
            while piece := file.read(_PIECE):
                yield piece
            if _etag(self._fs.info(self._path(found.name))) != found.content:
                raise FileChanged(found.name)

    def companion(self, name: str) -> bytes | None:
        """The first bytes of a small file beside; None where there is none."""
        with self._reached():
            try:
                with self._opened(name) as file:
                    content: bytes = file.read(_LONGEST_COMPANION)
                    return content
            except FileNotFoundError:
                return None

    def write(self, name: str, pieces: Iterable[bytes]) -> None:
        """Put a file there whole, in place of one of that name: whoever looks sees all of it, or none of it.

        Raises:
            PlaceAway: it cannot be written.
        """
        with self._reached():
            if self._local:
                path = Path(self._path(name))
                write_whole(path, pieces, partial=path.with_name(f".{path.name}{_PARTIAL}"), mode=0o640)
                return
            file = self._fs.open(self._path(name), "wb")
            try:
                for piece in pieces:
                    file.write(piece)
            except BaseException:
                file.discard()
                raise
            file.close()

    def _found(self, name: str, match: re.Match[str], listed: Mapping[str, Any]) -> FoundFile:
        sent = Sent(_FORMATS[match["format"]], _PACKED[match["packed"]])
        said = self.companion(name + HASH) if name + HASH in listed else None
        hashed = None if said is None else _SHA256.match(said)
        sha256 = hashed[1].decode().lower() if hashed else "" if said is not None else None
        content = _etag(listed[name])
        beside = (_etag(listed[name + ending]) for ending in (HASH, SIGNATURE) if name + ending in listed)
        # A store's ETag is the same again where the same content is put there again.
        left = _modified(listed[name]).astimezone(UTC).isoformat()
        return FoundFile(name, " ".join((content, left, *beside)), content, sent, sha256)

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    @contextmanager
    def _opened(self, name: str) -> Iterator[Any]:
        path = self._path(name)
        # Who may write into the folder must not have us read through a link what only we may read.
        file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") if self._local else self._fs.open(path, "rb")
        with file:
            yield file

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except self._faults as error:
            raise PlaceAway(self.url, type(error).__name__) from error


def _candidates(listed: Iterable[str]) -> Iterator[tuple[str, re.Match[str]]]:
    for name in sorted(listed):
        match = _NAME.fullmatch(name)
        if match is None or name.endswith(RESULTS):
            continue
        if not _is_text(name):
            log.warning("pickup_name_unreadable", name=name.encode(errors="backslashreplace").decode())
        elif len(name.encode()) > _LONGEST_NAME:
            log.warning("pickup_name_too_long", file=name, most_bytes=_LONGEST_NAME)
        elif is_personal(TextKind.FILE_NAME, name):
            log.warning("pickup_name_is_personal")  # and so it is not told
        else:
            yield name, match


def _is_text(name: str) -> bool:
    """Whether a name's bytes are UTF-8; others have no place in a database or a receipt."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _whole(name: str, listed: Mapping[str, Any], now: datetime) -> bool:
    written = _modified(listed[name])
    # A marker that is older than the file was left for the one that bore its name before.
    marked = any(name + mark in listed and _modified(listed[name + mark]) >= written for mark in (DONE, HASH))
    return marked or written <= now - QUIET


def _modified(info: Mapping[str, Any]) -> datetime:
    moment = info.get("LastModified") or info.get("mtime") or info.get("last_modified")
    if isinstance(moment, datetime):
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if isinstance(moment, int | float):
        return datetime.fromtimestamp(moment, UTC)
    # A place that tells no time needs markers: each is then as young as the file.
    return datetime.max.replace(tzinfo=UTC)


def _etag(info: Mapping[str, Any]) -> str:
    given = info.get("ETag")
    return str(given).strip('"') if given else f"{info['size']}-{info.get('mtime')}-{info.get('ino')}"
