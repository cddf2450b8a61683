"""Ends policies early, one or thousands: cover stops now, what was not used is given back, and all of it is announced.

A renewal that waits falls with the policy that it was to follow; one that runs goes on, whatever is asked of a
predecessor that is over. Whose policies they are the caller has checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Final

from services.enrollment.people.domain.policies import CancelReason
from services.enrollment.policies.domain.chunks import CHUNK_ROWS
from services.enrollment.policies.domain.refunds import refund
from services.enrollment.policies.store import cancellations
from services.enrollment.policies.store.cancellations import Cancellation, Held
from services.enrollment.products.domain.cover import end_when_canceled, zone_of
from services.enrollment.products.store import products
from services.enrollment.webhooks.usecases.tell import Ended, tell_canceled
from shared.db import audit
from shared.db.transaction import Tx
from shared.events.policies import CanceledColumns, PoliciesCanceled, PolicyCanceled, packed
from shared.events.products import ProductPublished
from shared.messaging import outbox
from shared.process.new_ids import new_id
from shared.values.ids import BatchId, EventId, PartnerId, PolicyId
from shared.values.periods import Period

_SINGLY: Final = 2
"""A policy with its renewal is told one by one; what is more goes in columns, at a hundredth of the cost."""


@dataclass(frozen=True, slots=True)
class ByFile:
    """The file that asks for policies to end, and when it came."""

    batch_id: BatchId
    partner_id: PartnerId
    received_at: datetime


@dataclass(frozen=True, slots=True)
class _End:
    held: Held
    terms: ProductPublished
    cancellation: Cancellation


def end_policies(
    tx: Tx,
    reasons: Mapping[PolicyId, CancelReason],
    *,
    actor: str,
    now: datetime,
    by_file: ByFile | None = None,
) -> list[Cancellation]:
    """End those of these policies that run or wait, and the renewals that wait for them; the ones that were ended.

    Where ``by_file`` asks for it cover ends, and what is given back is judged, at the moment at which the file came; it
    is booked now. The partner of the file gets its results; another one, whose
    a policy is by now, is told of it.
    What is over already, canceled or by its term, is passed over, and its renewal with it.
    """
    at = by_file.received_at if by_file else now
    held = cancellations.hold(tx, list(reasons))
    terms = _terms_of(tx, held)
    may_end = [each for each in held if _may_end(each, at)]
    ending = {each.policy_id: reasons[each.policy_id] for each in may_end if each.policy_id in reasons}
    ends = [
        _End(each, terms[each.product_id, each.product_version], _cancellation(each, reason, terms, at, reasons))
        for each in may_end
        if (reason := _reason(each, ending)) is not None
    ]
    if ends:
        event_ids = _announce(tx, ends, now)
        told = [(each.cancellation, event_ids[each.held.policy_id]) for each in ends]
        cancellations.cancel(
            tx, told, canceled_at=now, canceled_by=actor, batch_id=by_file.batch_id if by_file else None
        )
        untold = [end for end in ends if by_file is None or end.held.partner_id != by_file.partner_id]
        if untold:
            tell_canceled(tx, [_fact(end.cancellation) for end in untold], now=now)
    return [each.cancellation for each in ends]


def record_ends(tx: Tx, ended: Sequence[Cancellation], *, actor: str, now: datetime) -> None:
    """Note in the audit trail who ended each of these policies, and what it gave back."""
    for each in ended:
        details: dict[str, str | int | None] = {"reason": each.reason, "refund_fen": each.refund.premium}
        audit.record(tx, actor=actor, action="policy.canceled", subject=each.policy_id, details=details, now=now)


def _fact(end: Cancellation) -> Ended:
    return Ended(end.policy_id, end.reason, end.effective_to, end.refund.premium)


def _terms_of(tx: Tx, held: Sequence[Held]) -> dict[tuple[int, int], ProductPublished]:
    versions = {(each.product_id, each.product_version) for each in held}
    return {version: products.version(tx, *version).terms for version in versions}


def _reason(held: Held, ending: Mapping[PolicyId, CancelReason]) -> CancelReason | None:
    """Why it ends: because somebody asked, or because it waits for one that ends now and will not come to its term."""
    return ending.get(held.policy_id) or (ending.get(held.renews) if held.renews else None)


def _may_end(held: Held, now: datetime) -> bool:
    return held.state in {"in_force", "upcoming"} and now < held.effective_to


def _cancellation(
    held: Held,
    reason: CancelReason,
    terms: Mapping[tuple[int, int], ProductPublished],
    now: datetime,
    reasons: Mapping[PolicyId, CancelReason],
) -> Cancellation:
    product = terms[held.product_id, held.product_version]
    zone = zone_of(product)
    cover = Period(held.effective_from, held.effective_to)
    return Cancellation(
        policy_id=held.policy_id,
        reason=reason,
        effective_to=end_when_canceled(cover, now),
        refund=refund(held.charges(zone), cover, zone, table=product.refund_table, now=now, claimed=held.claimed),
        with_predecessor=held.policy_id not in reasons,
    )


def _announce(tx: Tx, ends: Sequence[_End], now: datetime) -> dict[PolicyId, EventId]:
    """The one place where the world is told that policies ended early; which event tells of each."""
    if len(ends) <= _SINGLY:
        events = [(_single(each, now), each.held.policy_id) for each in ends]
        ids = outbox.add_many(tx, events, now=now)
        return {each.held.policy_id: event_id for each, event_id in zip(ends, ids, strict=True)}
    chunks = list(_chunks(ends))
    together = [(_columns(chunk_id, chunk, now), chunk_id) for chunk_id, chunk in chunks]
    ids = outbox.add_many(tx, together, now=now)
    return {each.held.policy_id: event_id for (_, chunk), event_id in zip(chunks, ids, strict=True) for each in chunk}


def _chunks(ends: Sequence[_End]) -> Iterator[tuple[str, list[_End]]]:
    """Up to CHUNK_ROWS of one partner and currency, each with an id of its own."""

    def shared(end: _End) -> tuple[str, str]:
        return end.held.partner_id, end.terms.currency

    for _, group in groupby(sorted(ends, key=shared), key=shared):
        same = list(group)
        for start in range(0, len(same), CHUNK_ROWS):
            yield new_id(), same[start : start + CHUNK_ROWS]


def _single(end: _End, now: datetime) -> PolicyCanceled:
    return PolicyCanceled(
        policy_id=end.held.policy_id,
        version=end.held.version + 1,
        partner_id=end.held.partner_id,
        canceled_at=now,
        effective_to=end.cancellation.effective_to.astimezone(UTC),
        refund_fen=end.cancellation.refund.premium,
        currency=end.terms.currency,
        reason=end.cancellation.reason,
    )


def _columns(chunk_id: str, chunk: Sequence[_End], now: datetime) -> PoliciesCanceled:
    return PoliciesCanceled(
        chunk_id=chunk_id,
        partner_id=chunk[0].held.partner_id,
        canceled_at=now,
        currency=chunk[0].terms.currency,
        policies=CanceledColumns(
            policy_id=packed([each.held.policy_id for each in chunk]),
            version=[each.held.version + 1 for each in chunk],
            effective_to=[each.cancellation.effective_to.astimezone(UTC) for each in chunk],
            refund_fen=[each.cancellation.refund.premium for each in chunk],
            reason=[each.cancellation.reason for each in chunk],
        ),
    )
