"""What payout's views work with."""

from __future__ import annotations

from dataclasses import dataclass

from services.payout.rail.bank import Bank
from shared.db.pool import Database
from shared.privacy.vault import Vault


@dataclass(frozen=True)
class Deps:
    vault: Vault
    bank: Bank
    database: Database
    """For what must not hold a transaction while the bank is asked."""
