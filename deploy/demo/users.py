"""A user of a service: one client with its token, speaking HTTP. What users do stands in the steps."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Protocol, Self

import httpx

from shared.process.new_ids import new_id

Json = dict[str, Any]

ENROLLMENT: Final = "enrollment"
FRAUD_DETECTION: Final = "fraud_detection"
PAYOUT: Final = "payout"
SERVICES: Final = (ENROLLMENT, FRAUD_DETECTION, PAYOUT)

PATIENCE_SECONDS: Final = 90.0
"""How long a client tries again where it is told to come back, or where nobody answers yet."""


class System(Protocol):
    """What the job needs to know of a running system: where it is, and how to be somebody there."""

    @property
    def bank_url(self) -> str:
        """The sandbox bank."""
        ...

    @property
    def bank_token(self) -> str:
        """The bearer token that the bank takes."""
        ...

    def url(self, service: str) -> str:
        """The address of a service's web."""
        ...

    def token(self, client: str) -> str:
        """An access token for a client of the local issuer."""
        ...


@dataclass
class Refused(Exception):
    """A service answered with a problem where the job expects none."""

    request: str
    status: int
    problem: Json

    def __str__(self) -> str:
        told = self.problem.get("detail") or self.problem.get("title") or self.problem
        return f"{self.request} -> {self.status}: {told} {self.problem.get('errors', '')}".rstrip()

    @property
    def slug(self) -> str:
        """The last part of the problem's type, e.g. ``unknown-policy``."""
        return str(self.problem.get("type", "")).rsplit("/", 1)[-1]


@dataclass
class User:
    """One client at one service. Safe to share between threads."""

    name: str
    http: httpx.Client = field(repr=False)

    @classmethod
    def of(cls, system: System, client: str, service: str) -> Self:
        headers = {"Authorization": f"Bearer {system.token(client)}"}
        return cls(client, httpx.Client(base_url=system.url(service), headers=headers, timeout=30))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()

    def get(self, path: str, **query: object) -> Json:
        """The body of a resource, with its ETag under ``_etag`` where it has one."""
        reply = self._send("GET", path, params={name: str(value) for name, value in query.items() if value is not None})
        body: Json = reply.json()
        return body | ({"_etag": reply.headers["ETag"]} if "ETag" in reply.headers else {})

    def pages(self, path: str, **query: object) -> Iterator[Json]:
        """All items of a list, page after page."""
        cursor: str | None = None
        while True:
            page = self.get(path, cursor=cursor, **query)
            yield from page["items"]
            cursor = page.get("next_cursor")
            if cursor is None:
                return

    def download(self, path: str, **query: object) -> bytes:
        """A file, whatever its kind."""
        reply = self._send("GET", path, params={name: str(value) for name, value in query.items() if value is not None})
        return reply.content

    def post(self, path: str, body: Json | None, *, match: str | None = None, trace: str | None = None) -> Json:
        """Send a body once, however often it must be tried: the key is the same each time."""
        headers = {"Idempotency-Key": new_id()}
        if match is not None:
            headers["If-Match"] = match
        if trace is not None:
            headers["traceparent"] = trace
        reply = self._send("POST", path, json=body, headers=headers)
        return dict(reply.json()) if reply.content else {}

    def put(self, path: str, body: Json) -> Json:
        """Say how something is; said twice it is the same."""
        return dict(self._send("PUT", path, json=body).json())

    def upload(self, path: str, content: bytes | Iterable[bytes], content_type: str, **query: object) -> Json:
        """Stream a file; not tried again, because a stream can be read once."""
        headers = {"Idempotency-Key": new_id(), "Content-Type": content_type}
        reply = self.http.post(
            path,
            content=content,
            headers=headers,
            params={name: str(value) for name, value in query.items()},
            timeout=120,
        )
        return dict(_fine(reply).json())

    def _send(self, method: str, path: str, **parts: Any) -> httpx.Response:
        limit = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                reply = self.http.request(method, path, **parts)
            except httpx.TransportError:
                if time.monotonic() > limit:
                    raise
                time.sleep(0.2)
                continue
            if reply.status_code in {429, 503} and time.monotonic() < limit:
                time.sleep(min(float(reply.headers.get("Retry-After", 1)), 5))
                continue
            return _fine(reply)


def _fine(reply: httpx.Response) -> httpx.Response:
    if reply.is_success:
        return reply
    kind = reply.headers.get("Content-Type", "")
    problem = reply.json() if "json" in kind else {"title": reply.text[:200]}
    raise Refused(f"{reply.request.method} {reply.request.url.path}", reply.status_code, problem)
