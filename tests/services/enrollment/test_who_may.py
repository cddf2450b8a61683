"""Enrollment's operations, tried as each client and for both tenants."""

from __future__ import annotations

import pytest
from flask import Flask

from deploy.local.issuer import Issuer
from shared.db.pool import Database
from shared.process.new_ids import new_id
from tests import clock, who_may
from tests.services.enrollment.builders import PRODUCT, Partner, body, csv, row
from tests.services.enrollment.webhooks.receiver import Receiver
from tests.services.enrollment.webhooks.webhooks import add

SERVICE = "enrollment"
EAST, WEST, STAFF = "telecom-east", "telecom-west", "partner-manager"


def test_each_operation_is_open_to_those_whom_its_document_names(app: Flask, issuer: Issuer) -> None:
    extra = [who_may.with_every_scope(issuer, SERVICE, client) for client in (EAST, STAFF)]
    assert list(who_may.wrong_cells(app, SERVICE, [*who_may.roles(issuer, SERVICE), *extra])) == []


@pytest.fixture
def belongings(east: Partner, receiver: Receiver, database: Database) -> who_may.Belongings:
    """One of each that a partner may have."""
    policy = east.post("/v1/policies", body(1)).json["policy_id"]
    batch = east.upload(csv([row(9)])).json["batch_id"]
    until = clock.today().isoformat()
    run = east.post("/v1/renewals", {"product_code": PRODUCT, "expiring_through": until}).json["run_id"]
    endpoint, delivery, statement = add(east, receiver)["endpoint_id"], new_id(), new_id()
    with database.transaction() as tx:
        tx.execute(
            "INSERT INTO webhook_deliveries"
            " (delivery_id, webhook_id, endpoint_id, type, body, state, due_at, created_at, settled_at)"
            " VALUES (%s, %s, %s, 'policy.issued', '{}', 'failed', now(), now(), now())",
            (delivery, new_id(), endpoint),
        )
        tx.execute(
            "INSERT INTO statements"
            " (statement_id, partner_no, month, currency, state, stage, started_at, started_by, due_day)"
            " SELECT %s, partner_no, '2026-01-01', 'CNY', 'drawing', 'issued', now(), 'test', '2026-02-15'"
            " FROM partners WHERE partner_id = %s",
            (statement, EAST),
        )
    ids = {
        "policy_id": policy,
        "batch_id": batch,
        "statement_id": statement,
        "run_id": run,
        "endpoint_id": endpoint,
        "delivery_id": delivery,
        "partner_id": EAST,
    }
    told = {"policy_ids": [policy], "channel": "sms", "notified_at": clock.now().isoformat()}
    return who_may.Belongings(
        ids,
        {
            "POST /v1/policies/{policy_id}/cancellation": {"reason": "insured_request"},
            "POST /v1/policies/{policy_id}/endorsements": {"kind": "name_corrected", "name": "张大明"},
            "POST /v1/statements/{statement_id}/disputes": {"reason": "amount_wrong"},
            "POST /v1/webhook-endpoints/{endpoint_id}/rotation": {},
            "POST /v1/partners/{partner_id}/notices/notified": told,
        },
    )


def test_what_is_another_partners_is_unknown(app: Flask, issuer: Issuer, belongings: who_may.Belongings) -> None:
    east, west, staff = (who_may.with_every_scope(issuer, SERVICE, client) for client in (EAST, WEST, STAFF))
    found = who_may.wrongly_shared(app, SERVICE, belongings, owner=east, other=west, staff=staff)
    assert list(found) == []
