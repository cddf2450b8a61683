"""Who calls payout, and what they send."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from deploy.local.issuer import Issuer
from shared.process.new_ids import new_id

PAYEE = {"holder_name": "张小明", "account": "6222 0200-0000 0001 234", "bank_code": "ICBC"}


class Person:
    """Somebody with a token of the local issuer."""

    def __init__(self, http: FlaskClient, issuer: Issuer, client: str, **claims: Any) -> None:
        self.http = http
        self.token = issuer.token(client, audience="fangzha-payout", **claims)

    def get(self, path: str) -> TestResponse:
        return self.http.get(path, headers={"Authorization": f"Bearer {self.token}"})

    def register(self, *, key: str = "", **changes: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": key or new_id()}
        return self.http.post("/v1/payees", json=PAYEE | changes, headers=headers)
