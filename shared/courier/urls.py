"""Whether a URL may be an endpoint's at all. Where its name leads is checked at each attempt, not here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from shared.courier.addresses import Network, may_be_called

LONGEST_URL: Final = 2000


@dataclass(frozen=True, slots=True)
class UrlFault:
    """What is wrong with a URL, and what to send instead."""

    detail: str
    fix: str


_NOT_ENCRYPTED: Final = UrlFault("It is not encrypted.", "Send an address that starts with https://.")


def fault_in(url: str, allowed: Sequence[Network], *, plain_http: bool) -> UrlFault | None:
    """None where the URL can be an endpoint's."""
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or any(bad in url for bad in ' "<>\\^`{|}'):
        return UrlFault("It is not a URL as RFC 3986 has it.", "Escape other characters; write a name as xn--….")
    try:
        parts = urlsplit(url)
        host = parts.hostname if parts.port != 0 else None
    except ValueError:
        host = None
    if not host:
        return UrlFault("It names no host.", "Send one like https://example.com/hooks.")
    if parts.scheme != "https" and not (plain_http and parts.scheme == "http"):
        return _NOT_ENCRYPTED
    if parts.username is not None or parts.password is not None or parts.fragment:
        return UrlFault("It holds a password or a fragment.", "Leave them out; the signature says who we are.")
    return _host_fault(host, allowed, encrypted=is_encrypted(url))


def is_encrypted(url: str) -> bool:
    """Whether TLS is spoken there."""
    return urlsplit(url).scheme == "https"


def _host_fault(host: str, allowed: Sequence[Network], *, encrypted: bool) -> UrlFault | None:
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    if not may_be_called(address, allowed):
        return UrlFault("It leads into a private network.", "Send a public address.")
    return None if may_be_called(address, allowed, encrypted=encrypted) else _NOT_ENCRYPTED
