"""The secrets that sign an endpoint's messages: made, sealed, opened. Each is shown once."""

from __future__ import annotations

import secrets as random_source

from services.enrollment.domain.webhooks import SECRET_BYTES, Secret, secret_of
from shared.db.transaction import Tx
from shared.privacy.sealed import Sealer


def new_secret(tx: Tx, sealer: Sealer, endpoint_id: str) -> tuple[Secret, bytes]:
    """A secret in clear, to be shown once, and sealed, to be stored."""
    secret = secret_of(random_source.token_bytes(SECRET_BYTES))
    return secret, sealer.new_data_key(tx).seal(secret, _context(endpoint_id))


def opened(tx: Tx, sealer: Sealer, endpoint_id: str, sealed: tuple[bytes, ...]) -> list[Secret]:
    """The secrets in clear, in their order.

    Raises:
        SealBroken, UnknownKey: one does not open with the settings' keys.
    """
    return [Secret(sealer.open(tx, blob, _context(endpoint_id))) for blob in sealed]


def _context(endpoint_id: str) -> str:
    return f"webhook-endpoint:{endpoint_id}:secret"
