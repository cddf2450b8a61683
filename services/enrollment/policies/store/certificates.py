"""The codes of certificates that were asked for. What a code is made of is the domain's."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from shared.db.transaction import Tx
from shared.values.ids import PolicyId

_NOTE: Final = "INSERT INTO certificates (code, policy_id, issued_at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
_POLICY: Final = "SELECT policy_id FROM certificates WHERE code = %s"


def note(tx: Tx, code: str, policy_id: PolicyId, *, now: datetime) -> None:
    """Remember whose code it is; a certificate asked for again has the same one."""
    tx.execute(_NOTE, (code, policy_id, now))


def policy_of(tx: Tx, code: str) -> PolicyId | None:
    return tx.one(_POLICY, (code,), into=PolicyId)
