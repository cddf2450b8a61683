"""The secrets that sign an endpoint's messages: made, sealed, opened. Each is shown once."""

from __future__ import annotations

import secrets as random_source

from shared.courier.standard_webhooks import SECRET_BYTES, Secret, secret_of
from shared.db.transaction import Tx
from shared.privacy.keys import UnknownKey
from shared.privacy.sealed import SealBroken, Sealer
from shared.process.clock import wall_now
from shared.process.logs import get_logger
from shared.webhooks.store import webhook_endpoints as endpoints

log = get_logger()


def new_secret(tx: Tx, sealer: Sealer, endpoint_id: str) -> tuple[Secret, bytes]:
    """A secret in clear, to be shown once, and sealed, to be stored."""
    secret = secret_of(random_source.token_bytes(SECRET_BYTES))
    return secret, sealer.new_data_key(tx).seal(secret, _context(endpoint_id))


def signing(tx: Tx, sealer: Sealer, endpoint_id: str) -> tuple[Secret, ...] | None:
    """The secrets in clear that sign now, the current one first; none where the endpoint is gone.

    None where one does not open with the settings' keys: that is our fault, and the log says so.
    """
    try:
        return tuple(
            Secret(sealer.open(tx, blob, _context(endpoint_id)))
            for blob in endpoints.secrets(tx, endpoint_id, wall_now())
        )
    except (SealBroken, UnknownKey) as error:
        log.error("webhook_secret_unreadable", endpoint_id=endpoint_id, reason=error.sentence())  # noqa: TRY400
        return None


def _context(endpoint_id: str) -> str:
    return f"webhook-endpoint:{endpoint_id}:secret"
