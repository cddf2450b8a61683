"""Where partners want to be told, and how each endpoint fared of late. Deliveries to them are webhook_deliveries'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.courier.standard_webhooks import DisabledReason, EndpointState, Standing
from shared.db.columns import Columns
from shared.db.transaction import Tx


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint that is not removed."""

    endpoint_id: str
    partner_no: int
    url: str
    types: tuple[str, ...]
    state: EndpointState
    overlap_until: datetime | None
    """Until when a secret that was replaced signs as well: the last of them."""
    failures: int
    failing_since: datetime | None
    disabled_at: datetime | None
    disabled_reason: DisabledReason | None
    created_at: datetime


_ENDPOINT: Final = Columns(
    Endpoint,
    overlap_until="""(SELECT max(f.until) FROM webhook_former_secrets f
        WHERE f.endpoint_id = webhook_endpoints.endpoint_id AND f.until > clock_timestamp())""",
)
_ONE: Final = (
    f"SELECT {_ENDPOINT} FROM webhook_endpoints WHERE endpoint_id = %s AND partner_no = %s AND state <> 'deleted'"
)
_PAGE: Final = f"""
SELECT {_ENDPOINT} FROM webhook_endpoints
WHERE partner_no = %s AND state <> 'deleted' AND endpoint_id > %s ORDER BY endpoint_id LIMIT %s
"""
_COUNT: Final = "SELECT count(*) FROM webhook_endpoints WHERE partner_no = %s AND state <> 'deleted'"
_FIRST: Final = "00000000-0000-0000-0000-000000000000"


def endpoint(tx: Tx, endpoint_id: str, *, partner_no: int) -> Endpoint | None:
    """This partner's endpoint of that id."""
    return tx.one(_ONE, (endpoint_id, partner_no), into=Endpoint)


def page(tx: Tx, *, partner_no: int, after: str | None, limit: int) -> list[Endpoint]:
    """The partner's endpoints in the order of their making."""
    return tx.all(_PAGE, (partner_no, after or _FIRST, limit), into=Endpoint)


def count(tx: Tx, partner_no: int) -> int:
    return tx.the(_COUNT, (partner_no,), into=int)


_ADD: Final = """
INSERT INTO webhook_endpoints (endpoint_id, partner_no, url, types, state, secret, created_at)
VALUES (%s, %s, %s, %s, 'enabled', %s, %s)
"""


def add(
    tx: Tx, endpoint_id: str, *, partner_no: int, url: str, types: Sequence[str], secret: bytes, now: datetime
) -> None:
    tx.execute(_ADD, (endpoint_id, partner_no, url, list(types), secret, now))


_FORMER: Final = "SELECT count(*) FROM webhook_former_secrets WHERE endpoint_id = %s AND until > %s"
_KEEP_FORMER: Final = """
INSERT INTO webhook_former_secrets (endpoint_id, secret, until)
SELECT endpoint_id, secret, %(until)s FROM webhook_endpoints WHERE endpoint_id = %(endpoint_id)s AND state <> 'deleted'
"""
_FORGET_FORMER: Final = "DELETE FROM webhook_former_secrets WHERE endpoint_id = %s"
_ROTATE: Final = "UPDATE webhook_endpoints SET secret = %s WHERE endpoint_id = %s AND state <> 'deleted'"


def former_secrets(tx: Tx, endpoint_id: str, now: datetime) -> int:
    """How many secrets that were replaced still sign."""
    return tx.the(_FORMER, (endpoint_id, now), into=int)


def rotate(tx: Tx, endpoint_id: str, *, secret: bytes, overlap_until: datetime | None) -> bool:
    """Sign with ``secret`` from now on, and until then with the one before as well; under ``hold``.

    Those before that keep what they were granted. Without an overlap none but the new one signs.
    """
    if overlap_until is None:
        tx.execute(_FORGET_FORMER, (endpoint_id,))
    else:
        tx.execute(_KEEP_FORMER, {"endpoint_id": endpoint_id, "until": overlap_until})
    return tx.execute(_ROTATE, (secret, endpoint_id)) == 1


_SECRETS: Final = """
SELECT secret FROM (
    SELECT secret, 'infinity'::timestamptz AS until FROM webhook_endpoints
    WHERE endpoint_id = %(endpoint_id)s AND state <> 'deleted'
    UNION ALL SELECT secret, until FROM webhook_former_secrets WHERE endpoint_id = %(endpoint_id)s AND until > %(now)s
) s ORDER BY until DESC
"""
_FORGET_ENDED: Final = "DELETE FROM webhook_former_secrets WHERE until <= %s"


def secrets(tx: Tx, endpoint_id: str, now: datetime) -> tuple[bytes, ...]:
    """The sealed secrets that sign now, the current one first; none where the endpoint is gone."""
    return tuple(tx.all(_SECRETS, {"endpoint_id": endpoint_id, "now": now}, into=bytes))


def forget_secrets(tx: Tx, now: datetime) -> int:
    """Forget secrets whose overlap is over; how many there were."""
    return tx.execute(_FORGET_ENDED, (now,))


_REMOVE: Final = """
UPDATE webhook_endpoints SET state = 'deleted', secret = NULL, disabled_at = NULL, disabled_reason = NULL
WHERE endpoint_id = %s AND state <> 'deleted'
"""


def remove(tx: Tx, endpoint_id: str) -> bool:
    """Forget its secrets and send it nothing more; its deliveries are dropped by age."""
    tx.execute(_FORGET_FORMER, (endpoint_id,))
    return tx.execute(_REMOVE, (endpoint_id,)) == 1


_DISABLE: Final = """
UPDATE webhook_endpoints SET state = 'disabled', disabled_at = %s, disabled_reason = %s
WHERE endpoint_id = %s AND state = 'enabled'
"""
_ENABLE: Final = """
UPDATE webhook_endpoints SET state = 'enabled', disabled_at = NULL, disabled_reason = NULL, failures = 0,
    failing_since = NULL, paused_until = NULL
WHERE endpoint_id = %s AND state = 'disabled'
"""


def disable(tx: Tx, endpoint_id: str, reason: DisabledReason, now: datetime) -> bool:
    """Send it nothing more; False where that is so already."""
    return tx.execute(_DISABLE, (now, reason, endpoint_id)) == 1


def enable(tx: Tx, endpoint_id: str) -> bool:
    """Send to it again, with a clean record; False where it is not disabled."""
    return tx.execute(_ENABLE, (endpoint_id,)) == 1


_SUCCEEDED: Final = """
UPDATE webhook_endpoints SET failures = 0, failing_since = NULL, paused_until = NULL
WHERE endpoint_id = %s AND failures > 0
"""
_FAILED: Final = """
UPDATE webhook_endpoints SET failures = failures + 1, failing_since = coalesce(failing_since, %(now)s),
    paused_until = greatest(paused_until, %(paused_until)s)
WHERE endpoint_id = %(endpoint_id)s RETURNING failures, failing_since
"""


def note_success(tx: Tx, endpoint_id: str) -> None:
    """It answered as it should; writes nothing where it did so before."""
    tx.execute(_SUCCEEDED, (endpoint_id,))


def note_failure(tx: Tx, endpoint_id: str, *, paused_until: datetime, now: datetime) -> Standing:
    """It failed once more, and is left alone for a while."""
    values: dict[str, object] = {"endpoint_id": endpoint_id, "paused_until": paused_until, "now": now}
    return tx.one(_FAILED, values, into=Standing) or Standing(0, None)
