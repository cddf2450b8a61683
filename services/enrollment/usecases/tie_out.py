"""Proves that a statement says what happened: its sums, its file, the policies and the events agree to the fen.

Four ways to the same sums: the totals kept while it was drawn, the lines of its file, the policies themselves, and the
events on Kafka, read from the beginning and each counted once. Events carry premium alone; what they do not know of, an
adjustment, is compared between the other three.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from typing import Final

from services.enrollment.domain.statements import COLUMNS, Statement, Sum, TransactionType, booked_in
from services.enrollment.store import statement_sums
from services.enrollment.usecases.statement_file import csv_file
from shared.db.pool import Database
from shared.events.envelope import Event
from shared.events.policies import PoliciesCanceled, PoliciesEnrolled, PolicyCanceled, PolicyEndorsed
from shared.messaging.headers import event_type_of, read
from shared.messaging.kafka_link import Consumer, Link
from shared.messaging.messages import Message
from shared.values.ids import PartnerId
from shared.values.money import Currency, Fen
from shared.values.periods import Period

_KINDS: Final[tuple[TransactionType, ...]] = ("issued", "renewed", "endorsed", "canceled", "adjusted")
_NO_EVENTS: Final[frozenset[TransactionType]] = frozenset({"adjusted"})


@dataclass(frozen=True, slots=True)
class TieOut:
    """The same sums from four places; ``faults`` names each that differs, none if all agree."""

    stated: dict[TransactionType, Sum]
    in_file: dict[TransactionType, Sum]
    of_policies: dict[TransactionType, Sum]
    premium_of_events: dict[TransactionType, Sum]
    """Only ``lines`` and ``premium`` are known."""

    @property
    def faults(self) -> list[str]:
        return [fault for kind in _KINDS for fault in self._faults_of(kind)]

    def _faults_of(self, kind: TransactionType) -> Iterator[str]:
        stated = self.stated.get(kind, Sum())
        for place, found in (("the file", self.in_file), ("the policies", self.of_policies)):
            other = found.get(kind, Sum())
            if other != stated:
                yield f"{kind}: stated are {_said(stated)}; {place} come to {_said(other)}"
        told = self.premium_of_events.get(kind, Sum())
        if kind not in _NO_EVENTS and (told.lines, told.premium) != (stated.lines, stated.premium):
            yield (
                f"{kind}: stated are {stated.lines} lines with {stated.premium} fen of premium; "
                f"the events come to {told.lines} with {told.premium}"
            )


def tie_out(database: Database, link: Link, statement: Statement) -> TieOut:
    """Add up a drawn statement in four ways. Reads its whole file and the whole topic of policies."""
    booked = booked_in(statement.month)
    with database.transaction() as tx:
        of_policies = statement_sums.of_policies(tx, statement.partner_no, booked, statement.currency)
    return TieOut(
        stated=dict(statement.totals),
        in_file=_in_file(database, statement.statement_id),
        of_policies=of_policies,
        premium_of_events=_of_events(link, statement.partner_id, booked, statement.currency),
    )


def sentence(statement: Statement, month: date) -> str:
    """One line for a person: whose month it is and what it comes to."""
    return f"{statement.partner_id} {month:%Y-%m}: {_said(statement.total)}, net {statement.total.net} fen"


def _in_file(database: Database, statement_id: str) -> dict[TransactionType, Sum]:
    texts = (piece.decode() for piece in csv_file(database, statement_id))
    rows = csv.reader(chain.from_iterable(text.splitlines() for text in texts))
    places = {name: COLUMNS.index(name) for name in COLUMNS}
    kind_at, premium_at = places["transaction_type"], places["gross_premium_fen"]
    tax_at, compensation_at = places["total_taxes_and_levies_fen"], places["coverholder_commission_fen"]
    next(rows)
    totals: dict[str, list[int]] = {}
    for row in rows:
        total = totals.setdefault(row[kind_at], [0, 0, 0, 0])
        total[0] += 1
        total[1] += int(row[premium_at])
        total[2] += int(row[tax_at])
        total[3] += int(row[compensation_at])
    return {kind: _sum(totals[kind]) for kind in _KINDS if kind in totals}


def _of_events(link: Link, partner_id: PartnerId, booked: Period, currency: Currency) -> dict[TransactionType, Sum]:
    totals: dict[TransactionType, Sum] = {}
    seen: set[str] = set()
    with closing(Consumer(link, "tie-out", None)) as consumer:
        partitions = consumer.partitions_of(PoliciesEnrolled.TOPIC)
        bounds = consumer.bounds(partitions)
        starts, ends = ({place: bound[side] for place, bound in bounds.items()} for side in (0, 1))
        for message in consumer.read(ends, starts):
            told = _told(message, seen)
            if told is not None and told[:2] == (partner_id, currency) and booked.holds(told[2]):
                kind, added = told[3:]
                totals[kind] = totals.get(kind, Sum()) + added
    return totals


def _told(message: Message, seen: set[str]) -> tuple[str, str, datetime, TransactionType, Sum] | None:
    """Whose, in which currency, when, and what an event adds; None if it was counted before or moves no premium."""
    struct = event_type_of(message)
    if struct not in {PoliciesEnrolled, PolicyCanceled, PoliciesCanceled, PolicyEndorsed}:
        return None
    envelope = read(message, struct)
    if envelope.id in seen:
        return None
    seen.add(envelope.id)
    return _premium(envelope.data)


def _premium(event: Event) -> tuple[str, str, datetime, TransactionType, Sum] | None:
    match event:
        case PoliciesEnrolled():
            kind: TransactionType = "issued" if event.policies.renews is None else "renewed"
            added = Sum(event.policies.count, Fen(event.premium_fen * event.policies.count))
            return event.partner_id, event.currency, event.enrolled_at, kind, added
        case PolicyCanceled():
            return event.partner_id, event.currency, event.canceled_at, "canceled", Sum(1, Fen(-event.refund_fen))
        case PoliciesCanceled():
            refunds = event.policies.refund_fen
            added = Sum(len(refunds), Fen(-sum(refunds)))
            return event.partner_id, event.currency, event.canceled_at, "canceled", added
        case PolicyEndorsed():
            added = Sum(1, Fen(event.premium_delta_fen))
            return event.partner_id, event.currency, event.endorsed_at, "endorsed", added
        case _:
            return None


def _sum(total: list[int]) -> Sum:
    lines, premium, tax, compensation = total
    return Sum(lines, Fen(premium), Fen(tax), Fen(compensation))


def _said(total: Sum) -> str:
    return (
        f"{total.lines} lines with {total.premium} fen of premium, {total.tax} of tax and "
        f"{total.compensation} of compensation"
    )
