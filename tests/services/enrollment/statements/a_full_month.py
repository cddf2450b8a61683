"""A month at two partners in which everything happens that a statement has a line for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from services.enrollment.partners.usecases.wind_down import wind_down
from services.enrollment.people.domain.policies import Policy
from services.enrollment.policies.domain.endorsements import Change, ItemAdded, ItemRemoved
from services.enrollment.policies.usecases.endorse_policy import endorse_policy
from services.enrollment.products.domain.pricing import Item, Risk
from services.enrollment.products.domain.schedules import ScheduleRequest
from services.enrollment.statements.domain.statements import Sum
from services.enrollment.statements.usecases.dispute_statement import answer_dispute, raise_dispute
from shared.values.ids import PartnerId, ProductCode
from shared.values.money import Fen
from tests.services.enrollment.builders import enroll_policy, row
from tests.services.enrollment.partners.wind_down import work_off
from tests.services.enrollment.policies.lifecycle import Office
from tests.services.enrollment.products.organizations import FAIR, MODELS, code_of
from tests.services.enrollment.statements.books import Books

MONTH = "2027-02-01"
LATER = datetime(2027, 2, 1, 4, tzinfo=UTC)
"""Noon in Shanghai, a month before what is sold at ``NOW`` ends."""


def organization(books: Books, *, tenant: str, now: datetime) -> Policy:
    raw = row(
        900, document_type="unified_social_credit_code", document_number=code_of(900), name="晨星", effective_date=""
    )
    order = ScheduleRequest(Risk(FAIR, tuple(Item(each["reference"], each["name"]) for each in MODELS)))
    with books.database.transaction() as tx:
        return enroll_policy(
            tx,
            raw,
            ProductCode("algorithmic-bias"),
            order,
            tenant=tenant,
            vault=books.vault,
            now=now,
            sandbox=True,
        ).policy


def endorse(books: Office, policy: Policy, what: Change, *, tenant: str, now: datetime) -> None:
    with books.database.transaction() as tx:
        endorse_policy(
            tx,
            policy.policy_id,
            what,
            tenant=tenant,
            actor="test",
            require_match=lambda _version: None,
            vault=books.vault,
            now=now,
        )


def everything(books: Books) -> None:
    """A month with lines of each kind at east, and policies that came to it from west."""
    with books.database.transaction() as tx:
        tx.execute("UPDATE partners SET last_day = '2027-12-31'")
    books.enroll(100)
    january = books.enroll(101, now=LATER - timedelta(days=5))
    books.draw(now=LATER)
    with books.database.transaction() as tx:
        stated = books.statement(month="2027-01-01")
        dispute = raise_dispute(
            tx, stated.statement_id, january.policy_id, "amount_wrong", None, partner_no=stated.partner_no,
            actor="test", now=LATER,
        )  # fmt: skip
        answer_dispute(
            tx, dispute.dispute_id, upheld=True, adjustment=Sum(1, Fen(-200), Fen(-11), Fen(-28)), actor="f", now=LATER
        )
    books.load(1, 21, now=LATER)
    books.send("renewal", ["partner_reference", row(100).partner_reference], now=LATER + timedelta(days=1))
    books.send("removal", ["partner_reference", *(row(n).partner_reference for n in (3, 4, 5))], now=LATER)
    books.cancel(books.enroll(50, now=LATER), now=LATER + timedelta(days=10))
    moved = books.enroll(60, tenant="telecom-west", now=LATER)
    models = organization(books, tenant="telecom-west", now=LATER)
    third = ItemAdded(Item("third", "Third model"), date(2027, 2, 15))
    endorse(books, models, third, tenant="telecom-west", now=LATER + timedelta(days=2))
    with books.database.transaction() as tx:
        wind_down(tx, PartnerId("telecom-west"), PartnerId("telecom-east"), actor="test", now=LATER + timedelta(days=3))
    work_off(books.database, now=LATER + timedelta(days=3))
    endorse(
        books, models, ItemRemoved("third", date(2027, 2, 25)), tenant="telecom-east", now=LATER + timedelta(days=5)
    )
    books.cancel(books.policy(moved.policy_id), now=LATER + timedelta(days=6))
