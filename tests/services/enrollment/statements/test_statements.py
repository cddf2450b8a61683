"""A partner's month: drawn piece by piece, the same to the fen wherever one looks, disputed, settled by two persons."""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, date, datetime, timedelta

import psycopg2
import pyarrow.parquet as pq
import pytest

from services.enrollment.policies.domain.endorsements import ItemAdded
from services.enrollment.policies.usecases.vault import Vault
from services.enrollment.products.domain.pricing import Item
from services.enrollment.statements.domain.statements import COLUMNS, Sum
from services.enrollment.statements.store import statement_lines
from services.enrollment.statements.usecases import draw_statements
from services.enrollment.statements.usecases.dispute_statement import answer_dispute, raise_dispute
from shared.db.pool import Database
from shared.values.money import Fen
from tests.services.enrollment.builders import NOW, Partner, faults, row
from tests.services.enrollment.partners.partners import contract
from tests.services.enrollment.statements.a_full_month import endorse, organization
from tests.services.enrollment.statements.books import (
    APRIL,
    COMMISSION,
    PREMIUM,
    TAX,
    Books,
    a_march,
    lines_of,
    taxed_books,
)


@pytest.fixture
def office(database: Database, vault: Vault) -> Books:
    return taxed_books(database, vault)


@pytest.fixture
def march(office: Books) -> Books:
    return a_march(office)


def test_a_month_holds_what_was_booked_in_it_and_nothing_else(march: Books, east: Partner) -> None:
    march.draw()
    total = march.statement().total
    refund = sum(int(line["gross_premium_fen"]) for line in lines_of(east, march.statement().statement_id)[-1:])
    assert {kind: one.lines for kind, one in march.statement().totals.items()} == {"issued": 42, "canceled": 1}
    assert total.premium == 42 * PREMIUM + refund
    assert refund < 0
    assert march.statement().totals["issued"].tax == 42 * TAX
    assert march.statement().totals["issued"].compensation == 42 * COMMISSION
    assert march.statement(partner="telecom-west").total.lines == 1
    march.draw(now=APRIL + timedelta(days=30))
    assert march.statement(month="2026-04-01").totals.keys() == {"canceled"}


def test_the_file_names_each_policy_and_never_a_person(march: Books, east: Partner) -> None:
    march.draw()
    statement = march.statement()
    lines = lines_of(east, statement.statement_id)
    assert tuple(lines[0]) == COLUMNS
    one = next(line for line in lines if line["insured_reference"] == row(7).partner_reference)
    assert one["transaction_type"] == "issued"
    assert (one["risk_inception_date"], one["risk_expiry_date"]) == ("2026-03-02", "2027-03-01")
    assert (one["gross_premium_fen"], one["net_premium_to_insurer_fen"]) == ("1200", "1030")
    text = east.get(f"/v1/statements/{statement.statement_id}/file").text
    assert hashlib.sha256(text.encode()).hexdigest() == statement.sha256
    assert row(7).document_number not in text
    assert row(7).phone not in text
    assert row(7).name not in text


def test_parquet_holds_the_same_lines_with_their_types(march: Books, east: Partner) -> None:
    march.draw()
    statement = march.statement()
    answer = east.client.get(f"/v1/statements/{statement.statement_id}/file?format=parquet", headers=east._headers())
    table = pq.read_table(io.BytesIO(answer.data))
    assert table.num_rows == statement.total.lines
    assert str(table.schema.field("gross_premium_fen").type) == "int64"
    assert str(table.schema.field("risk_inception_date").type) == "date32[day]"
    assert sum(table["gross_premium_fen"].to_pylist()) == statement.total.premium
    assert table["certificate_reference"].to_pylist() == [
        line["certificate_reference"] for line in lines_of(east, statement.statement_id)
    ]


def test_a_statement_drawn_in_many_pieces_with_restarts_is_the_same(
    march: Books, east: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement_lines, "MOST_LINES", 10)
    monkeypatch.setattr(statement_lines, "_CHUNKS_AT_ONCE", 1)
    killed = 0
    with march.database.transaction() as tx:
        draw_statements.start_due_statements(tx, now=APRIL)
    while march.statement().state == "drawing":
        with pytest.raises(RuntimeError), march.database.transaction() as tx:
            draw_statements.draw_next(tx, now=APRIL)
            killed += 1
            raise RuntimeError("killed before it was committed")
        with march.database.transaction() as tx:
            draw_statements.draw_next(tx, now=APRIL)
    assert killed > 6
    lines = lines_of(east, march.statement().statement_id)
    assert len(lines) == march.statement().total.lines == 43
    assert len({(line["transaction_type"], line["transaction_reference"]) for line in lines}) == 43


def test_what_was_stated_does_not_change_when_a_policy_does(march: Books, east: Partner, owner: Database) -> None:
    march.draw()
    statement = march.statement()
    before = east.get(f"/v1/statements/{statement.statement_id}/file").text
    march.cancel(march.enroll(80, now=NOW + timedelta(days=31)), now=NOW + timedelta(days=32))
    assert march.draw() == 0
    assert east.get(f"/v1/statements/{statement.statement_id}/file").text == before
    with pytest.raises(psycopg2.errors.RaiseException), owner.transaction() as tx:
        tx.execute("DELETE FROM statement_parts")


def test_a_partner_sees_its_own_statements_and_finance_sees_all(
    march: Books, east: Partner, west: Partner, accountant: Partner
) -> None:
    march.draw()
    statement = march.statement()
    assert {each["partner_id"] for each in east.get("/v1/statements").json["items"]} == {"telecom-east"}
    assert len(accountant.get("/v1/statements", month="2026-03").json["items"]) == 2
    assert west.get(f"/v1/statements/{statement.statement_id}").status_code == 404
    assert west.get(f"/v1/statements/{statement.statement_id}/file").status_code == 404


def test_a_month_that_is_not_over_is_not_stated(office: Books, accountant: Partner) -> None:
    early = accountant.post("/v1/statements", {"partner_id": "telecom-east", "month": "2099-01"})
    assert (early.status_code, early.json["type"].rpartition("/")[2]) == (409, "month-not-over")
    unknown = accountant.post("/v1/statements", {"partner_id": "telecom-north", "month": "2026-03"})
    assert unknown.status_code == 404
    begun = accountant.post("/v1/statements", {"partner_id": "telecom-east", "month": "2026-03"})
    assert (begun.status_code, begun.json["state"]) == (202, "drawing")
    assert accountant.get(f"{begun.headers['Location']}/file").status_code == 409
    again = accountant.post("/v1/statements", {"partner_id": "telecom-east", "month": "2026-03"})
    assert (again.status_code, again.json["type"].rpartition("/")[2]) == (409, "statement-exists")


def test_a_month_that_no_worker_saw_the_end_of_is_stated_later_if_something_was_booked(march: Books) -> None:
    march.draw(now=APRIL + timedelta(days=100))
    stated = {partner: march.months(partner) for partner in ("telecom-east", "telecom-west")}
    assert stated == {
        "telecom-east": ["2026-02", "2026-03", "2026-04", "2026-06"],
        "telecom-west": ["2026-03", "2026-06"],
    }


@pytest.mark.parametrize("years", [1, 2, 12])
def test_a_month_with_bookings_is_stated_however_long_no_worker_ran(
    march: Books, environ: dict[str, str], years: int
) -> None:
    march.draw(now=APRIL + timedelta(days=366 * years))
    assert march.months("telecom-east")[:3] == ["2026-02", "2026-03", "2026-04"]
    assert march.months("telecom-west")[:1] == ["2026-03"]
    assert faults(march.database, environ) == []


def test_in_the_first_hour_of_a_month_only_the_month_before_waits(march: Books) -> None:
    march.draw(now=datetime(2026, 4, 30, 16, 30, tzinfo=UTC))
    assert march.months("telecom-east") == ["2026-02", "2026-03"]


def test_what_was_booked_after_the_last_statement_is_stated_however_long_no_worker_ran(march: Books) -> None:
    march.draw()
    march.enroll(90, tenant="telecom-west", now=APRIL + timedelta(days=10))
    march.draw(now=APRIL + timedelta(days=800))
    assert march.months("telecom-west")[:2] == ["2026-03", "2026-04"]


def test_a_partner_that_sells_nothing_any_more_is_still_given_back_what_was_canceled(march: Books) -> None:
    with march.database.transaction() as tx:
        tx.execute("DELETE FROM partner_products")
    march.draw(now=APRIL + timedelta(days=30))
    assert march.months("telecom-east") == ["2026-02", "2026-03", "2026-04"]


def test_a_contract_that_begins_on_the_last_day_of_a_month_has_a_statement_of_it(march: Books) -> None:
    with march.database.transaction() as tx:
        tx.execute("UPDATE partners SET first_day = '2026-03-31'")
    march.draw()
    assert march.months("telecom-west") == ["2026-03"]


def test_a_month_before_the_contract_is_not_stated(march: Books, accountant: Partner) -> None:
    with march.database.transaction() as tx:
        tx.execute("UPDATE partners SET first_day = '2026-03-31'")
    early = accountant.post("/v1/statements", {"partner_id": "telecom-west", "month": "2026-02"})
    assert (early.status_code, early.json["errors"][0]["pointer"]) == (422, "/month")
    assert accountant.post("/v1/statements", {"partner_id": "telecom-west", "month": "2026-03"}).status_code == 202


def of_february_changed_in_march(books: Books, what: str) -> None:
    """A policy of west's, of February, whose statement is drawn; and what was booked in March."""
    february = NOW - timedelta(days=1)
    policy = organization(books, tenant="telecom-west", now=february)
    books.draw(now=NOW)
    match what:
        case "issued":
            books.enroll(1, tenant="telecom-west")
        case "canceled":
            books.cancel(policy, now=NOW)
        case "endorsed":
            third = ItemAdded(Item("third", "Third model"), date(2026, 3, 15))
            endorse(books, policy, third, tenant="telecom-west", now=NOW)
        case _:
            stated = books.statement(partner="telecom-west", month="2026-02-01")
            with books.database.transaction() as tx:
                dispute = raise_dispute(
                    tx, stated.statement_id, None, "other", None, partner_no=stated.partner_no, actor="test", now=NOW
                )
                answer_dispute(tx, dispute.dispute_id, upheld=True, adjustment=Sum(1, Fen(-1)), actor="f", now=NOW)


@pytest.mark.parametrize("how", ["by schedule", "by hand"])
@pytest.mark.parametrize("what", ["issued", "canceled", "endorsed", "adjusted"])
def test_a_contract_said_anew_for_the_next_period_loses_nothing_that_was_booked_before(
    office: Books, accountant: Partner, partner_manager: Partner, what: str, how: str
) -> None:
    of_february_changed_in_march(office, what)
    stored = partner_manager.get("/v1/partners/telecom-west")
    anew = {name: stored.json[name] for name in contract()} | {"first_day": "2026-04-01", "last_day": "2027-03-31"}
    assert partner_manager.put("/v1/partners/telecom-west", anew, match=stored.headers["ETag"]).status_code == 200
    if how == "by hand":
        asked = accountant.post("/v1/statements", {"partner_id": "telecom-west", "month": "2026-03"})
        assert asked.status_code == 202
    office.draw()
    assert office.months("telecom-west") == ["2026-02", "2026-03"]
    assert office.statement(partner="telecom-west").totals.keys() == {what}


@pytest.mark.parametrize("change", ["last_day = '2026-02-28'", "state = 'wind_down'", "first_day = '2026-04-01'"])
def test_a_partner_that_is_not_under_contract_is_told_of_no_month_in_which_nothing_was_booked(
    office: Books, accountant: Partner, change: str
) -> None:
    with office.database.transaction() as tx:
        tx.execute(f"UPDATE partners SET {change} WHERE partner_id = 'telecom-west'")
    office.draw()
    assert (office.months("telecom-east"), office.months("telecom-west")) == (["2026-03"], [])
    asked = accountant.post("/v1/statements", {"partner_id": "telecom-west", "month": "2026-03"})
    assert (asked.status_code, asked.json["errors"][0]["pointer"]) == (422, "/month")


@pytest.mark.parametrize("change", ["last_day = '2026-03-01'", "state = 'suspended'"])
def test_a_partner_under_contract_is_told_that_nothing_was_booked(office: Books, change: str) -> None:
    with office.database.transaction() as tx:
        tx.execute(f"UPDATE partners SET {change} WHERE partner_id = 'telecom-west'")
    office.draw()
    assert office.months("telecom-west") == ["2026-03"]
    assert office.statement(partner="telecom-west").total == Sum()


@pytest.mark.parametrize("days", [30, 800])
def test_verify_finds_a_month_that_was_passed_over_and_it_is_stated_by_hand(
    march: Books, accountant: Partner, environ: dict[str, str], days: int, owner: Database
) -> None:
    march.draw(now=APRIL + timedelta(days=days))
    assert faults(march.database, environ) == []
    with owner.transaction() as tx:
        for table in ("statement_parts", "statement_totals", "statements"):
            tx.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            tx.execute(
                f"DELETE FROM {table} WHERE statement_id IN (SELECT statement_id FROM statements"
                " WHERE month = '2026-03-01' AND partner_no = (SELECT partner_no FROM partners"
                " WHERE partner_id = 'telecom-east'))"
            )
    assert faults(march.database, environ) == [
        "something was booked for partner telecom-east in 2026-03 in CNY, and no statement has it"
    ]
    assert accountant.post("/v1/statements", {"partner_id": "telecom-east", "month": "2026-03"}).status_code == 202
    march.draw(now=APRIL + timedelta(days=days))
    assert faults(march.database, environ) == []


def test_verify_finds_a_statement_that_is_not_what_the_policies_come_to(
    march: Books, environ: dict[str, str], owner: Database
) -> None:
    march.draw()
    assert faults(march.database, environ) == []
    with owner.transaction() as tx:
        tx.execute("ALTER TABLE statement_totals DISABLE TRIGGER USER")
        tx.execute("UPDATE statement_totals SET lines = lines + 1 WHERE transaction_type = 'canceled'")
    statement_id = march.statement().statement_id
    assert faults(march.database, environ) == [
        f"statement {statement_id} counts 44 lines and its file has 43",
        f"statement {statement_id} is not what the policies come to; run tie-out for the difference",
    ]
