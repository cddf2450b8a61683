"""Whose name is told, masked, to those who look at a claim: asked for once, and again when the name is corrected."""

from __future__ import annotations

from typing import Final

from shared.db.transaction import Tx
from shared.values.ids import PolicyId

_ASK: Final = """
INSERT INTO told_names (policy_id) SELECT policy_id FROM policies WHERE policy_id = %s
ON CONFLICT (policy_id) DO NOTHING"""
_ASK_AGAIN: Final = "UPDATE told_names SET told_version = NULL WHERE policy_id = %s"
_TAKE: Final = """
SELECT policy_id FROM told_names WHERE told_version IS NULL ORDER BY policy_id LIMIT %s FOR UPDATE SKIP LOCKED"""
_TOLD: Final = "UPDATE told_names SET told_version = %s WHERE policy_id = %s"
_FORGET: Final = "DELETE FROM told_names WHERE policy_id = %s"


def ask(tx: Tx, policy_id: str) -> None:
    """The name is to be told, unless it was."""
    tx.execute(_ASK, (policy_id,))


def ask_again(tx: Tx, policy_id: PolicyId) -> None:
    """The name changed: where it was told, it is to be told anew."""
    tx.execute(_ASK_AGAIN, (policy_id,))


def take(tx: Tx, *, limit: int) -> list[PolicyId]:
    """Policies whose names are to be told, locked; those that another worker has in hand are passed over."""
    return tx.all(_TAKE, (limit,), into=PolicyId)


def told(tx: Tx, policy_id: PolicyId, version: int) -> None:
    tx.execute(_TOLD, (version, policy_id))


def forget(tx: Tx, policy_id: PolicyId) -> None:
    """Nobody is named by this policy any more."""
    tx.execute(_FORGET, (policy_id,))
