"""Invariant 12 for payout: no account or holder of the vault stands clear in any other row, and erased ones nowhere."""

from __future__ import annotations

from typing import Final

from services.payout.store import integrity, payees
from services.payout.usecases.announce_payees import account_context, holder_context
from shared.db.pool import Database
from shared.privacy.sealed import Sealer

NAME: Final = "no account of the vault stands clear in the database"
FORGOTTEN: Final = "of an erased payee neither token nor sealed text is left"
_AT_ONCE: Final = 200


def run(database: Database, sealer: Sealer) -> list[str]:
    """One sentence for each payee whose account, or account holder, was found in clear."""
    faults = []
    after = ""
    while True:
        with database.transaction() as tx:
            page = payees.page(tx, after=after, limit=_AT_ONCE)
            clear = {
                sealer.open(tx, blob, context): payee.payee_token
                for payee in page
                for blob, context in (
                    (payee.account_sealed, account_context(payee.payee_token)),
                    (payee.holder_sealed, holder_context(payee.payee_token)),
                )
            }
            for table, text in integrity.tables_that_hold(tx, list(clear)):
                faults.append(f"{table} holds a clear value of payee {clear[text]}")
        if len(page) < _AT_ONCE:
            return faults
        after = page[-1].payee_token


def not_forgotten(database: Database) -> list[str]:
    """One sentence for each row in which an erased payee, or the payee of an erased person, was left."""
    with database.transaction() as tx:
        return integrity.not_forgotten(tx)
