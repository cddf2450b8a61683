"""Where the money went: what the sandbox bank's own book, payout's ledger and the residents' claims say of it.

It compares; fetching is paying's work. Amounts are in fen, debits positive.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from deploy.demo.users import Json

MOVED = frozenset({"done", "returned"})


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


def balance(balances: Iterable[Json], account: str) -> int:
    """One account's balance, 0 if nothing was booked on it."""
    return sum(int(each["balance_fen"]) for each in balances if each["account"] == account)


def sums(
    *, policies: int, premium_fen: int, approved: Sequence[Json], book: Sequence[Json], balances: Sequence[Json]
) -> Money:
    """All sums; ``approved`` are claims as residents see them, ``book`` the bank's transfers."""
    return Money(
        premiums=policies * premium_fen,
        premium_income=-balance(balances, "premium_income"),
        approved=sum(int(view["decision"]["amount_fen"]) for view in approved),
        expense=balance(balances, "claims_expense"),
        bank_out=sum(int(each["amount_fen"]) for each in book if each["status"] in MOVED),
        bank_back=sum(int(each["amount_fen"]) for each in book if each["status"] == "returned"),
        ledger_bank=balance(balances, "bank"),
        owed=-balance(balances, "claims_payable"),
    )


def paid_twice(book: Iterable[Json]) -> list[str]:
    """References for which the bank's book holds more than one transfer that moved money."""
    counts = Counter(str(each["reference"]) for each in book if each["status"] in MOVED)
    return [reference for reference, count in counts.items() if count > 1]
