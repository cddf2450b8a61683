"""The ledger over HTTP: balances, transfers, and its reconciliation with the bank's book."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from services.payout.api.deps import Deps
from services.payout.domain.errors import BankAway
from services.payout.domain.reconciliation import BankStatus, Difference
from services.payout.domain.states import State
from services.payout.store import ledger as store
from services.payout.usecases.reconcile import reconcile
from shared.web import paging
from shared.web.models import Identifier, ReplyModel
from shared.web.resource import Call, Callers, Reply, Resource

ledger = Resource("ledger", "The double-entry book, only ever added to")


class BalanceView(ReplyModel):
    """One account in one currency. `balance_fen` is debits less credits: negative for liabilities and income."""

    account: str
    kind: Literal["asset", "liability", "income", "expense"]
    name_zh: str
    name_en: str
    currency: str
    debits_fen: int
    credits_fen: int
    balance_fen: int


class Balances(ReplyModel):
    """All accounts. Their balances sum to zero in each currency."""

    items: list[BalanceView]


class TransferQuery(paging.PageQuery):
    payout_id: Identifier | None = None


class EntryView(ReplyModel):
    """One side: a debit if positive, a credit if negative."""

    account: str
    amount_fen: int
    currency: str


class TransferView(ReplyModel):
    """One booking. `cause` is the id of the payout, chunk, policy or endorsement that it was booked for."""

    transfer_id: str
    kind: str
    cause: str
    payout_id: str | None
    partner_id: str
    booked_at: datetime
    entries: list[EntryView]


class TransferPage(paging.Page[TransferView]):
    """Bookings in the order in which they were made."""


class TotalView(ReplyModel):
    """Transfers whose money moved and stayed."""

    count: int
    fen_by_currency: dict[str, int]


class DifferenceView(ReplyModel):
    """One transfer on which the books differ: `missing` or `extra` at the bank, or another amount there."""

    kind: Difference
    reference: str
    our_state: State | None
    bank_status: BankStatus | None
    our_amount_fen: int | None
    bank_amount_fen: int | None


class ReconciliationView(ReplyModel):
    """Our book and the bank's at this moment."""

    checked_at: datetime
    agrees: bool
    ours: TotalView
    bank: TotalView
    open: int
    """Payouts that the bank may know more about; they are not differences."""
    differences: list[DifferenceView]


@ledger.get("/v1/ledger/balances", scope="ledger:read", callers=Callers.STAFF, reply=Balances)
def list_balances(call: Call[Deps]) -> Reply[Balances]:
    """The balance of each account."""
    found = store.balances(call.tx)
    items = [BalanceView.of(each, balance_fen=each.debits_fen - each.credits_fen) for each in found]
    return Reply(Balances(items=items))


@ledger.get("/v1/ledger/transfers", scope="ledger:read", callers=Callers.STAFF, reply=TransferPage)
def list_transfers(call: Call[Deps], query: TransferQuery) -> Reply[TransferPage]:
    """Bookings, of one payout if asked for."""
    found = store.transfers(call.tx, payout_id=query.payout_id, after=query.after(UUID), limit=query.limit + 1)
    return Reply(TransferPage.cut(found, query, TransferView.of, lambda last: (last.transfer_id,)))


@ledger.get(
    "/v1/reconciliation", scope="ledger:read", callers=Callers.STAFF, reply=ReconciliationView, problems=(BankAway,)
)
def show_reconciliation(call: Call[Deps]) -> Reply[ReconciliationView]:
    """Read the bank's book now and compare it with ours."""
    found = reconcile(call.deps.database, call.deps.bank, now=call.now)
    return Reply(ReconciliationView.of(found, agrees=not found.findings, differences=found.findings))
