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
from tests.shared.web.edges import Edges
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


OF_STAFF = ("/v1/product-drafts", "/v1/partners/{partner_id}", "/v1/consent-texts")
"""Whose edges are many and refused to a partner at once."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("client", ["telecom-east", "product-manager"])
def test_no_edge_of_a_type_breaks_enrollment(app: Flask, issuer: Issuer, client: str) -> None:
    scopes = " ".join(sorted({scope for scope in scopes_of(app).values() if scope != PUBLIC}))
    partner = Partner(app.test_client(), issuer.token("telecom-east", scope=scopes))
    policy = partner.post("/v1/policies", body(1)).json["policy_id"]
    terms = partner.get(f"/v1/products/{PRODUCT}/versions/1").json
    terms = {name: value for name, value in terms.items() if name not in {"product_version", "effective_from"}}
    edges = Edges(
        app,
        issuer.token(client, scope=scopes),
        bodies={
            "POST /v1/policies": lambda number: body(number + 10),
            "POST /v1/product-drafts": lambda number: terms | {"product_code": f"another-{number}"},
        },
        known={
            "policy_id": policy,
            "product_code": PRODUCT,
            "partner_id": "telecom-east",
            "version": "1",
            "month": "2026-03",
        },
        leave_out=(
            CLOCK,
            *(path for path in api_document(app)["paths"] if (path in OF_STAFF) != (client != "telecom-east")),
        ),
    )
    edges.try_all()
    assert edges.faults == []
    assert edges.accepted > 100
