"""Step 6: time passes, payout pays what was approved through the sandbox bank, and the books are compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import httpx

from deploy.demo import clocks, money
from deploy.demo.deciding import refresh
from deploy.demo.enrolling import Enrolled
from deploy.demo.expectations import Expectations
from deploy.demo.filing import Filed
from deploy.demo.money import Books, Money
from deploy.demo.users import PAYOUT, Json, System, User
from deploy.demo.waiting import Progress, until

# What the payee's account makes of a transfer; all others are paid.
BANK_SAYS: Final = {"bank_reject": "rejected", "bank_returned": "returned"}
NEVER_DONE: Final = "bank_silent"
LATE: Final = "bank_late"


@dataclass(frozen=True)
class Paid:
    """The end of the money: our payouts, the bank's own book, and the ledger's balances."""

    payouts: list[Json]
    books: Books
    reconciliation: Json
    money: Money


def pay(
    system: System,
    filed: Sequence[Filed],
    enrolled: Enrolled,
    *,
    before: Books,
    expectations: Expectations,
    told: Progress,
) -> Paid:
    """Cross the recovery wait, then the hours and the day that the sandbox's late and returned transfers take."""
    approved = [each for each in filed if each.approved]
    due = max(_payable_from(each) for each in approved)
    now = clocks.now(system)
    waiting = [each for each in approved if _payable_from(each) > now]
    early = _states(system, waiting)
    expectations.expect("some claims wait for the police to get the money back", holds=bool(waiting), seen=len(waiting))
    expectations.expect("none is paid before its recovery wait is over", holds=early["paid"] == 0, seen=dict(early))
    clocks.advance(system, due + timedelta(minutes=5))
    settled = [each for each in approved if each.simulated.detail not in {NEVER_DONE, LATE}]
    _wait(system, settled, len(approved), told)
    clocks.advance(system, due + timedelta(hours=3))
    _wait(system, [each for each in approved if each.simulated.detail != NEVER_DONE], len(approved), told)
    clocks.advance(system, due + timedelta(days=2))
    returned = [each for each in approved if each.simulated.detail == "bank_returned"]
    until(
        "the returned transfer is not noticed",
        lambda: True if _states(system, returned)["returned"] == len(returned) else None,
    )
    refresh(system, filed)
    paid = _settled(system, approved, enrolled, before)
    _expect_payouts(filed, approved, paid, expectations)
    _expect_money(approved, paid, expectations)
    return paid


def _payable_from(filed: Filed) -> datetime:
    return datetime.fromisoformat(filed.latest["decision"]["payable_from"])


def _states(system: System, filed: Sequence[Filed]) -> Counter[str]:
    refresh(system, filed)
    return Counter((each.latest.get("payout") or {"state": "unheard"})["state"] for each in filed)


def _wait(system: System, filed: Sequence[Filed], total: int, told: Progress) -> None:
    final = {"paid", "rejected", "returned"}

    def settled() -> bool | None:
        states = _states(system, filed)
        done = sum(states[state] for state in final)
        told(done, total)
        return True if done == len(filed) else None

    until("some payouts are not settled", settled, seconds=120, every=0.5)


def books(system: System) -> Books:
    """Payout's ledger and the bank's own book, as they are now."""
    bank = bank_book(system)
    with User.of(system, "finance-zhao", PAYOUT) as finance:
        return Books(ledger=finance.get("/v1/ledger/balances")["items"], bank=bank)


def bank_book(system: System) -> list[Json]:
    """The bank's own book alone: each transfer with its status by now."""
    bearer = {"Authorization": f"Bearer {system.bank_token}"}
    book = httpx.get(f"{system.bank_url}/book", headers=bearer, timeout=30).raise_for_status().json()
    transfers: list[Json] = book["transfers"]
    return transfers


def _settled(system: System, approved: Sequence[Filed], enrolled: Enrolled, before: Books) -> Paid:
    after = books(system)
    with User.of(system, "finance-zhao", PAYOUT) as finance:
        payouts = list(finance.pages("/v1/payouts", limit=100))
        reconciliation = finance.get("/v1/reconciliation")
    sums = money.sums(
        before,
        after,
        policies=enrolled.policies,
        premium_fen=enrolled.single["premium_fen"],
        approved=[each.latest for each in approved],
    )
    return Paid(payouts, after, reconciliation, sums)


def _expect_payouts(filed: Sequence[Filed], approved: Sequence[Filed], paid: Paid, expectations: Expectations) -> None:
    ours = {each.claim_id: each for each in filed}
    payouts = [each for each in paid.payouts if each["claim_id"] in ours]
    expectations.equal(
        "each approved claim has exactly one payout, and no other claim has one",
        Counter(each["claim_id"] for each in payouts),
        Counter(each.claim_id for each in approved),
    )
    for each in approved:
        shown = (each.latest.get("payout") or {"state": "unheard"})["state"]
        detail = each.simulated.detail if each.simulated.kind == "sandbox" else ""
        if detail == NEVER_DONE:
            expectations.expect(
                "a transfer that the silent bank never did is not called paid", holds=shown != "paid", seen=shown
            )
        elif detail:
            expectations.equal(f"sandbox value '{detail}' ends as", shown, BANK_SAYS.get(detail, "paid"))
        elif shown != "paid":
            expectations.expect(
                "each resident sees the payment on the claim", holds=False, seen=f"{each.claim_id} {shown}"
            )


def _expect_money(approved: Sequence[Filed], paid: Paid, expectations: Expectations) -> None:
    sums = paid.money
    expectations.equal("the ledger sums to zero", sum(int(each["balance_fen"]) for each in paid.books.ledger), 0)
    expectations.equal("premium booked is policies times premium", sums.premium_income, sums.premiums)
    expectations.equal(
        "claims expense is what residents were promised and the bank did not refuse",
        sums.expense,
        sums.paid + sums.owed,
    )
    expectations.equal("what left the bank's book is what left the ledger's bank account", -sums.ledger_bank, sums.paid)
    expectations.equal("the bank paid nothing twice", money.paid_twice(paid.books.bank), [])
    expectations.equal("our book and the bank's agree", paid.reconciliation["differences"], [])
    ours = {each.latest["payout"]["payout_id"]: each for each in approved if each.latest.get("payout")}
    kept = {str(each["reference"]) for each in paid.books.bank if each["status"] == "done"} & set(ours)
    shown = {payout_id for payout_id, each in ours.items() if each.latest["payout"]["state"] == "paid"}
    expectations.equal("what residents see as paid is what the bank paid and kept", shown, kept)
