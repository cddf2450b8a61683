"""What follows a drawn statement: disputes and their answers, and a settlement by two persons."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

import psycopg2
import pytest
from flask import Flask

from deploy.local.issuer import Issuer
from services.enrollment.partners.usecases.wind_down import wind_down
from services.enrollment.people.domain.policies import Policy
from services.enrollment.policies.usecases.vault import Vault
from services.enrollment.statements.domain.errors import BankReferenceUsed
from services.enrollment.statements.domain.statements import ZONE, Statement, Sum, booked_in
from services.enrollment.statements.usecases.dispute_statement import answer_dispute, raise_dispute
from services.enrollment.statements.usecases.settle_statement import decide_settlement, record_settlement
from shared.db.pool import Database
from shared.values.ids import PartnerId, PolicyId
from shared.values.money import Fen
from tests import clock
from tests.services.enrollment.builders import NOW, Answer, Partner, faults
from tests.services.enrollment.partners.wind_down import work_off
from tests.services.enrollment.statements.books import (
    APRIL,
    COMMISSION,
    PREMIUM,
    TAX,
    Books,
    a_march,
    lines_of,
    problem,
    taxed_books,
)


@pytest.fixture
def office(database: Database, vault: Vault) -> Books:
    return taxed_books(database, vault)


@pytest.fixture
def march(office: Books) -> Books:
    return a_march(office)


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
def test_the_database_keeps_what_was_stated_answered_and_settled(march: Books, owner: Database, change: str) -> None:
    march.draw()
    upheld_and_settled(march, march.statement())
    with pytest.raises(psycopg2.errors.RaiseException), owner.transaction() as tx:
        tx.execute(change)


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


def test_the_database_too_refuses_a_second_settlement(march: Books) -> None:
    march.draw()
    statement = march.statement()
    with march.database.transaction() as tx:
        record_settlement(tx, statement.statement_id, statement.total.net, "FT-1", APRIL.date(), actor="one", now=APRIL)
    with pytest.raises(psycopg2.errors.UniqueViolation), march.database.transaction() as tx:
        tx.execute(
            "INSERT INTO statement_settlements SELECT gen_random_uuid(), statement_id, net_fen, 'FT-2', value_day,"
            " state, recorded_at, recorded_by FROM statement_settlements"
        )


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
    twice = east.post(f"{path}/disputes", {"reason": "policy_not_ours", "policy_id": policy_id})
    assert (twice.status_code, twice.json["type"].rpartition("/")[2]) == (409, "disputed-already")
    nothing = accountant.post(f"/v1/statement-disputes/{raised.json['dispute_id']}/answer", {"outcome": "upheld"})
    assert (nothing.status_code, nothing.json["errors"][0]["pointer"]) == (422, "/adjustment")
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
    # The month is that of China, and its statement is drawn an hour into the next.
    month = datetime.fromisoformat(answered.json["answered_at"]).astimezone(ZONE).date().replace(day=1)
    march.draw(now=booked_in(month).end + timedelta(hours=2))
    later = march.statement(month=month.isoformat())
    assert later.totals["adjusted"].net == -(PREMIUM - COMMISSION)


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


def test_what_is_noticed_after_settling_is_disputed_within_a_year(
    march: Books, east: Partner, accountant: Partner
) -> None:
    now = clock.now()
    march.draw(now=now)
    statement = march.statement()
    with march.database.transaction() as tx:
        record_settlement(tx, statement.statement_id, statement.total.net, "FT-1", APRIL.date(), actor="one", now=now)
        decide_settlement(tx, statement.statement_id, approved=True, actor="two", now=now)
    path = f"/v1/statements/{statement.statement_id}/disputes"
    raised = east.post(path, {"reason": "other"})
    assert raised.status_code == 201
    answer = {"outcome": "upheld", "adjustment": {"coverholder_commission_fen": 30}}
    answered = accountant.post(f"/v1/statement-disputes/{raised.json['dispute_id']}/answer", answer)
    assert answered.json["adjustment"]["net_premium_to_insurer_fen"] == -30
    march.move_clock(now + timedelta(days=366))
    time.sleep(0.3)  # the application looks at the sandbox's clock four times a second
    late = east.post(path, {"reason": "other"})
    assert (late.status_code, problem(late)) == (409, "dispute-too-late")
    assert f"{(now + timedelta(days=365)).astimezone(ZONE):%Y-%m-%d}" in late.json["detail"]


@pytest.mark.parametrize(
    ("adjustment", "pointer"),
    [
        ((-PREMIUM - 1, -TAX, -COMMISSION), "gross_premium_fen"),
        ((-PREMIUM, TAX, -COMMISSION), "total_taxes_and_levies_fen"),
        ((-PREMIUM, -TAX - 1, -COMMISSION), "total_taxes_and_levies_fen"),
        ((-TAX, -TAX - 1, 0), "total_taxes_and_levies_fen"),
        ((0, -TAX, 0), "total_taxes_and_levies_fen"),
        ((-PREMIUM, -TAX, COMMISSION), "coverholder_commission_fen"),
        ((COMMISSION, 0, COMMISSION + 1), "coverholder_commission_fen"),
        ((0, 0, -COMMISSION - 1), "coverholder_commission_fen"),
    ],
)
def test_an_adjustment_that_cannot_be_right_is_named(
    march: Books, east: Partner, accountant: Partner, adjustment: tuple[int, int, int], pointer: str
) -> None:
    march.draw()
    path = f"/v1/statements/{march.statement().statement_id}"
    (line, *_) = lines_of(east, march.statement().statement_id)
    body = {"reason": "amount_wrong", "policy_id": line["certificate_reference"]}
    raised = east.post(f"{path}/disputes", body).json
    names = ("gross_premium_fen", "total_taxes_and_levies_fen", "coverholder_commission_fen")
    answer = {"outcome": "upheld", "adjustment": dict(zip(names, adjustment, strict=True))}
    refused = accountant.post(f"/v1/statement-disputes/{raised['dispute_id']}/answer", answer)
    assert (refused.status_code, [each["pointer"] for each in refused.json["errors"]]) == (
        422,
        [f"/adjustment/{pointer}"],
    )


def test_a_premium_is_given_back_once_however_many_disputes_are_upheld(
    march: Books, east: Partner, accountant: Partner
) -> None:
    march.draw()
    path = f"/v1/statements/{march.statement().statement_id}"
    (line, *_) = lines_of(east, march.statement().statement_id)
    about = {"policy_id": line["certificate_reference"]}
    reasons = ("policy_not_ours", "cancellation_missing")
    raised = [east.post(f"{path}/disputes", {"reason": one} | about).json["dispute_id"] for one in reasons]
    answer = {"outcome": "upheld", "adjustment": {"gross_premium_fen": -PREMIUM}}
    answers = [accountant.post(f"/v1/statement-disputes/{each}/answer", answer).status_code for each in raised]
    assert answers == [200, 422]


def test_what_a_dispute_gave_back_is_not_given_back_again_where_the_policy_ends(
    march: Books, east: Partner, accountant: Partner, database: Database, environ: dict[str, str]
) -> None:
    march.draw()
    path = f"/v1/statements/{march.statement().statement_id}"
    policies = [line["certificate_reference"] for line in lines_of(east, march.statement().statement_id)[:2]]
    for policy_id, less in zip(policies, (PREMIUM, PREMIUM // 2), strict=True):
        raised = east.post(f"{path}/disputes", {"reason": "amount_wrong", "policy_id": policy_id}).json["dispute_id"]
        answer = {"outcome": "upheld", "adjustment": {"gross_premium_fen": -less}}
        assert accountant.post(f"/v1/statement-disputes/{raised}/answer", answer).status_code == 200
        march.cancel(march.policy(PolicyId(policy_id)), "enrolled_by_mistake", now=APRIL + timedelta(days=1))
    with database.transaction() as tx:
        refunds = {row[0]: row[1] for row in tx.all("SELECT policy_id, refund_fen FROM cancellations")}
    assert refunds[policies[0]] == 0
    assert 0 < refunds[policies[1]] < PREMIUM // 2

    def given_back_too_much() -> list[str]:
        return [each for each in faults(database, environ) if "given back more than it was charged" in each]

    assert given_back_too_much() == []
    with database.transaction() as tx:
        tx.execute("UPDATE cancellations SET refund_fen = 1 WHERE policy_id = %s", (policies[0],))
    assert given_back_too_much() != []


def test_a_settlement_names_money_that_came_and_that_settled_nothing_else(
    march: Books, accountant: Partner, approver: Partner
) -> None:
    march.draw()
    east, west = march.statement(), march.statement(partner="telecom-west")

    def record(statement: Statement, **changes: str) -> Answer:
        payment = {"net_fen": statement.total.net, "bank_reference": "FT-1", "value_day": "2026-04-10"} | changes
        return accountant.post(f"/v1/statements/{statement.statement_id}/settlement", payment)

    tomorrow = (clock.now().astimezone(ZONE) + timedelta(days=1)).date().isoformat()
    early = record(east, value_day=tomorrow)
    assert (early.status_code, early.json["errors"][0]["pointer"]) == (422, "/value_day")
    assert record(east).status_code == 201
    again = record(west)
    assert (again.status_code, problem(again)) == (409, "bank-reference-used")
    assert approver.post(f"/v1/statements/{east.statement_id}/settlement/rejection", None).status_code == 200
    assert record(west).status_code == 201


REFERENCES = ["ft-2026-1", "FT-2026-1 ", " FT-2026-1", "FT-2026-1\n", "FT\u20102026-1", "FT-2026-1\u200b"]


@pytest.mark.parametrize("other", REFERENCES)
def test_a_transfer_settles_one_statement_however_its_reference_is_written(
    march: Books, accountant: Partner, other: str
) -> None:
    march.draw()
    east, west = march.statement(), march.statement(partner="telecom-west")
    payment = {"net_fen": east.total.net, "bank_reference": "FT-2026-1", "value_day": "2026-04-10"}
    assert accountant.post(f"/v1/statements/{east.statement_id}/settlement", payment).status_code == 201
    again = payment | {"net_fen": west.total.net, "bank_reference": other}
    refused = accountant.post(f"/v1/statements/{west.statement_id}/settlement", again)
    if other.isascii() and other == other.strip():
        assert (refused.status_code, problem(refused)) == (409, "bank-reference-used")
    else:
        assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/bank_reference")


@pytest.mark.parametrize("other", ["ft-2026-1", "FT-2026-1\n", "FT\u20102026-1"])
def test_the_database_too_knows_a_transfer_however_its_reference_is_written(march: Books, other: str) -> None:
    march.draw()
    for statement, reference in ((march.statement(), "FT-2026-1"), (march.statement(partner="telecom-west"), other)):
        with march.database.transaction() as tx:
            try:
                recorded = record_settlement(
                    tx, statement.statement_id, statement.total.net, reference, APRIL.date(), actor="one", now=APRIL
                )
            except (BankReferenceUsed, psycopg2.errors.CheckViolation):
                assert reference == other
                return
            assert recorded.bank_reference == reference == "FT-2026-1"
    pytest.fail("two statements were settled by one transfer")


@pytest.mark.parametrize("day", ["2026-02-28", "2020-01-01"])
def test_a_value_day_before_the_month_is_refused(march: Books, accountant: Partner, day: str) -> None:
    march.draw()
    statement = march.statement()
    path = f"/v1/statements/{statement.statement_id}/settlement"
    payment = {"net_fen": statement.total.net, "bank_reference": "FT-1", "value_day": day}
    refused = accountant.post(path, payment)
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/value_day")
    assert accountant.post(path, payment | {"value_day": "2026-03-01"}).status_code == 201


def test_a_month_in_which_nothing_is_owed_is_settled_by_two_persons_and_no_transfer(
    office: Books, accountant: Partner, approver: Partner
) -> None:
    office.draw()
    path = f"/v1/statements/{office.statement().statement_id}"
    for told in ({"bank_reference": "FT-1"}, {"value_day": "2026-04-10"}):
        refused = accountant.post(f"{path}/settlement", {"net_fen": 0} | told)
        assert [each["pointer"] for each in refused.json["errors"]] == [f"/{name}" for name in told]
    recorded = accountant.post(f"{path}/settlement", {"net_fen": 0})
    assert (recorded.status_code, recorded.json["bank_reference"], recorded.json["value_day"]) == (201, None, None)
    assert accountant.post(f"{path}/settlement", {"net_fen": 0}).status_code == 409
    assert approver.post(f"{path}/settlement/approval", None).status_code == 200
    other = f"/v1/statements/{_west(office)}/settlement"
    assert accountant.post(other, {"net_fen": 0}).status_code == 201, "no reference settles any number of months"
    assert accountant.get(path).json["state"] == "settled"


@pytest.mark.parametrize("missing", ["bank_reference", "value_day"])
def test_what_is_owed_is_settled_by_a_transfer_that_is_told(march: Books, accountant: Partner, missing: str) -> None:
    march.draw()
    statement = march.statement()
    payment = {"net_fen": statement.total.net, "bank_reference": "FT-1", "value_day": "2026-04-10"}
    del payment[missing]
    refused = accountant.post(f"/v1/statements/{statement.statement_id}/settlement", payment)
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, f"/{missing}")


@pytest.mark.parametrize("net", ["0", "net_fen"])
def test_the_database_too_asks_for_a_transfer_where_something_is_owed_and_only_there(march: Books, net: str) -> None:
    march.draw()
    statement = march.statement()
    with march.database.transaction() as tx:
        record_settlement(tx, statement.statement_id, statement.total.net, "FT-1", APRIL.date(), actor="one", now=APRIL)
        decide_settlement(tx, statement.statement_id, approved=False, actor="two", now=APRIL)
    transfer = "bank_reference, value_day" if net == "0" else "NULL, NULL::date"
    with pytest.raises(psycopg2.errors.CheckViolation), march.database.transaction() as tx:
        tx.execute(
            f"INSERT INTO statement_settlements SELECT gen_random_uuid(), statement_id, {net}, {transfer},"
            " 'recorded', recorded_at, recorded_by FROM statement_settlements"
        )


def _west(march: Books) -> str:
    return march.statement(partner="telecom-west").statement_id
