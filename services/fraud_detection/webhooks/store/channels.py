"""The number that a backend's endpoints carry, given at the first one."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from shared.db.transaction import Tx

_NUMBER: Final = "SELECT channel_no FROM channels WHERE tenant = %s"
_GIVE: Final = "INSERT INTO channels (tenant) VALUES (%s) ON CONFLICT DO NOTHING"
_HOLD: Final = "SELECT 1 FROM channels WHERE channel_no = %s FOR NO KEY UPDATE"
_KNOWN: Final = "SELECT tenant, channel_no FROM channels WHERE tenant = ANY(%s)"


def number_of(tx: Tx, tenant: str) -> int:
    """The same each time; of two who ask first at one moment, too."""
    found = tx.one(_NUMBER, (tenant,), into=int)
    if found is None:
        tx.execute(_GIVE, (tenant,))
        found = tx.the(_NUMBER, (tenant,), into=int)
    return found


def hold(tx: Tx, channel_no: int) -> None:
    """Have nobody else change this backend's endpoints until the transaction ends."""
    tx.one(_HOLD, (channel_no,))


def numbers(tx: Tx, tenants: Collection[str]) -> dict[str, int]:
    """Of these backends those that ever asked for an endpoint."""
    return dict(tx.all(_KNOWN, (sorted(tenants),)))
