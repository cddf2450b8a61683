"""What a view gets and gives: one call with its caller, time and transaction; one reply. Views parse and render."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Generic, Self, TypeVar

from shared.db.pool import Database
from shared.db.transaction import AskedBy, Tx
from shared.web.auth.tokens import Principal
from shared.web.errors import MatchMissing, VersionMismatch
from shared.web.models import ReplyModel, RequestModel
from shared.web.uploads import Upload

D = TypeVar("D")
R = TypeVar("R", bound=ReplyModel)
B = TypeVar("B", bound=RequestModel)


class OneTransaction:
    """The transaction of one request: begun when first asked for, so a request that needs none takes no connection."""

    __slots__ = ("_afterwards", "_asked_by", "_database", "_opened", "_tx")

    def __init__(self, database: Database, caller: Principal) -> None:
        self._database = database
        self._asked_by = AskedBy(client=caller.client_id, tenant=caller.tenant)
        self._opened: AbstractContextManager[Tx] | None = None
        self._tx: Tx | None = None
        self._afterwards: list[Callable[[], None]] = []

    def after_commit(self, work: Callable[[], None]) -> None:
        """Do ``work`` once it is sure that the transaction had its effect."""
        self._afterwards.append(work)

    @property
    def tx(self) -> Tx:
        if self._tx is None:
            opened = self._database.transaction()
            self._tx = opened.__enter__()
            self._tx.asked_by = self._asked_by
            self._opened = opened
        return self._tx

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._opened is not None:
            self._opened.__exit__(kind, error, trace)
        if kind is None:
            for work in self._afterwards:
                work()


@dataclass(frozen=True, slots=True)
class Call(Generic[D]):
    """One request that is authenticated, allowed and valid."""

    caller: Principal
    deps: D
    """What this service's views work with."""
    now: datetime
    """Business time, once for the whole request."""
    transaction: OneTransaction
    matches: str | None
    """The If-Match header."""
    upload: Upload | None = None

    @property
    def tx(self) -> Tx:
        """The request's one transaction, committed when the view returns and rolled back when it raises."""
        return self.transaction.tx

    def after_commit(self, work: Callable[[], None]) -> None:
        """Do ``work`` (count something, forget a cache) once the transaction is committed; never if it is not."""
        self.transaction.after_commit(work)

    @property
    def request_stream(self) -> Upload:
        """The body of a route with ``streams``, to be read in pieces."""
        if self.upload is None:
            raise TypeError("only a route with streams=... has a stream")
        return self.upload

    def require_match(self, version: int) -> None:
        """Refuse to change what was changed since the caller read it.

        Raises:
            MatchMissing: there is no If-Match header.
            VersionMismatch: it names another version.
        """
        given = self.matches
        if not given:
            raise MatchMissing
        if given.strip() != "*" and etag(version) not in [each.strip() for each in given.split(",")]:
            raise VersionMismatch


@dataclass(frozen=True, slots=True)
class Asked(Generic[B]):
    """One of the requests that a route with ``together`` answers at once, with its own trace as a carrier."""

    caller: Principal
    body: B
    trace: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CallTogether(Generic[D]):
    """What requests that are answered together share."""

    deps: D
    now: datetime
    tx: Tx


@dataclass(frozen=True, slots=True)
class Reply(Generic[R]):
    """A JSON reply; ``status`` is the route's own unless given, ``version`` becomes the ETag."""

    body: R | None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    version: int | None = None
    kept: R | None = None
    """The body that a repeat of the request gets, where ``body`` shows a secret: it is stored in place of it."""


@dataclass(frozen=True, slots=True)
class RawReply:
    """A reply that is not JSON: a file, a picture."""

    data: bytes
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int | None = None


@dataclass(frozen=True, slots=True)
class StreamedReply:
    """A file too long for memory, sent while it is read. ``pieces`` is called after the request's transaction ended.

    It gets the database, to take a short transaction for each piece: none is held while a slow client reads. Where it
    fails midway the connection is cut, and the client sees that the body has no end.
    """

    pieces: Callable[[Database], Iterator[bytes]]
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


def etag(version: int) -> str:
    """The ETag of a version: strong, as If-Match wants it."""
    return f'"{version}"'
