"""What goes with each step of a payout: its booking and its event, in the step's own transaction."""

from __future__ import annotations

from datetime import datetime

from services.payout.domain import reasons
from services.payout.domain.ledger import Kind, booking
from services.payout.domain.payouts import Payout
from services.payout.store import ledger
from shared.db.transaction import Tx
from shared.events.payouts import PayoutChanged
from shared.messaging import outbox
from shared.process import metrics
from shared.values.shapes import reshape


def announce(tx: Tx, payout: Payout, *, now: datetime) -> None:
    """Book and publish the state that ``payout`` just reached."""
    kind = _kind(payout)
    if kind is not None:
        book(tx, payout, kind, now=now)
    metrics.PAYOUTS.labels(payout.state).inc()
    # Others heard of the schedule when it was made; that it is sent a second time is between us and the bank.
    if payout.state in ("paid", "rejected", "returned") or (payout.state == "scheduled" and payout.version == 1):
        outbox.add(tx, reshape(payout, PayoutChanged), subject=payout.payout_id, now=now)


def book(tx: Tx, payout: Payout, kind: Kind, *, now: datetime) -> bool:
    """Book this kind of business for a payout, once; False if it was booked before."""
    entry = booking(
        kind,
        payout.payout_id,
        payout.amount_fen,
        payout.currency,
        partner_id=payout.partner_id,
        payout_id=payout.payout_id,
    )
    return ledger.book(tx, entry, now=now)


def withdraw_debt(tx: Tx, payout: Payout, *, now: datetime) -> None:
    """The claim is no longer owed, though nothing was paid or what was paid came back."""
    if payout.reason not in (reasons.OVER_COVER_LIMIT, reasons.CLAIM_STOPPED):
        book(tx, payout, "claim_withdrawn", now=now)


def _kind(payout: Payout) -> Kind | None:
    match payout.state:
        case "scheduled":
            return "claim_owed"
        case "rejected" if payout.reason in (reasons.CLAIM_REFUSED, reasons.APPROVAL_TAKEN_BACK):
            return "claim_withdrawn"
        case "rejected" if payout.reason == reasons.PAYEE_UNKNOWN:
            # Approved and owed all the same: it stays payable until a person finds out to whom.
            return "claim_owed"
        case "paid":
            return "payout_paid"
        case "returned":
            return "payout_returned"
        case _:
            return None
