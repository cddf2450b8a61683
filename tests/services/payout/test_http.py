from __future__ import annotations

import threading

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from deploy.local.issuer import Issuer
from services.payout.api.problems import PROBLEMS
from services.payout.domain import errors
from shared.process.new_ids import new_id
from shared.values.errors import FangzhaError
from shared.web.app import scopes_of
from tests.services.payout.builders import Service, account
from tests.services.payout.problems import Person


@pytest.fixture
def app_user(http: FlaskClient, issuer: Issuer) -> Person:
    return Person(http, issuer, "bank-app")


@pytest.fixture
def finance(http: FlaskClient, issuer: Issuer) -> Person:
    return Person(http, issuer, "finance-zhao")


def test_an_account_goes_in_and_only_a_token_and_its_mask_come_out(app_user: Person) -> None:
    reply = app_user.register()
    assert reply.status_code == 201
    assert reply.json is not None
    assert len(reply.json["payee_token"]) == 34
    assert reply.json["account"].endswith("1234")
    assert "6222020000000001234" not in reply.text
    assert "张小明" not in reply.text


def test_one_account_has_one_token_however_it_is_written(app_user: Person) -> None:
    tokens = {
        reply.json["payee_token"]
        for text in ("6222020000000001234", "6222 0200 0000 0001 234", "６２２２-０２００-００００-０００１-２３４")
        if (reply := app_user.register(account=text)).json is not None
    }
    assert len(tokens) == 1


def test_one_account_registered_at_once_by_many_has_one_token(app: Flask, issuer: Issuer) -> None:
    replies: list[TestResponse] = []

    def register() -> None:
        replies.append(Person(app.test_client(), issuer, "bank-app").register())

    threads = [threading.Thread(target=register) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [reply.status_code for reply in replies] == [201] * 6
    assert len({reply.json["payee_token"] for reply in replies if reply.json}) == 1


def test_an_account_under_another_name_is_refused(app_user: Person) -> None:
    app_user.register()
    reply = app_user.register(holder_name="李小红")
    assert reply.status_code == 409
    assert reply.json is not None
    assert reply.json["type"].endswith("/holder-differs")
    assert "张" not in reply.text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("account", "1234567890a2"),
        ("account", "1" * 26),
        ("holder_name", "\u0007\u0008"),
        ("holder_name", " "),
        ("bank_code", "工商银行股份"),
        ("bank_code", "13912345678"),
        ("bank_code", "110101199001011234"),
    ],
)
def test_a_field_that_is_wrong_is_named_and_its_value_is_not(app_user: Person, field: str, value: str) -> None:
    reply = app_user.register(**{field: value})
    assert reply.status_code == 422
    assert reply.json is not None
    assert [error["pointer"] for error in reply.json["errors"]] == [f"/{field}"]
    assert reply.json["errors"][0]["fix"]
    if value.strip():
        assert value not in reply.json["errors"][0]["detail"] + reply.json["detail"]


def test_finance_sees_what_was_paid_by_claim_and_by_state(finance: Person, service: Service) -> None:
    claims = [service.approve() for _ in range(3)]
    for claim in claims:
        service.work_until_state(claim.claim_id, "paid")
    first = finance.get("/v1/payouts?state=paid&limit=2").json
    assert first is not None
    rest = finance.get(f"/v1/payouts?state=paid&limit=2&cursor={first['next_cursor']}").json
    assert rest is not None
    shown = first["items"] + rest["items"]
    assert [each["claim_id"] for each in shown] == [claim.claim_id for claim in claims]
    assert rest["next_cursor"] is None
    of_claim = finance.get(f"/v1/payouts?claim_id={claims[1].claim_id}").json
    assert of_claim is not None
    assert [each["payout_id"] for each in of_claim["items"]] == [shown[1]["payout_id"]]
    one = finance.get(f"/v1/payouts/{shown[1]['payout_id']}")
    assert one.json == shown[1]
    assert one.headers["ETag"] == f'"{shown[1]["version"]}"'
    assert shown[0]["payee_account"].startswith("***")


def test_a_partner_sees_only_its_own_payouts(http: FlaskClient, issuer: Issuer, service: Service) -> None:
    own = service.approve(partner_id="telecom-east")
    others = service.approve(partner_id="telecom-west")
    east = Person(http, issuer, "telecom-east", scope="payouts:read")
    listed = east.get("/v1/payouts").json
    assert listed is not None
    assert [each["claim_id"] for each in listed["items"]] == [own.claim_id]
    assert east.get(f"/v1/payouts/{service.payout(own.claim_id).payout_id}").status_code == 200
    assert east.get(f"/v1/payouts/{service.payout(others.claim_id).payout_id}").status_code == 404


def test_an_unknown_payout_is_404(finance: Person) -> None:
    reply = finance.get(f"/v1/payouts/{new_id()}")
    assert reply.status_code == 404
    assert reply.json is not None
    assert reply.json["type"].endswith("/unknown-payout")


def test_balances_sum_to_zero_and_each_transfer_shows_both_sides(finance: Person, service: Service) -> None:
    claim = service.approve(amount_fen=900)
    paid = service.work_until_state(claim.claim_id, "paid")
    balances = finance.get("/v1/ledger/balances").json
    assert balances is not None
    assert sum(each["balance_fen"] for each in balances["items"]) == 0
    assert {each["account"]: each["balance_fen"] for each in balances["items"]}["bank"] == -900
    transfers = finance.get(f"/v1/ledger/transfers?payout_id={paid.payout_id}").json
    assert transfers is not None
    assert [each["kind"] for each in transfers["items"]] == ["claim_owed", "payout_paid"]
    assert all(sum(entry["amount_fen"] for entry in each["entries"]) == 0 for each in transfers["items"])


def test_finance_reads_the_reconciliation_and_is_told_when_the_bank_is_away(finance: Person, service: Service) -> None:
    claim = service.approve(amount_fen=900)
    service.work_until_state(claim.claim_id, "paid")
    found = finance.get("/v1/reconciliation").json
    assert found is not None
    assert found["agrees"] is True
    assert found["ours"] == found["bank"] == {"count": 1, "fen_by_currency": {"CNY": 900}}
    service.bank_process.kill()
    away = finance.get("/v1/reconciliation")
    assert away.status_code == 503
    assert away.headers["Retry-After"] == "5"


def test_who_may_register_may_not_read_and_the_other_way_round(app_user: Person, finance: Person) -> None:
    for path in ("/v1/payouts", "/v1/ledger/balances", "/v1/ledger/transfers", "/v1/reconciliation"):
        assert app_user.get(path).status_code == 403
    assert finance.register(account=account()).status_code == 403


def test_every_route_states_its_scope(app: Flask) -> None:
    assert "" not in scopes_of(app).values()


def test_every_error_of_the_service_has_its_row() -> None:
    own = {
        each
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, FangzhaError) and each.__module__ == errors.__name__
    }
    assert own == set(PROBLEMS)
