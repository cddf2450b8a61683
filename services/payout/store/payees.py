"""The payee vault's rows: sealed blobs and masks. Sealing and opening are the use cases'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.db.transaction import Row, Tx
from shared.values.ids import TokenHex


@dataclass(frozen=True, slots=True)
class StoredPayee:
    """One account and its holder."""

    token: TokenHex
    account_sealed: bytes
    holder_sealed: bytes
    account_masked: str
    holder_masked: str
    bank_code: str
    registered_by: str
    registered_at: datetime


_COLUMNS: Final = (
    "payee_token, account_sealed, holder_sealed, account_masked, holder_masked, bank_code, registered_by, registered_at"
)
_INSERT: Final = (
    f"INSERT INTO payees ({_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (payee_token) DO NOTHING"
)
_SELECT: Final = f"SELECT {_COLUMNS} FROM payees WHERE payee_token = ANY(%s) ORDER BY registered_at LIMIT 1"
_PAGE: Final = f"""
SELECT {_COLUMNS} FROM payees WHERE payee_token > %s AND erased_at IS NULL ORDER BY payee_token LIMIT %s"""
_EXISTS: Final = "SELECT 1 FROM payees WHERE payee_token = %s FOR KEY SHARE"
_MASKS: Final = "SELECT payee_token, account_masked FROM payees WHERE payee_token = ANY(%s)"


def insert(tx: Tx, payee: StoredPayee) -> bool:
    """False if the account is there already."""
    values = (
        payee.token,
        payee.account_sealed,
        payee.holder_sealed,
        payee.account_masked,
        payee.holder_masked,
        payee.bank_code,
        payee.registered_by,
        payee.registered_at,
    )
    return tx.execute(_INSERT, values) == 1


def find(tx: Tx, tokens: Sequence[TokenHex]) -> StoredPayee | None:
    """The payee stored under any of these tokens (one account has one token for each key)."""
    row = tx.one(_SELECT, (list(tokens),))
    return None if row is None else _payee(row)


def page(tx: Tx, *, after: str, limit: int) -> list[StoredPayee]:
    """Payees in the order of their tokens, without those that were erased."""
    return [_payee(row) for row in tx.all(_PAGE, (after, limit))]


def known(tx: Tx, token: TokenHex) -> bool:
    """Whether the vault has it; it is not erased before this transaction ends."""
    return tx.one(_EXISTS, (token,)) is not None


def masks(tx: Tx, tokens: Sequence[TokenHex]) -> dict[str, str]:
    """Token to masked account, for those that are known."""
    return {row[0]: row[1] for row in tx.all(_MASKS, (list(tokens),))}


def _payee(row: Row) -> StoredPayee:
    return StoredPayee(TokenHex(row[0]), bytes(row[1]), bytes(row[2]), *row[3:])
