"""The ledger over HTTP: balances, transfers, and its reconciliation with the bank's book."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from services.payout.api.deps import Deps
from services.payout.domain.errors import BankAway
from services.payout.domain.reconciliation import BankStatus, Difference, Finding
from services.payout.domain.states import State
from services.payout.store import ledger as store
from services.payout.usecases.reconcile import Total, reconcile
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
    return Reply(Balances(items=[_balance(each) for each in store.balances(call.tx)]))


@ledger.get("/v1/ledger/transfers", scope="ledger:read", callers=Callers.STAFF, reply=TransferPage)
def list_transfers(call: Call[Deps], query: TransferQuery) -> Reply[TransferPage]:
    """Bookings, of one payout if asked for."""
    position = paging.decode(query.cursor, UUID)
    found = store.transfers(
        call.tx, payout_id=query.payout_id, after=position[0] if position else None, limit=query.limit + 1
    )
    shown, more = paging.page(found, query.limit, lambda last: (last.transfer_id,))
    return Reply(TransferPage(items=[_transfer(each) for each in shown], next_cursor=more))


@ledger.get(
    "/v1/reconciliation", scope="ledger:read", callers=Callers.STAFF, reply=ReconciliationView, problems=(BankAway,)
)
def show_reconciliation(call: Call[Deps]) -> Reply[ReconciliationView]:
    """Read the bank's book now and compare it with ours."""
    found = reconcile(call.deps.database, call.deps.bank, now=call.now)
    return Reply(
        ReconciliationView(
            checked_at=found.checked_at,
            agrees=not found.findings,
            ours=_total(found.ours),
            bank=_total(found.bank),
            open=found.open,
            differences=[_difference(each) for each in found.findings],
        )
    )


def _balance(balance: store.Balance) -> BalanceView:
    return BalanceView.model_validate(
        {
            "account": balance.account,
            "kind": balance.kind,
            "name_zh": balance.name_zh,
            "name_en": balance.name_en,
            "currency": balance.currency,
            "debits_fen": balance.debits_fen,
            "credits_fen": balance.credits_fen,
            "balance_fen": balance.debits_fen - balance.credits_fen,
        }
    )


def _transfer(transfer: store.StoredTransfer) -> TransferView:
    return TransferView(
        transfer_id=transfer.transfer_id,
        kind=transfer.kind,
        cause=transfer.cause,
        payout_id=transfer.payout_id,
        partner_id=transfer.partner_id,
        booked_at=transfer.booked_at,
        entries=[
            EntryView(account=each.account, amount_fen=each.amount_fen, currency=each.currency)
            for each in transfer.entries
        ],
    )


def _total(total: Total) -> TotalView:
    return TotalView(count=total.count, fen_by_currency=total.fen_by_currency)


def _difference(finding: Finding) -> DifferenceView:
    return DifferenceView(
        kind=finding.kind,
        reference=finding.reference,
        our_state=finding.our_state,
        bank_status=finding.bank_status,
        our_amount_fen=finding.our_amount_fen,
        bank_amount_fen=finding.bank_amount_fen,
    )
