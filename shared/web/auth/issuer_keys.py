"""The issuer's public keys (JWKS), fetched and kept. What a token must say is shared.web.auth.tokens's business.

Keys are fetched again when they are old, and when a token names a key that is not there: so a rotation arrives. The
second is limited, for anyone may send tokens with made-up key names. Each entry stands for itself: one that is damaged
or of a kind that we do not use is passed over, counted and told, and the others are believed.
"""

from __future__ import annotations

import base64
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from http.client import HTTPException
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from shared.process import clock, metrics
from shared.process.logs import get_logger
from shared.web.errors import IssuerKeysAway

MAX_AGE_SECONDS: Final = 300.0
"""How long a removed key may still be believed. Providers overlap old and new keys for hours."""
UNKNOWN_KEY_SECONDS: Final = 10.0
"""At most one fetch in this time because of unknown key names, however many tokens carry them."""
FETCH_TIMEOUT_SECONDS: Final = 3.0
MAX_BYTES: Final = 262_144
MIN_RSA_BITS: Final = 2048
MAX_KID: Final = 256
"""Characters of a key's name. Issuers use hashes, UUIDs, dates, base64 and whole URLs; RFC 7517 sets no limit."""
_MEMBERS: Final = ("kty", "crv", "x", "y", "n", "e")

IssuerKey = ECKey | RSAKey
log = get_logger()


class IssuerKeys:
    """Keys by their ``kid``. ``read`` fetches the JWKS document; tests may give their own, and their own ``ticks``."""

    def __init__(
        self,
        url: str,
        *,
        read: Callable[[str], bytes] | None = None,
        ticks: Callable[[], float] = clock.monotonic,
    ) -> None:
        self._url = url
        self._read = read or read_url
        self._ticks = ticks
        self._fetching = threading.Lock()
        self._keys: Mapping[str, IssuerKey] = MappingProxyType({})
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self.generation = 0
        """Changes whenever the set of keys does: what was verified with an older set is verified again."""

    def get(self, kid: str) -> IssuerKey | None:
        """The key of that name, or None.

        Raises:
            IssuerKeysAway: no keys were ever fetched, and they cannot be now.
        """
        if self._fetched_at is None or self._ticks() - self._fetched_at >= MAX_AGE_SECONDS:
            self._refresh()
        key = self._keys.get(kid)
        if key is None:
            self._refresh()
            key = self._keys.get(kid)
        if key is None and self._fetched_at is None:
            raise IssuerKeysAway
        return key

    def _refresh(self) -> None:
        """Fetch, unless a fetch was tried a moment ago. One thread fetches; the others wait for its result."""
        with self._fetching:
            now = self._ticks()
            if self._tried_at is not None and now - self._tried_at < UNKNOWN_KEY_SECONDS:
                return
            self._tried_at = now
            try:
                keys = parse(self._read(self._url))
            except (OSError, HTTPException, ValueError, RecursionError) as error:
                # Known keys stay good: an issuer that is away must not lock everyone out at once.
                metrics.KEY_FETCHES.labels("failed").inc()
                log.warning("issuer_keys_away", error=type(error).__name__)
                return
            metrics.KEY_FETCHES.labels("fetched").inc()
            if {kid: key.thumbprint() for kid, key in keys.items()} != {
                kid: key.thumbprint() for kid, key in self._keys.items()
            }:
                self.generation += 1
            self._keys = MappingProxyType(keys)
            self._fetched_at = now


def parse(document: bytes) -> dict[str, IssuerKey]:
    """The usable keys of a JWKS document: named, for signatures, P-256 or RSA of at least 2048 bits.

    Raises:
        ValueError: it is no such document, or of its entries not one is usable and some are damaged.
    """
    listed = json.loads(document)
    if not isinstance(listed, dict) or not isinstance(listed.get("keys"), list):
        raise ValueError("a JWKS document is an object with a list `keys`")  # noqa: TRY004  # the document is wrong
    keys: dict[str, IssuerKey] = {}
    damaged = 0
    for entry in listed["keys"]:
        try:
            key = _usable(entry)
        except (JoseError, ValueError, TypeError) as error:
            damaged += 1
            metrics.KEYS_PASSED_OVER.labels("damaged").inc()
            log.warning("issuer_key_damaged", kid=str(entry.get("kid"))[:MAX_KID], error=type(error).__name__)
            continue
        if key is None:
            metrics.KEYS_PASSED_OVER.labels("unusable").inc()
        else:
            keys[entry["kid"]] = key
    if damaged and not keys:
        raise ValueError("no key of the set can be read")
    return keys


def is_key_name(kid: object) -> bool:
    """Whether that may be a key's name: it is looked up among the issuer's, and is never a path or a query."""
    return isinstance(kid, str) and 0 < len(kid) <= MAX_KID and kid.isprintable()


def algorithm(key: IssuerKey) -> str:
    """The one algorithm that this key signs with: what a token says of itself is never asked."""
    return "ES256" if isinstance(key, ECKey) else "RS256"


def _usable(entry: Any) -> IssuerKey | None:
    """The key of one entry; None where it is of a kind that signs no access tokens here."""
    if not isinstance(entry, dict) or not is_key_name(entry.get("kid")) or entry.get("use", "sig") != "sig":
        return None
    public: dict[str, str | list[str]] = {name: entry[name] for name in _MEMBERS if name in entry}
    match entry.get("kty"):
        case "EC" if entry.get("crv") == "P-256" and entry.get("alg", "ES256") == "ES256":
            return ECKey.import_key(public)
        case "RSA" if entry.get("alg", "RS256") == "RS256":
            return RSAKey.import_key(public) if _bits(entry.get("n", "")) >= MIN_RSA_BITS else None
        case _:
            return None


def _bits(modulus: str) -> int:
    # Before the key is made: a weak one should not even cause a warning.
    return int.from_bytes(base64.urlsafe_b64decode(modulus + "=" * (-len(modulus) % 4)), "big").bit_length()


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object, **_named: object) -> None:
        """A JWKS address that answers with another one is a configuration fault, not something to follow."""


def read_url(url: str) -> bytes:
    """The document at an https, loopback http or file URL (settings let no other pass)."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return Path(unquote(parts.path)).read_bytes()
    opener = urllib.request.build_opener(_NoRedirects)
    with opener.open(url, timeout=FETCH_TIMEOUT_SECONDS) as reply:
        document: bytes = reply.read(MAX_BYTES + 1)
    if len(document) > MAX_BYTES:
        raise ValueError("the JWKS document is too large")
    return document
