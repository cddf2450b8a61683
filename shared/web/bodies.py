"""The body of a request: whole and no larger than its route takes, or an error that says why.

Werkzeug's own reading is not used: it cuts a body in chunks off at a limit, and tells one that came too slowly from
one that broke off by nothing. What a body means is its route's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from werkzeug.exceptions import ClientDisconnected
from werkzeug.wsgi import get_input_stream

from shared.web.errors import BodyTooLarge, UploadIncomplete, UploadTooSlow
from shared.web.exchange import Exchange


class Source(Protocol):
    """Where a body comes from."""

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes; none at the end."""
        ...


def source(exchange: Exchange, limit: int) -> Source:
    """The body to be read in pieces.

    Raises:
        BodyTooLarge: it says itself that it has more bytes than ``limit``.
    """
    if (exchange.content_length or 0) > limit:
        raise BodyTooLarge(limit)
    environ = exchange.environ
    # Our server marks the end of each body; Werkzeug's test client does not, and its length is to be minded.
    terminated: Source = environ["wsgi.input"] if environ.get("wsgi.input_terminated") else get_input_stream(environ)
    return terminated


def read(exchange: Exchange, limit: int) -> bytes:
    """All of the body.

    Raises:
        BodyTooLarge: it has more bytes than ``limit``.
        UploadIncomplete, UploadTooSlow: it did not come whole, or not in time.
    """
    coming = source(exchange, limit)
    with told_why():
        body = coming.read(limit + 1)
    if len(body) > limit:
        raise BodyTooLarge(limit)
    return body


@contextmanager
def told_why() -> Iterator[None]:
    """Around the reading of a body.

    Raises:
        UploadIncomplete, UploadTooSlow: what the server said in its own words.
    """
    try:
        yield
    except TimeoutError:
        raise UploadTooSlow from None
    except (ClientDisconnected, OSError):
        raise UploadIncomplete from None
