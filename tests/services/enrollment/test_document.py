"""The API document of enrollment, and made-up requests after it."""

from __future__ import annotations

import json
from pathlib import Path

from flask import Flask

from deploy.local.issuer import Issuer
from services.enrollment.app import PARTS
from shared.entry.tools import openapi
from tests.services.enrollment.builders import Partner, body, csv, row
from tests.shared.web.fuzzing import fuzz

COMMITTED = Path(__file__).parents[3] / "docs" / "api" / "enrollment.json"
ALL_SCOPES = "products:read products:write policies:read policies:write batches:read batches:write"


def test_the_committed_document_is_what_the_code_says() -> None:
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == json.loads(openapi(PARTS)), (
        "write it anew: make openapi"
    )


def test_no_made_up_request_breaks_enrollment(app: Flask, issuer: Issuer) -> None:
    token = issuer.token("telecom-east", scope=ALL_SCOPES)
    partner = Partner(app.test_client(), token)
    policies = [partner.post("/v1/policies", body(n)).json["policy_id"] for n in range(3)]
    batch = partner.upload(csv([row(9, effective_date="")])).json["batch_id"]
    tried = fuzz(app, token, known={"policy_id": policies, "batch_id": [batch]})
    assert set(tried) == {
        "GET /v1/products",
        "POST /v1/products",
        "GET /v1/policies",
        "POST /v1/policies",
        "GET /v1/policies/{policy_id}",
        "POST /v1/policies/{policy_id}/cancellation",
        "POST /v1/enrollment-batches",
        "GET /v1/enrollment-batches/{batch_id}",
        "GET /v1/enrollment-batches/{batch_id}/rejections",
    }
