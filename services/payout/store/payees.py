"""The payee vault's rows: sealed blobs and masks. Sealing and opening are the use cases'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import TokenHex


@dataclass(frozen=True, slots=True)
class StoredPayee:
    """One account and its holder."""

    payee_token: TokenHex
    account_sealed: bytes
    holder_sealed: bytes
    account_masked: str
    holder_masked: str
    bank_code: str
    registered_by: str
    registered_at: datetime
    version: int
    """Of its last announcement; 0 before the first."""
    announced_under: tuple[int, ...]
    """The token keys under which the holder's name was announced."""


_PAYEE: Final = Columns(StoredPayee)
_INSERT: Final = f"INSERT INTO payees ({_PAYEE.names}) VALUES ({_PAYEE.places}) ON CONFLICT (payee_token) DO NOTHING"
_SELECT: Final = f"SELECT {_PAYEE} FROM payees WHERE payee_token = ANY(%s) ORDER BY registered_at LIMIT 1"
_PAGE: Final = f"""
SELECT {_PAYEE} FROM payees WHERE payee_token > %s AND erased_at IS NULL ORDER BY payee_token LIMIT %s"""
_EXISTS: Final = "SELECT 1 FROM payees WHERE payee_token = %s FOR KEY SHARE"
# What was announced under a key that is not known here, no more or not yet, beside all of ours stays: it says more.
_TO_ANNOUNCE: Final = f"""
SELECT {_PAYEE} FROM payees
WHERE erased_at IS NULL AND NOT announced_under @> %(keys)s::smallint[]
ORDER BY payee_token LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED"""
_NOTE: Final = "UPDATE payees SET version = %s, announced_under = %s::smallint[] WHERE payee_token = %s"
_MASKS: Final = "SELECT payee_token, account_masked FROM payees WHERE payee_token = ANY(%s)"


def insert(tx: Tx, payee: StoredPayee) -> bool:
    """False if the account is there already."""
    return tx.execute(_INSERT, _PAYEE.values(payee)) == 1


def find(tx: Tx, tokens: Sequence[TokenHex]) -> StoredPayee | None:
    """The payee stored under any of these tokens (one account has one token for each key)."""
    return tx.one(_SELECT, (list(tokens),), into=StoredPayee)


def page(tx: Tx, *, after: str, limit: int) -> list[StoredPayee]:
    """Payees in the order of their tokens, without those that were erased."""
    return tx.all(_PAGE, (after, limit), into=StoredPayee)


def known(tx: Tx, token: TokenHex) -> bool:
    """Whether the vault has it; it is not erased before this transaction ends."""
    return tx.one(_EXISTS, (token,)) is not None


def masks(tx: Tx, tokens: Sequence[TokenHex]) -> dict[str, str]:
    """Token to masked account, for those that are known."""
    return dict(tx.all(_MASKS, (list(tokens),)))


def to_announce(tx: Tx, keys: Sequence[int], *, limit: int) -> list[StoredPayee]:
    """Payees whose holders' names were not announced under each of these token keys, locked."""
    return tx.all(_TO_ANNOUNCE, {"keys": list(keys), "limit": limit}, into=StoredPayee)


def note_announced(tx: Tx, payee: StoredPayee) -> None:
    """Keep which announcement this locked payee's last one is."""
    tx.execute(_NOTE, (payee.version, list(payee.announced_under), payee.payee_token))
