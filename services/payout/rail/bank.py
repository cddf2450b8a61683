"""What payout asks of a bank, whichever it is. A new rail is a class with these four methods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.payout.domain.answers import Answer
from services.payout.domain.reconciliation import BankStatus, BankTransfer


@dataclass(frozen=True, slots=True)
class Order:
    """One transfer to make. The reference makes it idempotent; account and holder are clear: never log an order."""

    reference: str
    account: str
    holder_name: str
    bank_code: str
    amount_fen: int
    currency: str

    def __repr__(self) -> str:
        return f"Order({self.reference})"


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One entry of the bank's statement; numbers only grow."""

    number: int
    reference: str
    status: BankStatus
    reason: str | None
    amount_fen: int
    currency: str
    at: datetime


class Bank(Protocol):
    """A bank that carries out transfers. ``send`` and ``query`` never raise for what a bank may do wrong."""

    def send(self, order: Order) -> Answer:
        """Order a transfer. Sent twice under one reference, it is done once."""
        ...

    def query(self, reference: str) -> Answer:
        """What became of a transfer; ``Unknown`` if the bank has none of that reference."""
        ...

    def statement(self, after: int) -> Sequence[StatementLine]:
        """Entries with numbers above ``after``, the oldest first, as many as the bank gives at once.

        Raises:
            BankAway: it cannot be read now.
        """
        ...

    def book(self) -> dict[str, BankTransfer]:
        """Every transfer that the bank knows of ours, by reference.

        Raises:
            BankAway: it cannot be read now.
        """
        ...
