"""Payout's operations, tried as each client and for both tenants."""

from __future__ import annotations

from flask import Flask

from deploy.local.issuer import Issuer
from tests import who_may
from tests.services.payout.builders import Service

SERVICE = "payout"
EAST, WEST, STAFF = "telecom-east", "telecom-west", "finance-zhao"


def test_each_operation_is_open_to_those_whom_its_document_names(app: Flask, issuer: Issuer) -> None:
    extra = [who_may.with_every_scope(issuer, SERVICE, client) for client in (EAST, "bank-app", STAFF)]
    assert list(who_may.wrong_cells(app, SERVICE, [*who_may.roles(issuer, SERVICE), *extra])) == []


def test_what_is_another_partners_is_unknown(app: Flask, issuer: Issuer, service: Service) -> None:
    payout = service.payout(service.approve(partner_id=EAST).claim_id)
    east, west, staff = (who_may.with_every_scope(issuer, SERVICE, client) for client in (EAST, WEST, STAFF))
    belongings = who_may.Belongings({"payout_id": payout.payout_id})
    found = who_may.wrongly_shared(app, SERVICE, belongings, owner=east, other=west, staff=staff)
    assert list(found) == []
