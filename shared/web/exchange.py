"""One request and its answer, as our own routes see them: what WSGI hands over, read where somebody asks for it.

Flask's request is a place of its own for each thread, with the whole of a request read into it; for a short request
that came to as much as its work. Flask has what is no route of ours: pages, unknown paths and methods.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from werkzeug.http import parse_options_header

from shared.web.auth.tokens import Principal

Environ: TypeAlias = dict[str, Any]


@dataclass(slots=True)
class Exchange:
    """One request, by its WSGI environment, and who turned out to ask."""

    environ: Environ
    route: str
    """The pattern of its path, for labels; ``unknown`` where there is none."""
    caller: Principal | None = None

    @property
    def method(self) -> str:
        method: str = self.environ["REQUEST_METHOD"]
        return method

    @property
    def path(self) -> str:
        return text_of(self.environ["PATH_INFO"])

    @property
    def full_path(self) -> str:
        return f"{self.path}?{self.environ['QUERY_STRING']}"

    @property
    def mimetype(self) -> str:
        """Of the body, without its parameters; empty where none is told."""
        given: str = self.environ.get("CONTENT_TYPE", "")
        return given.partition(";")[0].strip().lower()

    @property
    def charset(self) -> str:
        """Of the body, where its type tells one."""
        return parse_options_header(self.environ.get("CONTENT_TYPE", ""))[1].get("charset", "")

    @property
    def content_length(self) -> int | None:
        """None where it is not told: the body comes in chunks, or there is none."""
        given: str = self.environ.get("CONTENT_LENGTH", "")
        return int(given) if given.isdecimal() and "HTTP_TRANSFER_ENCODING" not in self.environ else None

    def header(self, name: str) -> str | None:
        """The value of a header, but for Content-Type and Content-Length."""
        value: str | None = self.environ.get(_key(name))
        return value

    def query(self) -> dict[str, list[str]]:
        """All values of each parameter, in the order in which they came."""
        found: dict[str, list[str]] = {}
        if text := self.environ["QUERY_STRING"]:
            for name, value in parse_qsl(text_of(text), keep_blank_values=True):
                found.setdefault(name, []).append(value)
        return found


@dataclass(slots=True)
class Answer:
    """What is said to it. ``body`` that is no bytes is made while it is sent."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes | Iterable[bytes] = b""


@lru_cache(maxsize=256)  # Names are words of the code.
def _key(name: str) -> str:
    return "HTTP_" + name.upper().replace("-", "_")


def text_of(given: str) -> str:
    """WSGI hands bytes over as if they were latin-1."""
    return given if given.isascii() else given.encode("latin-1").decode("utf-8", "replace")
