"""A partner's month: drawn piece by piece, the same to the fen wherever one looks, disputed, settled by two persons."""

from __future__ import annotations

import csv
import hashlib
import io
from datetime import datetime, timedelta
from typing import Any

import psycopg2
import pyarrow.parquet as pq
import pytest
from flask import Flask

from deploy.local.issuer import Issuer
from services.enrollment.domain.policies import Policy
from services.enrollment.domain.statements import COLUMNS, ZONE, Statement, Sum, booked_in
from services.enrollment.store import statement_lines
from services.enrollment.usecases import draw_statements
from services.enrollment.usecases.dispute_statement import answer_dispute, raise_dispute
from services.enrollment.usecases.settle_statement import decide_settlement, record_settlement
from services.enrollment.usecases.vault import Vault
from services.enrollment.usecases.wind_down import wind_down
from shared.db.pool import Database
from shared.values.ids import PartnerId, PolicyId
from shared.values.money import Fen
from tests.services.enrollment.books import APRIL, COMMISSION, PREMIUM, TAX, Books, a_march, taxed_books
from tests.services.enrollment.builders import NOW, Answer, Partner, faults, row
from tests.services.enrollment.test_wind_down import work_off


@pytest.fixture
def office(database: Database, vault: Vault) -> Books:
    return taxed_books(database, vault)


@pytest.fixture
def march(office: Books) -> Books:
    return a_march(office)


@pytest.fixture
def accountant(app: Flask, issuer: Issuer) -> Partner:
    return Partner(app.test_client(), issuer.token("finance-chen"))


@pytest.fixture
def approver(app: Flask, issuer: Issuer) -> Partner:
    return Partner(app.test_client(), issuer.token("finance-lin"))


def lines_of(partner: Partner, statement_id: str) -> list[dict[str, str]]:
    text = partner.get(f"/v1/statements/{statement_id}/file").text
    return list(csv.DictReader(io.StringIO(text, newline="")))


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


def test_what_was_stated_does_not_change_when_a_policy_does(march: Books, east: Partner) -> None:
    march.draw()
    statement = march.statement()
    before = east.get(f"/v1/statements/{statement.statement_id}/file").text
    march.cancel(march.enroll(80, now=NOW + timedelta(days=31)), now=NOW + timedelta(days=32))
    assert march.draw() == 0
    assert east.get(f"/v1/statements/{statement.statement_id}/file").text == before
    with pytest.raises(psycopg2.errors.RaiseException), march.database.transaction() as tx:
        tx.execute("DELETE FROM statement_parts")


def upheld_and_settled(march: Books, one: Statement) -> None:
    """A dispute about the statement is answered, a first settlement rejected, a second one approved."""
    with march.database.transaction() as tx:
        dispute = raise_dispute(
            tx, one.statement_id, None, "other", None, partner_no=one.partner_no, actor="test", now=APRIL
        )
        answer_dispute(tx, dispute.dispute_id, upheld=True, adjustment=Sum(1, Fen(-1)), actor="one", now=APRIL)
        for approved in (False, True):
            record_settlement(tx, one.statement_id, one.total.net, "FT-1", APRIL.date(), actor="one", now=APRIL)
            decide_settlement(tx, one.statement_id, approved=approved, actor="two", now=APRIL)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE statements SET sha256 = repeat('0', 64)",
        "UPDATE statements SET month = '2026-05-01' WHERE month = '2026-03-01' AND partner_no = 1",
        "UPDATE statements SET due_day = due_day + 1",
        "UPDATE statements SET state = 'drawn' WHERE state = 'settled'",
        "UPDATE statements SET state = 'drawing', sha256 = NULL, drawn_at = NULL",
        "DELETE FROM statements",
        "UPDATE statement_totals SET premium_fen = premium_fen + 1",
        "DELETE FROM statement_totals",
        "INSERT INTO statement_totals SELECT statement_id, 'adjusted', 1, 0, 0, 0, 0 FROM statements",
        "INSERT INTO statement_parts SELECT statement_id, 9, 0, '' FROM statements",
        "UPDATE statement_parts SET csv_gzip = ''",
        "DELETE FROM statement_parts",
        "UPDATE statement_settlements SET net_fen = net_fen + 1",
        "UPDATE statement_settlements SET state = 'approved' WHERE state = 'rejected'",
        "DELETE FROM statement_settlements",
        "UPDATE statement_disputes SET premium_fen = premium_fen - 1",
        "DELETE FROM statement_disputes",
    ],
)
def test_the_database_keeps_what_was_stated_answered_and_settled(march: Books, change: str) -> None:
    march.draw()
    upheld_and_settled(march, march.statement())
    with pytest.raises(psycopg2.errors.RaiseException), march.database.transaction() as tx:
        tx.execute(change)


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


def test_settling_takes_two_persons_and_the_stated_amount(march: Books, accountant: Partner, approver: Partner) -> None:
    march.draw()
    statement = march.statement()
    path = f"/v1/statements/{statement.statement_id}"
    payment = {"net_fen": statement.total.net, "bank_reference": "FT-2026-04-10-1", "value_day": "2026-04-10"}
    wrong = accountant.post(f"{path}/settlement", payment | {"net_fen": 1})
    assert (wrong.status_code, wrong.json["type"].rpartition("/")[2]) == (422, "not-the-net-amount")
    assert accountant.post(f"{path}/settlement", payment).status_code == 201
    assert accountant.post(f"{path}/settlement", payment).status_code == 409
    assert approver.post(f"{path}/settlement/rejection", None).status_code == 200
    assert accountant.post(f"{path}/settlement", payment).status_code == 201
    approved = approver.post(f"{path}/settlement/approval", None)
    assert (approved.json["recorded_by"], approved.json["decided_by"]) == ("finance-chen", "finance-lin")
    assert accountant.get(path).json["state"] == "settled"
    assert approver.post(f"{path}/settlement/approval", None).status_code == 409


def test_who_recorded_a_settlement_does_not_decide_it_whatever_the_token_allows(
    march: Books, app: Flask, issuer: Issuer, approver: Partner
) -> None:
    march.draw()
    statement = march.statement()
    path = f"/v1/statements/{statement.statement_id}/settlement"
    both = Partner(app.test_client(), issuer.token("finance-chen", scope="statements:write statements:approve"))
    payment = {"net_fen": statement.total.net, "bank_reference": "FT-1", "value_day": "2026-04-10"}
    assert both.post(path, payment).status_code == 201
    for decision in ("approval", "rejection"):
        refused = both.post(f"{path}/{decision}", None)
        assert (refused.status_code, problem(refused)) == (409, "second-person-needed")
    assert approver.post(f"{path}/approval", None).status_code == 200


def test_the_database_too_refuses_an_approval_by_who_recorded_it(march: Books) -> None:
    march.draw()
    statement = march.statement()
    with march.database.transaction() as tx:
        record_settlement(tx, statement.statement_id, statement.total.net, "FT-1", APRIL.date(), actor="one", now=APRIL)
    with pytest.raises(psycopg2.errors.CheckViolation), march.database.transaction() as tx:
        tx.execute("UPDATE statement_settlements SET state = 'approved', decided_at = now(), decided_by = 'one'")


def test_a_dispute_is_answered_before_settling_and_adjusts_a_later_month(
    march: Books, east: Partner, west: Partner, accountant: Partner, approver: Partner
) -> None:
    march.draw()
    statement = march.statement()
    path = f"/v1/statements/{statement.statement_id}"
    policy_id = lines_of(east, statement.statement_id)[0]["certificate_reference"]
    assert west.post(f"{path}/disputes", {"reason": "other"}).status_code == 404
    foreign = {"reason": "amount_wrong", "policy_id": lines_of(west, _west(march))[0]["certificate_reference"]}
    assert east.post(f"{path}/disputes", foreign).status_code == 422
    raised = east.post(f"{path}/disputes", {"reason": "policy_not_ours", "policy_id": policy_id})
    assert raised.status_code == 201
    payment = {"net_fen": statement.total.net, "bank_reference": "FT-1", "value_day": "2026-04-10"}
    assert accountant.post(f"{path}/settlement", payment).status_code == 201
    blocked = approver.post(f"{path}/settlement/approval", None)
    assert (blocked.status_code, blocked.json["type"].rpartition("/")[2]) == (409, "disputes-open")
    answer: dict[str, Any] = {
        "outcome": "upheld",
        "adjustment": {
            "gross_premium_fen": -PREMIUM,
            "total_taxes_and_levies_fen": -TAX,
            "coverholder_commission_fen": -COMMISSION,
        },
    }
    answered = accountant.post(f"/v1/statement-disputes/{raised.json['dispute_id']}/answer", answer)
    assert answered.json["state"] == "upheld"
    assert accountant.post(f"/v1/statement-disputes/{raised.json['dispute_id']}/answer", answer).status_code == 409
    assert approver.post(f"{path}/settlement/approval", None).status_code == 200
    assert east.post(f"{path}/disputes", {"reason": "other"}).status_code == 409
    # The month is that of China, and its statement is drawn an hour into the next.
    month = datetime.fromisoformat(answered.json["answered_at"]).astimezone(ZONE).date().replace(day=1)
    march.draw(now=booked_in(month).end + timedelta(hours=2))
    later = march.statement(month=month.isoformat())
    assert later.totals["adjusted"].net == -(PREMIUM - COMMISSION)


def problem(reply: Answer) -> str:
    return str(reply.json["type"]).rpartition("/")[2]


def test_a_policy_is_disputed_on_the_statements_that_have_a_line_of_it(
    march: Books, east: Partner, west: Partner
) -> None:
    moved = march.enroll(61, tenant="telecom-west")
    of_february = march.enroll(71, now=NOW - timedelta(days=1))
    of_april = march.enroll(72, now=NOW + timedelta(days=31))
    march.cancel(of_february, now=NOW + timedelta(days=3))
    with march.database.transaction() as tx:
        wind_down(tx, PartnerId("telecom-west"), PartnerId("telecom-east"), actor="test", now=NOW)
    work_off(march.database)
    march.draw()

    def disputed(partner: Partner, statement: Statement, policy: Policy) -> Answer:
        body = {"reason": "amount_wrong", "policy_id": policy.policy_id}
        return partner.post(f"/v1/statements/{statement.statement_id}/disputes", body)

    assert disputed(west, march.statement(partner="telecom-west"), moved).status_code == 201
    assert disputed(east, march.statement(), of_february).status_code == 201
    assert disputed(east, march.statement(month="2026-02-01"), of_february).status_code == 201
    for policy in (moved, of_april):
        refused = disputed(east, march.statement(), policy)
        assert (refused.status_code, problem(refused)) == (422, "not-on-the-statement")


def test_an_adjusted_policy_is_disputed_on_the_statement_that_adjusts_it(march: Books, east: Partner) -> None:
    march.draw()
    (line, *_) = lines_of(east, march.statement().statement_id)
    policy_id = line["certificate_reference"]
    april = NOW + timedelta(days=40)
    with march.database.transaction() as tx:
        stated = march.statement()
        one = raise_dispute(
            tx,
            stated.statement_id,
            PolicyId(policy_id),
            "amount_wrong",
            None,
            partner_no=stated.partner_no,
            actor="test",
            now=april,
        )
        answer_dispute(tx, one.dispute_id, upheld=True, adjustment=Sum(1, Fen(-1)), actor="finance", now=april)
    march.draw(now=APRIL + timedelta(days=30))
    later = march.statement(month="2026-04-01")
    path = f"/v1/statements/{later.statement_id}/disputes"
    assert east.post(path, {"reason": "amount_wrong", "policy_id": policy_id}).status_code == 201


def _west(march: Books) -> str:
    return march.statement(partner="telecom-west").statement_id


def test_verify_finds_a_statement_that_is_not_what_the_policies_come_to(march: Books, environ: dict[str, str]) -> None:
    march.draw()
    assert faults(march.database, environ) == []
    with march.database.transaction() as tx:
        tx.execute("ALTER TABLE statement_totals DISABLE TRIGGER USER")
        tx.execute("UPDATE statement_totals SET lines = lines + 1 WHERE transaction_type = 'canceled'")
    statement_id = march.statement().statement_id
    assert faults(march.database, environ) == [
        f"statement {statement_id} counts 44 lines and its file has 43",
        f"statement {statement_id} is not what the policies come to; run tie-out for the difference",
    ]
