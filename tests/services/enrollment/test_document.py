"""The API document of enrollment, and made-up requests after it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask

from deploy.local.issuer import Issuer
from services.enrollment.tools import TOOLS
from shared.entry.tools import openapi
from shared.web.app import api_document, scopes_of
from shared.web.resource import PUBLIC
from tests.services.enrollment.builders import PRODUCT, Partner, body, csv, row
from tests.shared.web.fuzzing import CLOCK, fuzz

COMMITTED = Path(__file__).parents[3] / "docs" / "api" / "enrollment.json"


def test_the_committed_document_is_what_the_code_says() -> None:
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == json.loads(openapi(TOOLS)), (
        "write it anew: make openapi"
    )


@pytest.mark.timeout(600)  # Some seconds for each of sixty routes where the machine is busy.
@pytest.mark.parametrize("client", ["telecom-east", "product-manager"])
def test_no_made_up_request_breaks_enrollment(app: Flask, issuer: Issuer, client: str) -> None:
    scopes = " ".join(sorted({scope for scope in scopes_of(app).values() if scope != PUBLIC}))
    partner = Partner(app.test_client(), issuer.token("telecom-east", scope=scopes))
    staff = Partner(app.test_client(), issuer.token("product-manager", scope=scopes))
    policies = [partner.post("/v1/policies", body(n)).json["policy_id"] for n in range(3)]
    batch = partner.upload(csv([row(9, effective_date="")])).json["batch_id"]
    terms = partner.get(f"/v1/products/{PRODUCT}/versions/1").json
    terms = {name: value for name, value in terms.items() if name not in {"product_version", "effective_from"}}
    draft = staff.post("/v1/product-drafts", terms).json["draft_id"]
    known = {"policy_id": policies, "batch_id": [batch], "draft_id": [draft], "product_code": [PRODUCT]}
    tried = fuzz(app, issuer.token(client, scope=scopes), known=known)
    documented = {
        f"{method.upper()} {path}"
        for path, operations in api_document(app)["paths"].items()
        for method in operations
        if path != CLOCK
    }
    assert set(tried) == documented
