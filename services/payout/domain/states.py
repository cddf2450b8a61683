"""The states of a payout and the legal steps between them. The database has them as rows, and enforces them."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

State: TypeAlias = Literal["scheduled", "sending", "in_doubt", "accepted", "paid", "rejected", "returned"]

STEPS: Final[frozenset[tuple[State, State]]] = frozenset(
    {
        ("scheduled", "sending"),
        ("scheduled", "rejected"),
        ("sending", "in_doubt"),
        ("sending", "accepted"),
        ("sending", "paid"),
        ("sending", "rejected"),
        ("in_doubt", "scheduled"),
        ("in_doubt", "accepted"),
        ("in_doubt", "paid"),
        ("in_doubt", "rejected"),
        ("accepted", "paid"),
        ("accepted", "rejected"),
        ("paid", "returned"),
    }
)

MONEY_MOVED: Final[frozenset[State]] = frozenset({"paid", "returned"})
"""States in which the bank's book holds the transfer as done, at least once."""

FAILED: Final[frozenset[State]] = frozenset({"rejected", "returned"})
"""The payee has nothing of it; the claim may be paid by another payout."""

OPEN_AT_THE_BANK: Final[frozenset[State]] = frozenset({"sending", "in_doubt", "accepted"})
"""States in which the bank may know more than we do."""
