"""One POST to a partner's server: bounded in time and size, never redirected, through no proxy; what came of it.

Of the reply only the status and Retry-After are read; its body is dropped, a bounded part of it having been taken in so
that a receiver that answers with a page sees no reset.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import certifi
import httpcore

from shared.courier.addresses import Network
from shared.courier.connection import AddressRefused, GuardedBackend, NameUnknown, OutOfTime
from shared.courier.standard_webhooks import Answer, Failure, failure_of
from shared.courier.urls import UrlFault, fault_in, is_encrypted
from shared.process.clock import monotonic, wall_now

ATTEMPT_SECONDS: Final = 15.0
"""From the first byte of the connection to the last of the reply; the standard recommends 15 to 30."""
_MOST_REPLY: Final = 64 * 1024
_USER_AGENT: Final = "fangzha-webhooks/1.0"


class Courier:
    """Sends to any server that the settings allow. Safe among threads; keeps no connection."""

    def __init__(
        self, allowed: Sequence[Network] = (), *, plain_http: bool = False, ca_file: str | None = None
    ) -> None:
        self._allowed = tuple(allowed)
        self._plain_http = plain_http
        self._tls = ssl.create_default_context(cafile=certifi.where())
        if ca_file is not None:
            self._tls.load_verify_locations(ca_file)

    def url_fault(self, url: str) -> UrlFault | None:
        """What keeps this URL from being an endpoint's; None where nothing does."""
        return fault_in(url, self._allowed, plain_http=self._plain_http)

    def post(self, url: str, headers: Mapping[str, str], body: bytes, *, seconds: float = ATTEMPT_SECONDS) -> Answer:
        """What came of it; never raises for what a network or a receiver does."""
        if self.url_fault(url) is not None:
            return Answer(None, "address_refused")  # the settings were looser when it was taken
        sent = {"Content-Type": "application/json", "User-Agent": _USER_AGENT, "Connection": "close", **headers}
        backend = GuardedBackend(self._allowed, monotonic() + seconds, encrypted=is_encrypted(url))
        try:
            with (
                httpcore.ConnectionPool(ssl_context=self._tls, network_backend=backend) as pool,
                pool.stream("POST", url, headers=list(sent.items()), content=body) as response,
            ):
                status = response.status
                retry_after = _retry_after(response.headers, wall_now())
                _drop(response)
        except Exception as error:
            failure = _failure(error)
            if failure is None:
                raise
            return Answer(None, failure)
        return Answer(status, failure_of(status), retry_after)


def _drop(response: httpcore.Response) -> None:
    """Take in some of the body. What goes wrong from here on changes nothing: the status is what counts."""
    taken = 0
    try:
        for piece in response.iter_stream():
            taken += len(piece)
            if taken > _MOST_REPLY:
                return
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OutOfTime):
        return


_FAILURES: Final[tuple[tuple[type[Exception], Failure], ...]] = (
    (AddressRefused, "address_refused"),
    (NameUnknown, "name_unknown"),
    (OutOfTime, "timeout"),
    (httpcore.TimeoutException, "timeout"),
    (httpcore.ProtocolError, "answer_unreadable"),
    (httpcore.NetworkError, "not_reached"),
    (ValueError, "not_reached"),  # a name that neither resolver nor TLS can carry: the partner's fault, and no bug
)


def _failure(error: Exception) -> Failure | None:
    """The stable code of what went wrong; None for a bug of ours."""
    below: BaseException | None = error
    while below is not None:
        if isinstance(below, ssl.SSLError):
            return "tls_failed"
        below = below.__cause__ or below.__context__
    return next((failure for kind, failure in _FAILURES if isinstance(error, kind)), None)


def _retry_after(headers: Sequence[tuple[bytes, bytes]], now: datetime) -> timedelta | None:
    """What the receiver asks for, as seconds or as a date (RFC 9110, 10.2.3); None where it is neither."""
    text = next((value.decode("latin-1").strip() for name, value in headers if name.lower() == b"retry-after"), "")
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), 10**8))
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return max(timedelta(0), (when if when.tzinfo else when.replace(tzinfo=UTC)) - now)
