"""Where the money went: what the sandbox bank's own book, payout's ledger and the residents' claims say of it.

It compares; fetching is paying's work. Amounts are in fen, debits positive.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from deploy.demo.users import Json

MOVED = ("done", "returned")


@dataclass(frozen=True)
class Money:
    """Sums of one run, each from its own source."""

    premiums: int
    """Policies times premium, as enrollment told the partner."""
    premium_income: int
    approved: int
    """What residents were told."""
    expense: int
    bank_out: int
    """Transfers that the bank's own book calls done, returned ones included."""
    bank_back: int
    ledger_bank: int
    owed: int
    """Approved, and not (or no longer) paid, by the ledger."""

    @property
    def paid(self) -> int:
        return self.bank_out - self.bank_back


@dataclass(frozen=True)
class Books:
    """Both books at one moment, whole."""

    ledger: Sequence[Json]
    bank: Sequence[Json]

    def balance(self, account: str) -> int:
        """One account's balance, 0 if nothing was booked on it."""
        return sum(int(each["balance_fen"]) for each in self.ledger if each["account"] == account)

    def at_the_bank(self, *statuses: str) -> int:
        """The sum of the transfers of these statuses."""
        return sum(int(each["amount_fen"]) for each in self.bank if each["status"] in statuses)


def sums(before: Books, after: Books, *, policies: int, premium_fen: int, approved: Sequence[Json]) -> Money:
    """What came in and went out between two moments; ``approved`` are claims as residents see them."""

    def booked(account: str) -> int:
        return after.balance(account) - before.balance(account)

    def moved(*statuses: str) -> int:
        return after.at_the_bank(*statuses) - before.at_the_bank(*statuses)

    return Money(
        premiums=policies * premium_fen,
        premium_income=-booked("premium_income"),
        approved=sum(int(view["decision"]["amount_fen"]) for view in approved),
        expense=booked("claims_expense"),
        bank_out=moved(*MOVED),
        bank_back=moved("returned"),
        ledger_bank=booked("bank"),
        owed=-booked("claims_payable"),
    )


def paid_twice(book: Iterable[Json]) -> list[str]:
    """References for which the bank's book holds more than one transfer that moved money."""
    counts = Counter(str(each["reference"]) for each in book if each["status"] in MOVED)
    return [reference for reference, count in counts.items() if count > 1]
