"""The partner's webhook endpoints as its record shows them. Keeping them is webhooks' business."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shared.db.columns import Columns
from shared.db.transaction import Tx


@dataclass(frozen=True, slots=True)
class EndpointLink:
    """A server of the partner that is told of events."""

    endpoint_id: str
    url: str
    types: list[str]
    state: str


_OF: Final = f"""
SELECT {Columns(EndpointLink)} FROM webhook_endpoints
WHERE partner_no = %s AND state <> 'deleted' ORDER BY endpoint_id LIMIT %s
"""


def endpoint_links(tx: Tx, partner_no: int, *, limit: int) -> list[EndpointLink]:
    """In the order of their making."""
    return tx.all(_OF, (partner_no, limit), into=EndpointLink)


_HOLD: Final = "SELECT 1 FROM partners WHERE partner_no = %s FOR NO KEY UPDATE"
_TYPES: Final = """
UPDATE partners SET webhook_types = ARRAY(
    SELECT DISTINCT unnest(types) FROM webhook_endpoints e
    WHERE e.partner_no = partners.partner_no AND e.state <> 'deleted')
WHERE partner_no = %s
"""


def hold(tx: Tx, partner_no: int) -> None:
    """Have nobody else change this partner's endpoints until the transaction ends; before any change."""
    tx.one(_HOLD, (partner_no,))


def note_types(tx: Tx, partner_no: int) -> None:
    """Bring up to date what the contract says of the types that are asked for; after each change, under ``hold``."""
    tx.execute(_TYPES, (partner_no,))
