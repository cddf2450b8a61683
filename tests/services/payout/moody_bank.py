"""A bank in this process, for tests that need one to do what they say; held to what every bank is held to."""

from __future__ import annotations

from collections.abc import Sequence

from services.payout.domain.answers import Accepted, Answer, Done, NoAnswer, Rejected, Returned, Unknown
from services.payout.domain.reconciliation import BankStatus, BankTransfer
from services.payout.rail.bank import Order, StatementLine
from shared.values.money import Currency, Fen
from tests import clock

MOODS = ["done", "done_unheard", "lost", "accepted", "rejected"]


class MoodyBank:
    """A bank whose mood the machine sets: it hears or not, does or not, answers or not. Its book is the truth."""

    def __init__(self) -> None:
        self.mood = "done"
        self.book_by_reference: dict[str, BankTransfer] = {}
        self.lines: list[StatementLine] = []
        self.sends: list[str] = []

    def send(self, order: Order) -> Answer:
        self.sends.append(order.reference)
        if self.mood == "lost":
            return NoAnswer("Lost")
        if order.reference not in self.book_by_reference:
            statuses: dict[str, BankStatus] = {"accepted": "accepted", "rejected": "rejected"}
            self.put(order.reference, statuses.get(self.mood, "done"), order.amount_fen)
        return NoAnswer("Unheard") if self.mood == "done_unheard" else self.query(order.reference)

    def query(self, reference: str) -> Answer:
        known = self.book_by_reference.get(reference)
        if known is None:
            return Unknown()
        answers: dict[BankStatus, Answer] = {
            "done": Done(),
            "accepted": Accepted(),
            "rejected": Rejected("closed"),
            "returned": Returned("frozen"),
        }
        return answers[known.status]

    def statement(self, after: int) -> Sequence[StatementLine]:
        return [line for line in self.lines if line.number > after]

    def book(self) -> dict[str, BankTransfer]:
        return dict(self.book_by_reference)

    def put(self, reference: str, status: BankStatus, amount_fen: int) -> None:
        self.book_by_reference[reference] = BankTransfer(reference, status, Fen(amount_fen), Currency("CNY"))
        at = clock.now()
        self.lines.append(StatementLine(len(self.lines) + 1, reference, status, None, amount_fen, "CNY", at))
