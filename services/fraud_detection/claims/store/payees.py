"""The accounts that payout's vault has, as payout announced them: tokens and masks. The newest version wins."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.events.payouts import PayeeAnnounced, PayeeErased
from shared.values.ids import TokenHex


@dataclass(frozen=True, slots=True)
class PayeeRow:
    """One account. ``name_tokens`` are its holder's name under each token key that payout has."""

    payee_token: TokenHex
    version: int
    name_tokens: tuple[TokenHex, ...]
    holder_masked: str
    account_masked: str
    bank_code: str
    announced_at: datetime


_ROW: Final = Columns(PayeeRow)
_KEEP: Final = f"""
INSERT INTO payees ({_ROW.names}) VALUES ({_ROW.places})
ON CONFLICT (payee_token) DO UPDATE SET ({_ROW.names}) = ROW ({_ROW.of("excluded")})
WHERE payees.version < excluded.version"""
_FORGET: Final = "DELETE FROM payees WHERE payee_token = %s AND version <= %s"
_FIND: Final = f"SELECT {_ROW} FROM payees WHERE payee_token = ANY(%s)"


def keep(tx: Tx, announced: PayeeAnnounced) -> bool:
    """False if this or a newer version is known."""
    return tx.execute(_KEEP, _ROW.values(announced)) == 1


def forget(tx: Tx, erased: PayeeErased) -> None:
    tx.execute(_FORGET, (erased.payee_token, erased.version))


def find(tx: Tx, tokens: Iterable[TokenHex]) -> dict[TokenHex, PayeeRow]:
    """Those of these accounts that were announced."""
    return {row.payee_token: row for row in tx.all(_FIND, (list(tokens),), into=PayeeRow)}
