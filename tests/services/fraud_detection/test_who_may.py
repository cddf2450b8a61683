"""Fraud detection's operations, tried as each client and for both tenants."""

from __future__ import annotations

from flask import Flask

from deploy.local.issuer import Issuer
from tests import who_may
from tests.rules.fraud_detection.builders import LOSS
from tests.services.enrollment.webhooks.receiver import listening
from tests.services.fraud_detection.builders import ELSEWHERE, Caller, World, evidence

SERVICE = "fraud_detection"
APP, BANK, STAFF = "mobile-backend", "bank-app", "reviewer-li"


def test_each_operation_is_open_to_those_whom_its_document_names(app: Flask, issuer: Issuer) -> None:
    extra = [who_may.with_every_scope(issuer, SERVICE, client) for client in (APP, STAFF)]
    assert list(who_may.wrong_cells(app, SERVICE, [*who_may.roles(issuer, SERVICE), *extra])) == []


def test_what_is_another_channels_is_unknown(app: Flask, issuer: Issuer, world: World) -> None:
    with listening() as receiver:
        owned = Caller(app.test_client(), issuer.token(APP, audience="fangzha-fraud-detection"))
        added = owned.post("/v1/webhook-endpoints", {"url": receiver.url, "types": ["claim.status_changed"]})
        assert added.status_code == 201, added.text
        endpoint_id = added.json["endpoint_id"]
        delivery_id = owned.post(f"/v1/webhook-endpoints/{endpoint_id}/test", None).json["delivery_id"]
    mobile, bank, staff = (who_may.with_every_scope(issuer, SERVICE, client) for client in (APP, BANK, STAFF))
    claim = world.file(world.covered())
    item = evidence("transfer_record")
    belongings = who_may.Belongings(
        {"claim_id": claim.claim_id, "endpoint_id": endpoint_id, "delivery_id": delivery_id},
        {
            "POST /v1/claims/{claim_id}/documents": {"evidence": [{"kind": item.kind, "sha256": item.sha256}]},
            "POST /v1/claims/{claim_id}/appeals": {"reason": "请复核。"},
            "POST /v1/claims/{claim_id}/police-papers": {
                "papers": [{"kind": "receipt", "number": "A-17", "unit": "城东派出所", "issued_on": f"{LOSS:%Y-%m-%d}"}]
            },
            "POST /v1/claims/{claim_id}/recoveries": {"kind": "bank", "amount_fen": 1, "came_at": LOSS.isoformat()},
            "POST /v1/claims/{claim_id}/amendments": {"phone": "13900000001"},
            "PUT /v1/claims/{claim_id}/payee": {"payee_token": ELSEWHERE},
            "POST /v1/webhook-endpoints/{endpoint_id}/rotation": {"overlap_hours": 24},
        },
    )
    found = who_may.wrongly_shared(app, SERVICE, belongings, owner=mobile, other=bank, staff=staff)
    assert list(found) == []
