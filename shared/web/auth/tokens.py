"""Who is calling: an OAuth 2.0 bearer JWT (RFC 9068) checked against the issuer's keys.

Which scope a route asks for is the route's; what a caller may see is the use case's.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jws import extract_compact

from shared.process import clock, metrics
from shared.values.clear_text import TextKind, is_personal
from shared.values.ids import INSURER
from shared.web.auth.issuer_keys import IssuerKeys, algorithm, is_key_name
from shared.web.errors import NotAuthenticated, TokenMissing

MAX_TOKEN: Final = 8192
"""Characters. Above what providers issue; a longer one is not even decoded."""
LEEWAY_SECONDS: Final = 10
"""For clocks of two machines that are a little apart."""
LONGEST_SECONDS: Final = 7200
"""From `iat` to `exp`, unless the settings say otherwise. A token cannot be called back, so this is how long a stolen
one, or one of a person who left, may be used at most. Issuers give an hour as a rule, some up to 90 minutes."""
KEPT_TOKENS: Final = 1024
KEPT_SECONDS: Final = 60.0
"""A verified token is believed this long without verifying its signature again (90 us each)."""

MOST_CLIENTS: Final = 200
"""Of whom refused tokens are counted by name; the rest are "other". An issuer may register clients without end."""

_FAR: Final = 1e12  # The year 33658; what is beyond is no time, and NaN is no less than it either.
_TYPES: Final = frozenset({"at+jwt", "application/at+jwt"})  # RFC 9068, 4: a resource server refuses any other.
_UNKNOWN: Final = "unknown"
_NAME: Final = re.compile(r"[A-Za-z0-9._:@|/+-]{1,200}")
_TENANT: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_counted: Final[set[str]] = set()


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller: who (``subject``), through which client, for whom (``tenant``), and what it may do."""

    subject: str
    client_id: str
    tenant: str
    scopes: frozenset[str]

    @property
    def is_staff(self) -> bool:
        """Whether it is one of the insurer's people: shared.web.auth.callers says what follows."""
        return self.tenant == INSURER


@dataclass(frozen=True, slots=True)
class _Kept:
    principal: Principal
    starts: float
    ends: float
    generation: int
    until: float


class TokenVerifier:
    """Checks tokens of one issuer for one audience."""

    def __init__(
        self,
        issuer: str,
        audience: str,
        jwks: IssuerKeys | str,
        *,
        longest_seconds: float = LONGEST_SECONDS,
        now: Callable[[], float] = lambda: clock.wall_now().timestamp(),
    ) -> None:
        self._issuer = issuer
        self._audience = audience
        self._keys = IssuerKeys(jwks) if isinstance(jwks, str) else jwks
        self._longest_seconds = longest_seconds
        self._now = now
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def check(self, authorization: str | None) -> Principal:
        """The caller that an ``Authorization`` header speaks for.

        Raises:
            TokenMissing: there is no bearer token.
            NotAuthenticated: the token is not acceptable.
            IssuerKeysAway: no key is known and the issuer does not answer.
        """
        if not authorization:
            raise TokenMissing
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise TokenMissing
        if len(token) > MAX_TOKEN:
            _refuse("it is too long", "oversize")
        # By its hash: the memory of a process then holds no usable tokens.
        fingerprint = hashlib.blake2b(token.encode("utf-8", "replace"), digest_size=16).digest()
        now = self._now()
        kept = self._kept.get(fingerprint)
        if kept is not None and kept.generation == self._keys.generation and now < kept.until:
            _within(kept.starts, kept.ends, now, kept.principal.client_id)
            return kept.principal
        return self._verify(token, fingerprint, now)

    def _verify(self, token: str, fingerprint: bytes, now: float) -> Principal:
        claims = self._claims(token)
        principal = self._principal(claims)
        starts, ends = self._span(claims, principal.client_id)
        _within(starts, ends, now, principal.client_id)
        with self._lock:
            self._kept[fingerprint] = _Kept(principal, starts, ends, self._keys.generation, now + KEPT_SECONDS)
            while len(self._kept) > KEPT_TOKENS:
                self._kept.popitem(last=False)
        return principal

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            header = extract_compact(token.encode("ascii")).headers()
        except (JoseError, ValueError):
            _refuse("it is not a signed JWT", "malformed")
        kid = header.get("kid")
        if not isinstance(kid, str) or not is_key_name(kid):
            _refuse("it names no key", "kid")
        if str(header.get("typ")).lower() not in _TYPES:
            _refuse("its header does not say `at+jwt`, so it is no access token", "type")
        key = self._keys.get(kid)
        if key is None:
            _refuse("it names a key that the issuer does not publish", "kid")
        if header.get("alg") != algorithm(key):
            _refuse("its algorithm is not the one of its key", "algorithm")
        try:
            return jwt.decode(token, key, algorithms=[algorithm(key)]).claims
        except (JoseError, ValueError):
            _refuse("its signature is wrong", "signature")

    def _principal(self, claims: dict[str, Any]) -> Principal:
        if claims.get("iss") != self._issuer:
            _refuse("it is from another issuer", "issuer")
        subject, client, tenant = claims.get("sub"), claims.get("client_id", claims.get("azp")), claims.get("tenant")
        if not isinstance(client, str) or not _NAME.fullmatch(client):
            _refuse("it names no client", "client")
        if is_personal(TextKind.NAME, client):
            _refuse("its client is called by a phone or identity number, and is stored in clear", "client")
        audience = claims.get("aud")
        if self._audience not in (audience if isinstance(audience, list) else [audience]):
            _refuse("it is for another audience", "audience", client)
        if not isinstance(subject, str) or not _NAME.fullmatch(subject):
            _refuse("it names no subject", "subject", client)
        if is_personal(TextKind.NAME, subject):
            _refuse("its subject is a phone or identity number, and is stored in clear", "subject", client)
        if not isinstance(tenant, str) or not _TENANT.fullmatch(tenant):
            _refuse("it names no tenant", "tenant", client)
        scope = claims.get("scope", "")
        if not isinstance(scope, str):
            _refuse("its scope is not a text", "scope", client)
        return Principal(subject, client, tenant, frozenset(scope.split()))

    def _span(self, claims: dict[str, Any], client: str) -> tuple[float, float]:
        issued, ends = _time(claims.get("iat"), client), _time(claims.get("exp"), client)
        if ends - issued > self._longest_seconds:
            _refuse(f"it lives longer than {self._longest_seconds:.0f} seconds", "lifetime", client)
        return max(issued, _time(claims.get("nbf", issued), client)), ends


def _time(value: object, client: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _FAR:
        _refuse("its times are not numbers", "times", client)
    return float(value)


def _within(starts: float, ends: float, now: float, client: str) -> None:
    if now >= ends + LEEWAY_SECONDS:
        _refuse("it has expired", "expired", client)
    if now < starts - LEEWAY_SECONDS:
        _refuse("it is not valid yet", "not_yet", client)


def _refuse(reason: str, label: str, client: str = _UNKNOWN) -> NoReturn:
    """``client`` is named only where the issuer's signature stands behind it: anybody may write any name."""
    metrics.TOKENS_REFUSED.labels(label, _label(client)).inc()
    raise NotAuthenticated(reason)


def _label(client: str) -> str:
    if client not in _counted and len(_counted) >= MOST_CLIENTS:
        return "other"
    _counted.add(client)
    return client
