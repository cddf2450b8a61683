"""The local issuer of access tokens: its own ES256 key per stack, a JWKS file, and tokens for the clients of
clients.json.

Stands in for an OpenID Connect provider. What a token may do is checked by shared.web; here is only said what each
client gets.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from deploy.local.faults import UnknownClient

ISSUER = "https://issuer.fangzha.localhost"
CLIENTS = Path(__file__).parent / "clients.json"
LIFETIME_SECONDS = 3600


@dataclass(frozen=True)
class Client:
    """What the issuer knows of a client: whose it is, what it may do, and at which services."""

    name: str
    tenant: str
    scopes: tuple[str, ...]
    audiences: tuple[str, ...]
    says: str


def clients() -> dict[str, Client]:
    """The clients of clients.json by name."""
    rows = json.loads(CLIENTS.read_text())["clients"]
    return {
        row["client_id"]: Client(
            row["client_id"], row["tenant"], tuple(row["scopes"]), tuple(row["audiences"]), row["says"]
        )
        for row in rows
    }


class Issuer:
    """Signs tokens with the key in ``folder``; makes one at first use."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._private = folder / "issuer.key.json"
        self._public = folder / "jwks.json"
        if not self._private.exists():
            self._make_key()
        self.key = ECKey.import_key(json.loads(self._private.read_text()))

    @property
    def url(self) -> str:
        return ISSUER

    @property
    def jwks_url(self) -> str:
        return self._public.resolve().as_uri()

    def _make_key(self) -> None:
        key = ECKey.generate_key("P-256", {"kid": f"local-{secrets.token_hex(4)}", "use": "sig", "alg": "ES256"})
        arriving = self._private.with_suffix(".arriving")
        with os.fdopen(os.open(arriving, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(key.as_dict(private=True), file)
        self._public.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
        arriving.rename(self._private)

    def token(self, client: str, *, audience: str | list[str] | None = None, **claim_overrides: Any) -> str:
        """An access token for ``client``, good for an hour; for all its services unless an audience is named.

        A claim override of None leaves that claim out.
        """
        known = clients()
        if client not in known:
            raise UnknownClient(f"no client {client!r}; the local issuer knows: {', '.join(sorted(known))}")
        who = known[client]
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": who.name,
            "client_id": who.name,
            "tenant": who.tenant,
            "scope": " ".join(who.scopes),
            "aud": audience or list(who.audiences),
            "iat": now,
            "nbf": now,
            "exp": now + LIFETIME_SECONDS,
            "jti": secrets.token_hex(16),
        } | claim_overrides
        header = {"alg": "ES256", "typ": "at+jwt", "kid": self.key.kid}
        return jwt.encode(header, {name: value for name, value in claims.items() if value is not None}, self.key)
