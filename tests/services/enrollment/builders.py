"""People, files and requests for the tests of enrollment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from flask.testing import FlaskClient
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from services.enrollment.files.usecases.load_batch import load_next_part
from services.enrollment.partners import tools as contracts_file
from services.enrollment.partners.usecases.follow_contracts import follow_contracts
from services.enrollment.policies.domain.rows import COLUMNS, RawRow
from services.enrollment.policies.usecases.enroll_policies import Application, Enrolled, enroll_policies
from services.enrollment.policies.usecases.vault import Vault
from services.enrollment.products.domain.schedules import NOTHING_ORDERED, ScheduleRequest
from services.enrollment.products.usecases import shipped
from services.enrollment.products.usecases.publish_product import install_products
from services.enrollment.tools import INSTALLER, TOOLS
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.events.claims import ClaimDecided
from shared.events.payouts import PayoutChanged
from shared.process.new_ids import new_id
from shared.values.documents import check_digit
from shared.values.errors import FangzhaError
from shared.values.ids import ProductCode

PRODUCT = ProductCode("resident-anti-fraud")
NOW = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
"""Noon in Shanghai."""


def id_number(n: int, *, born: str = "19800315") -> str:
    """A simulated person's 18-digit number; another ``n``, another person."""
    first_17 = f"00{n // 1000:04d}{born}{n % 1000:03d}"
    return first_17 + check_digit(first_17)


def row(n: int, **changes: str) -> RawRow:
    """An acceptable row about person ``n``."""
    plain = RawRow(
        partner_reference=f"sub-{n:09d}",
        document_type="resident_id",
        document_number=id_number(n),
        name="张小明",
        phone=f"139{n:08d}",
        birth_date="",
        effective_date="2026-03-02",
        consent_text_version="2026-01",
        consent_given_at="2026-02-28T09:30:00+08:00",
        consent_channel="app",
        consent_sha256="5e" * 32,
    )
    return msgspec.structs.replace(plain, **changes)


def csv(rows: Sequence[RawRow], *, header: str = ",".join(COLUMNS)) -> bytes:
    lines = [header, *(",".join(getattr(each, name) for name in COLUMNS) for each in rows)]
    return ("\n".join(lines) + "\n").encode()


def enroll_policy(
    tx: Tx,
    raw: RawRow,
    product_code: ProductCode,
    order: ScheduleRequest = NOTHING_ORDERED,
    *,
    tenant: str,
    vault: Vault,
    now: datetime,
    sandbox: bool,
) -> Enrolled:
    """Enroll one alone; raises why there is no policy."""
    (outcome,) = enroll_policies(
        tx, [Application(tenant, product_code, raw, order)], vault=vault, now=now, sandbox=sandbox
    )
    if isinstance(outcome, FangzhaError):
        raise outcome
    return outcome


def body(n: int, **changes: Any) -> dict[str, Any]:
    """What enrolls person ``n`` over HTTP."""
    plain = row(n)
    request: dict[str, Any] = {
        "product_code": PRODUCT,
        "partner_reference": plain.partner_reference,
        "insured": {
            "document_type": plain.document_type,
            "document_number": plain.document_number,
            "name": plain.name,
            "phone": plain.phone,
        },
        "consent": {
            "text_version": "2026-01",
            "given_at": "2026-02-28T09:30:00+08:00",
            "channel": "app",
            "sha256": "5e" * 32,
        },
    }
    return request | changes


def decided(policy_id: str, **changes: Any) -> ClaimDecided:
    """A decision on a claim of this policy, as fraud detection announces it."""
    facts: dict[str, Any] = {
        "claim_id": new_id(),
        "decision_id": new_id(),
        "version": 1,
        "outcome": "review",
        "policy_id": policy_id,
        "partner_id": "telecom-east",
        "product_code": PRODUCT,
        "product_version": 1,
        "person_token": "01" + "0" * 32,
        "payee_token": "01" + "1" * 32,
        "amount_fen": 0,
        "currency": "CNY",
        "cover_limit_fen": 5_000_000,
        "reason_codes": [],
        "clauses": [],
        "rule_version": "cover-1",
        "model_id": None,
        "model_sha256": None,
        "decided_by": "rules_and_model",
        "decided_at": NOW,
    }
    return ClaimDecided(**(facts | changes))


def paid(policy_id: str, **changes: Any) -> PayoutChanged:
    """A payout on this policy that was made, as payout announces it."""
    facts: dict[str, Any] = {
        "payout_id": new_id(),
        "version": 2,
        "state": "paid",
        "claim_id": new_id(),
        "decision_id": new_id(),
        "policy_id": policy_id,
        "partner_id": "telecom-east",
        "amount_fen": 100,
        "currency": "CNY",
        "changed_at": NOW,
    }
    return PayoutChanged(**(facts | changes))


def settle(database: Database) -> None:
    """What ``migrate`` does after the schema: the shipped product and the two partners."""
    with database.transaction() as tx:
        install_products(tx, shipped.products(), actor=INSTALLER, now=NOW)
        follow_contracts(tx, contracts_file.contracts(), actor=INSTALLER, now=NOW)


def load_all(database: Database, vault: Vault, *, now: datetime = NOW) -> int:
    """What the worker does until there is nothing left; how many parts."""
    parts = 0
    while True:
        with database.transaction() as tx:
            if not load_next_part(tx, vault=vault, now=now, sandbox=True):
                return parts
        parts += 1


def faults(database: Database, environ: dict[str, str]) -> list[str]:
    """What ``verify`` finds wrong."""
    settings = TOOLS.settings.load(environ)
    return [fault for check in TOOLS.checks(settings, database) for fault in check.run()]


def waiting(database: Database) -> int:
    """How many transactions wait for the end of another one."""
    with database.transaction() as tx:
        row = tx.one(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
    assert row is not None
    return int(row[0])


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    """``data`` as it may arrive over a network."""
    for start in range(0, len(data), size):
        yield data[start : start + size]


@dataclass(frozen=True)
class Answer:
    """A response, its JSON at hand."""

    status_code: int
    content_type: str
    headers: Headers
    text: str
    json: Any


def answer(response: TestResponse) -> Answer:
    return Answer(
        response.status_code,
        response.content_type or "",
        response.headers,
        response.text,
        response.get_json(silent=True),
    )


@dataclass(frozen=True)
class Partner:
    """A partner's client; each creating request has an Idempotency-Key of its own."""

    client: FlaskClient
    token: str

    def get(self, path: str, **query: str) -> Answer:
        return answer(self.client.get(path, query_string=query, headers=self._headers()))

    def post(self, path: str, json: object, *, key: str | None = None, match: str | None = None) -> Answer:
        headers = self._headers(key) | ({} if match is None else {"If-Match": match})
        return answer(self.client.post(path, json=json, headers=headers))

    def delete(self, path: str) -> Answer:
        return answer(self.client.delete(path, headers=self._headers()))

    def put(self, path: str, json: object, *, match: str | None = None) -> Answer:
        headers = self._headers() | ({} if match is None else {"If-Match": match})
        return answer(self.client.put(path, json=json, headers=headers))

    def upload(
        self,
        data: bytes,
        *,
        key: str | None = None,
        content_type: str = "text/csv",
        headers: dict[str, str] | None = None,
        **query: str,
    ) -> Answer:
        return answer(
            self.client.post(
                "/v1/enrollment-batches",
                data=data,
                content_type=content_type,
                query_string={"product_code": PRODUCT, **query},
                headers=self._headers(key) | (headers or {}),
            )
        )

    def _headers(self, key: str | None = None) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Idempotency-Key": key or new_id()}
