"""The API document of payout, and made-up requests after it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask

from deploy.local.issuer import Issuer
from services.payout.tools import TOOLS
from shared.entry.tools import openapi
from tests.services.payout.builders import Service, account
from tests.shared.web.edges import Edges
from tests.shared.web.fuzzing import fuzz

COMMITTED = Path(__file__).parents[3] / "docs" / "api" / "payout.json"


def test_the_committed_document_is_what_the_code_says() -> None:
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == json.loads(openapi(TOOLS)), (
        "write it anew: make openapi"
    )


def test_no_edge_of_a_type_breaks_payout(app: Flask, issuer: Issuer, service: Service) -> None:
    claim = service.approve()
    paid = service.work_until_state(claim.claim_id, "paid")
    payee = {"holder_name": "张小明", "account": account(), "bank_code": "ICBC"}
    accepted = 0
    for client in ("finance-zhao", "bank-app"):
        token = issuer.token(client, scope="payees:write payouts:read ledger:read", audience="fangzha-payout")
        edges = Edges(app, token, bodies={"POST /v1/payees": lambda _: payee}, known={"payout_id": paid.payout_id})
        edges.try_all()
        assert edges.faults == []
        accepted += edges.accepted
    assert accepted > 10


@pytest.mark.parametrize("client", ["finance-zhao", "bank-app"])
def test_no_made_up_request_breaks_payout(app: Flask, issuer: Issuer, service: Service, client: str) -> None:
    claim = service.approve()
    paid = service.work_until_state(claim.claim_id, "paid")
    token = issuer.token(client, scope="payees:write payouts:read ledger:read", audience="fangzha-payout")
    tried = fuzz(app, token, known={"payout_id": [paid.payout_id]})
    assert set(tried) == {
        "POST /v1/payees",
        "GET /v1/payouts",
        "GET /v1/payouts/{payout_id}",
        "GET /v1/ledger/balances",
        "GET /v1/ledger/transfers",
        "GET /v1/reconciliation",
    }
