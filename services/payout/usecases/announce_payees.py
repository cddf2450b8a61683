"""Tell others which payees there are: tokens of the account and of the holder's name, and masks. Never the account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from services.payout.store import payees
from services.payout.store.payees import StoredPayee
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.events.payouts import PayeeAnnounced, PayeeErased
from shared.messaging import outbox
from shared.privacy.vault import Vault
from shared.process.clock import Clock
from shared.values.ids import TokenHex
from shared.values.names import normal_name
from shared.values.shapes import reshape

_AT_ONCE: Final = 200
"""Payees in one transaction: as many names are unsealed, which takes some hundredths of a second."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def announce(tx: Tx, payee: StoredPayee, holder_name: str, *, vault: Vault, now: datetime) -> None:
    """Say whose account it is, under each token key of ours; the payee's row says so already."""
    names = list(vault.tokenizer.candidates("name", normal_name(holder_name)))
    event = reshape(payee, PayeeAnnounced, name_tokens=names, announced_at=now.astimezone(UTC))
    outbox.add(tx, event, subject=payee.payee_token, now=now)


def announce_next(database: Database, vault: Vault, clock: Clock) -> bool:
    """Announce some payees that never were, or not under each key that we have now; True if there may be more."""
    with database.transaction() as tx:
        found = payees.to_announce(tx, vault.tokenizer.keys, limit=_AT_ONCE)
        for payee in found:
            now = clock.now()
            holder = vault.sealer.open(tx, payee.holder_sealed, holder_context(payee.payee_token))
            noted = replace(payee, version=next_version(payee.version, now), announced_under=vault.tokenizer.keys)
            payees.note_announced(tx, noted)
            announce(tx, noted, holder, vault=vault, now=now)
        return len(found) == _AT_ONCE


def announce_erased(tx: Tx, gone: Sequence[tuple[TokenHex, int]], *, now: datetime) -> None:
    """Say that these were forgotten, each with the version that it had."""
    for token, version in gone:
        event = PayeeErased(payee_token=token, version=next_version(version, now), erased_at=now.astimezone(UTC))
        outbox.add(tx, event, subject=token, now=now)


def account_context(token: TokenHex) -> str:
    """Ties the sealed account to its payee: copied to another row it does not open."""
    return f"payee:{token}:account"


def holder_context(token: TokenHex) -> str:
    return f"payee:{token}:holder"


def next_version(version: int, now: datetime) -> int:
    """The moment, and more than the last version even where the clock stood still.

    So it grows also where an account is forgotten, with its version, and comes anew.
    """
    return max(version + 1, (now - _EPOCH) // timedelta(microseconds=1))
