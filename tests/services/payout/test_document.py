"""The API document of payout, and made-up requests after it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask

from deploy.local.issuer import Issuer
from services.payout.tools import TOOLS
from shared.entry.tools import openapi
from tests.services.payout.builders import Service
from tests.shared.web.fuzzing import fuzz

COMMITTED = Path(__file__).parents[3] / "docs" / "api" / "payout.json"


def test_the_committed_document_is_what_the_code_says() -> None:
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == json.loads(openapi(TOOLS)), (
        "write it anew: make openapi"
    )


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
