"""Forget the payees of erased policies, each once its claim is over: a claim that is owed keeps its payee until then.

The account belongs to whoever was named, and several claims may name it: its row in the vault stays while a claim does
whose person is not forgotten, and of the forgotten one's payouts nothing leads there any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from services.payout.store import erasure
from services.payout.usecases.announce_payees import announce_erased
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.process.clock import Clock
from shared.values.ids import PolicyId

_AT_ONCE: Final = 100
"""Claims in one transaction: a few hundred rows, over in a moment."""


def mark(tx: Tx, policies: Sequence[PolicyId], *, erased_at: datetime) -> None:
    """Note that these policies' persons are to be forgotten, also for decisions that come later; once."""
    erasure.add(tx, policies, erased_at=erased_at)


def erase_next(database: Database, clock: Clock) -> bool:
    """Forget some payees of claims that are over; True if there may be more."""
    with database.transaction() as tx:
        named = erasure.take(tx, limit=_AT_ONCE)
        if named:
            now = clock.now()
            announce_erased(tx, erasure.overwrite(tx, named, now=now), now=now)
        return len(named) == _AT_ONCE
