"""A partner's months: what is booked in them, drawn by the worker's steps, told to Kafka and heard again."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from services.enrollment.people.domain.policies import Policy
from services.enrollment.policies.usecases.vault import Vault
from services.enrollment.products.usecases import shipped
from services.enrollment.products.usecases.publish_product import install_products
from services.enrollment.statements.domain.statements import Statement
from services.enrollment.statements.store import statements
from services.enrollment.statements.usecases import draw_statements
from services.enrollment.tools import INSTALLER
from shared.db.pool import Database
from tests.services.enrollment.builders import NOW, PRODUCT, Answer, Partner, row
from tests.services.enrollment.builders import csv as csv_of
from tests.services.enrollment.policies.lifecycle import Office

APRIL = datetime(2026, 3, 31, 18, tzinfo=UTC)
"""Two at night in Shanghai, the first of April: March can be stated."""
PREMIUM, TAX, COMMISSION = 1200, 68, 170
"""12 yuan with 6 % tax in it, and 15 % commission of the rest."""


@dataclass(frozen=True)
class Books(Office):
    """The facts of some months, without the hours and processes that they would take."""

    def enroll(self, n: int, *, now: datetime = NOW, tenant: str = "telecom-east", **changes: str) -> Policy:
        """Cover from the day after ``now`` on."""
        return super().enroll(n, now=now, tenant=tenant, **({"effective_date": ""} | changes))

    def load(self, first: int, last: int, *, now: datetime = NOW) -> None:
        self.send(
            "enrollment", csv_of([row(n, effective_date="") for n in range(first, last)]).decode().splitlines(), now=now
        )

    def draw(self, *, now: datetime = APRIL) -> int:
        """What the worker does; how many pieces it wrote."""
        with self.database.transaction() as tx:
            draw_statements.start_due_statements(tx, now=now)
        steps = 0
        while True:
            with self.database.transaction() as tx:
                if not draw_statements.draw_next(tx, now=now):
                    return steps
            steps += 1

    def months(self, partner: str) -> list[str]:
        with self.database.transaction() as tx:
            rows = tx.all(
                "SELECT to_char(month, 'YYYY-MM') FROM statements JOIN partners USING (partner_no)"
                " WHERE partner_id = %s ORDER BY month",
                (partner,),
            )
        return [row[0] for row in rows]

    def statement(self, *, partner: str = "telecom-east", month: str = "2026-03-01") -> Statement:
        with self.database.transaction() as tx:
            found = tx.one(
                "SELECT statement_id FROM statements JOIN partners USING (partner_no)"
                " WHERE partner_id = %s AND month = %s",
                (partner, month),
            )
            assert found is not None
            statement = statements.statement(tx, found[0], partner_no=None)
        assert statement is not None
        return statement


def taxed_books(database: Database, vault: Vault) -> Books:
    """Books of a product with tax in its premium, and of partners that keep a commission."""
    (terms,) = (each for each in shipped.products() if each.product_code == PRODUCT)
    taxed = msgspec.structs.replace(terms, product_version=2, tax_basis_points=600)
    with database.transaction() as tx:
        install_products(tx, [taxed], actor=INSTALLER, now=NOW)
        tx.execute("UPDATE partners SET compensation_kind = 'commission', compensation_value = 1500")
    return Books(database, vault)


def a_march(books: Books) -> Books:
    """40 policies by file, two singly; one of those canceled in March, one in April; one of west; one of February."""
    books.load(1, 41)
    first, second = books.enroll(50), books.enroll(51)
    books.cancel(first, now=NOW + timedelta(days=10))
    books.cancel(second, now=NOW + timedelta(days=40))
    books.enroll(60, tenant="telecom-west")
    books.enroll(70, now=NOW - timedelta(days=1))
    return books


def lines_of(partner: Partner, statement_id: str) -> list[dict[str, str]]:
    text = partner.get(f"/v1/statements/{statement_id}/file").text
    return list(csv.DictReader(io.StringIO(text, newline="")))


def problem(reply: Answer) -> str:
    return str(reply.json["type"]).rpartition("/")[2]
