"""Payouts over HTTP: what was paid, what waits, and why something was not paid."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.payout.api.deps import Deps
from services.payout.domain.errors import UnknownPayout
from services.payout.domain.payouts import Payout
from services.payout.domain.states import State
from services.payout.store import payees as vault
from services.payout.store import payouts as store
from services.payout.store.payouts import PayoutFilter
from shared.db.transaction import Tx
from shared.values.ids import PayoutId
from shared.web import paging
from shared.web.models import Identifier, ReplyModel, RequestModel
from shared.web.resource import Call, Callers, Reply, Resource

payouts = Resource("payouts", "One payment for each approved claim")


class PayoutPath(RequestModel):
    payout_id: Identifier


class PayoutQuery(paging.PageQuery):
    claim_id: Identifier | None = None
    state: State | None = None


class PayoutView(ReplyModel):
    """One payout. `reason` is a stable code where it was rejected or returned."""

    payout_id: str
    """Also the reference under which the bank knows the transfer."""
    version: int
    state: State
    reason: str | None
    claim_id: str
    decision_id: str
    policy_id: str
    partner_id: str
    payee_token: str
    payee_account: str | None
    """Masked; null if the vault does not know the payee."""
    amount_fen: int
    currency: str
    attempts: int
    """How often it was sent to the bank."""
    payable_from: datetime
    created_at: datetime
    changed_at: datetime


class PayoutPage(paging.Page[PayoutView]):
    """Payouts in the order in which they were made."""


@payouts.get("/v1/payouts", scope="payouts:read", callers=Callers.BOTH, reply=PayoutPage)
def list_payouts(call: Call[Deps], query: PayoutQuery) -> Reply[PayoutPage]:
    """Payouts, of one claim or in one state if asked for."""
    wanted = PayoutFilter(query.claim_id, query.state, _only_partner(call))
    found = store.page(call.tx, wanted, after=query.after(UUID), limit=query.limit + 1)
    shown, more = paging.page(found, query.limit, lambda last: (last.payout_id,))
    return Reply(PayoutPage(items=_views(call.tx, shown), next_cursor=more))


@payouts.get(
    "/v1/payouts/<payout_id>", scope="payouts:read", callers=Callers.BOTH, reply=PayoutView, problems=(UnknownPayout,)
)
def show_payout(call: Call[Deps], path: PayoutPath) -> Reply[PayoutView]:
    """One payout."""
    payout = store.find(call.tx, PayoutId(path.payout_id))
    if payout is None or _only_partner(call) not in (None, payout.partner_id):
        raise UnknownPayout(path.payout_id)
    return Reply(_views(call.tx, [payout])[0], version=payout.version)


def _only_partner(call: Call[Deps]) -> str | None:
    """The partner whose payouts the caller sees; None for the insurer's staff, who sees all."""
    return None if call.caller.is_staff else call.caller.tenant


def _views(tx: Tx, found: Sequence[Payout]) -> list[PayoutView]:
    masks = vault.masks(tx, [payout.payee_token for payout in found])
    return [PayoutView.of(payout, payee_account=masks.get(payout.payee_token)) for payout in found]
