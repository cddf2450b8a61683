"""Proves that a statement says what happened: its sums, its file, the policies and the events agree to the fen.

Four ways to the same sums: the totals kept while it was drawn, the lines of its file, the policies themselves, and the
events as Kafka delivered them, each counted once. A digest beside the sums tells whether they are of the same lines.
Events carry premium alone; what they do not know of, an adjustment, is compared between the other three.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from services.enrollment.statements.domain.line_digest import digest_of
from services.enrollment.statements.domain.statements import COLUMNS, Statement, Sum, TransactionType, booked_in
from services.enrollment.statements.store import event_tallies, statement_sums
from services.enrollment.statements.store.event_tallies import Unmatched
from services.enrollment.statements.usecases.statement_file import csv_file
from shared.db.pool import Database
from shared.values.money import Fen

_KINDS: Final[tuple[TransactionType, ...]] = ("issued", "renewed", "endorsed", "canceled", "adjusted")
_NO_EVENTS: Final[frozenset[TransactionType]] = frozenset({"adjusted"})
_SHOWN: Final = 3
"""Ids of events that a person gets to see: enough to look one up."""

_Sums = dict[TransactionType, Sum]


@dataclass(frozen=True, slots=True)
class FileContent:
    """What the lines of a statement's file come to, and whether it is still the file that was drawn."""

    sums: _Sums
    sha256: str
    wrong_net: int
    """Lines whose net amount is not premium without compensation."""


@dataclass(frozen=True, slots=True)
class TieOut:
    """The same sums from four places; ``faults`` names each that differs, none if all agree."""

    stated: _Sums
    sha256: str | None
    file: FileContent
    of_policies: _Sums
    of_events: _Sums
    """Without tax and compensation, which events do not carry."""
    unmatched: Sequence[Unmatched]

    @property
    def faults(self) -> list[str]:
        sums = [fault for kind in _KINDS for fault in self._faults_of(kind)]
        return [*self._faults_of_file(), *sums, *self._faults_of_delivery()]

    def _faults_of_file(self) -> Iterator[str]:
        if self.file.sha256 != self.sha256:
            yield f"the file has the SHA-256 {self.file.sha256}; stated is {self.sha256}"
        if self.file.wrong_net:
            yield f"{self.file.wrong_net} lines of the file have a net amount that is not premium less compensation"

    def _faults_of(self, kind: TransactionType) -> Iterator[str]:
        stated = self.stated.get(kind, Sum())
        yield from _difference(kind, stated, "the file", self.file.sums.get(kind, Sum()))
        yield from _difference(kind, stated, "the policies", self.of_policies.get(kind, Sum()))
        if kind not in _NO_EVENTS:
            premium = replace(stated, tax=Fen(0), compensation=Fen(0))
            yield from _difference(kind, premium, "the events", self.of_events.get(kind, Sum()))

    def _faults_of_delivery(self) -> Iterator[str]:
        groups = (
            ("wait in the outbox", [each for each in self.unmatched if each.in_outbox]),
            (
                "were sent and are not consumed yet, or are lost",
                [each for each in self.unmatched if not each.heard and not each.in_outbox],
            ),
            ("were consumed and belong to no policy of the month", [each for each in self.unmatched if each.heard]),
        )
        for what, events in groups:
            if events:
                ids = ", ".join(each.event_id for each in events[:_SHOWN])
                yield f"{len(events)} events {what}: {ids}{', ...' if len(events) > _SHOWN else ''}"


def tie_out(database: Database, statement: Statement) -> TieOut:
    """Add up a drawn statement in four ways. Reads its whole file."""
    booked = booked_in(statement.month)
    partner_no, partner_id, currency = statement.partner_no, statement.partner_id, statement.currency
    with database.transaction() as tx:
        of_policies = statement_sums.of_policies(tx, partner_no, booked, currency)
        of_events = event_tallies.of_month(tx, partner_id, booked, currency)
        unmatched = event_tallies.unmatched(tx, partner_no, partner_id, booked, currency)
    return TieOut(
        stated=dict(statement.totals),
        sha256=statement.sha256,
        file=_read_file(database, statement.statement_id),
        of_policies=of_policies,
        of_events=of_events,
        unmatched=unmatched,
    )


def sentence(statement: Statement, month: date) -> str:
    """One line for a person: whose month it is and what it comes to."""
    return f"{statement.partner_id} {month:%Y-%m}: {_said(statement.total)}, net {statement.total.net} fen"


def _read_file(database: Database, statement_id: str) -> FileContent:
    hashed = hashlib.sha256()
    sums: _Sums = {}
    wrong_net = 0
    pieces = csv_file(database, statement_id)
    hashed.update(next(pieces))  # the header
    for piece in pieces:
        hashed.update(piece)
        for line in csv.DictReader(io.StringIO(piece.decode(), newline=""), COLUMNS):
            kind, one = _line(line)
            sums[kind] = sums.get(kind, Sum()) + one
            wrong_net += int(line["net_premium_to_insurer_fen"]) != one.net
    return FileContent(sums, hashed.hexdigest(), wrong_net)


def _line(line: dict[str, str]) -> tuple[TransactionType, Sum]:
    kind: TransactionType = next(each for each in _KINDS if each == line["transaction_type"])
    premium = int(line["gross_premium_fen"])
    digest = digest_of(kind, line["transaction_reference"], line["certificate_reference"], premium)
    tax, compensation = Fen(int(line["total_taxes_and_levies_fen"])), Fen(int(line["coverholder_commission_fen"]))
    return kind, Sum(1, Fen(premium), tax, compensation, digest)


def _difference(kind: TransactionType, stated: Sum, place: str, found: Sum) -> Iterator[str]:
    if replace(found, digest=stated.digest) != stated:
        yield f"{kind}: stated are {_said(stated)}; {place} come to {_said(found)}"
    elif found != stated:
        yield f"{kind}: {place} come to the same sums as stated, and not by the same policies and amounts"


def _said(total: Sum) -> str:
    return (
        f"{total.lines} lines with {total.premium} fen of premium, {total.tax} of tax and "
        f"{total.compensation} of compensation"
    )
