"""Past claims as rows and as a file, and a client of the fraud team; made from the simulator, as the demo does it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np
from flask.testing import FlaskClient
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from deploy.simulator import past_claims
from deploy.simulator.schemes import PastClaim as PlayedClaim
from services.fraud_detection.models.api.past_claims import NDJSON, read_line
from services.fraud_detection.models.domain.features import FEATURES, compute
from services.fraud_detection.models.domain.snapshot import Snapshot
from services.fraud_detection.models.scoring.signature import Signer
from services.fraud_detection.models.scoring.training import LabelledRows
from services.fraud_detection.models.store import promotions
from services.fraud_detection.models.store.past_claims import PastClaim
from services.fraud_detection.models.store.promotions import NewPolicy
from shared.db.pool import Database
from shared.process.new_ids import new_id
from shared.values.money import Fen
from shared.web.models import MAX_FEN
from tests import clock

UNTIL = datetime(2026, 11, 1, tzinfo=UTC)
KEY = bytes(range(32))
SIGNER = Signer(KEY)


def file_of(count: int, seed: int = 1) -> bytes:
    return b"".join(past_claims.ndjson(past_claims.make(seed, count, until=UNTIL)))


def claims(count: int, seed: int = 1) -> list[PastClaim]:
    """Through the API's own reading of a line."""
    read = [read_line(number, line, UNTIL) for number, line in enumerate(file_of(count, seed).splitlines(), 1)]
    return [claim for claim in read if isinstance(claim, PastClaim)]


def labelled_rows(count: int, seed: int = 1) -> LabelledRows:
    rows = claims(count, seed)
    assert len(rows) == count
    return LabelledRows(
        vectors=np.array([compute(row.snapshot) for row in rows]),
        dishonest=np.array([row.dishonest for row in rows]),
        scam_types=[row.snapshot.scam_type for row in rows],
        submitted_at=[row.snapshot.submitted_at for row in rows],
    )


def lines(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Good lines, to be changed before ``ndjson`` writes them."""
    return [json.loads(each) for each in file_of(count, seed).splitlines()]


def ndjson(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def line(**changes: Any) -> bytes:
    """One good line, changed; a change to None leaves the field out."""
    row: dict[str, Any] = json.loads(file_of(1)) | changes
    return json.dumps({name: value for name, value in row.items() if value is not None}).encode()


def snapshot_fields() -> set[str]:
    """What both the simulator's past claim and a decided claim's snapshot have."""
    return {field.encode_name for field in msgspec.structs.fields(PlayedClaim)} & set(Snapshot.__slots__)


@dataclass(frozen=True)
class Answer:
    """A reply; ``json`` is its body, a problem's too."""

    status_code: int
    json: dict[str, Any]
    headers: Headers
    text: str

    @classmethod
    def of(cls, reply: TestResponse) -> Answer:
        return cls(reply.status_code, reply.get_json(silent=True) or {}, reply.headers, reply.get_data(as_text=True))

    @property
    def problem(self) -> str:
        """The stable end of a problem's type."""
        return str(self.json["type"]).rsplit("/", 1)[-1]


@dataclass
class Team:
    """A client that the local issuer knows, at this service's HTTP application."""

    http: FlaskClient
    token: str
    lead_token: str = ""
    """Of the second person, who confirms."""

    def _headers(self, **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} | more

    def get(self, path: str) -> Answer:
        return Answer.of(self.http.get(path, headers=self._headers()))

    def post(self, path: str, body: dict[str, Any], *, match: str | None = None, key: str | None = None) -> Answer:
        headers = self._headers(**{"Idempotency-Key": key or new_id()}) | ({"If-Match": match} if match else {})
        return Answer.of(self.http.post(path, json=body, headers=headers))

    def upload(self, data: bytes, *, content_type: str = NDJSON) -> Answer:
        headers = self._headers(**{"Idempotency-Key": new_id(), "Content-Type": content_type})
        return Answer.of(self.http.post("/v1/past-claims", data=data, headers=headers))

    def queue_model(self, data: bytes) -> str:
        dataset = self.upload(data)
        assert dataset.status_code == 202, dataset.text
        queued = self.post("/v1/models", {"dataset_id": dataset.json["dataset_id"], "note": "a test"})
        assert queued.status_code == 202, queued.text
        return str(queued.json["model_id"])

    @property
    def lead(self) -> Team:
        return Team(self.http, self.lead_token)

    def promote(self, model_id: str, *, approve_below: float = 0.2) -> Answer:
        """Proposed by this person and confirmed by the second one; the proposal where that was refused."""
        proposed = self.propose(model_id, approve_below=approve_below)
        return self.lead.confirm(proposed) if proposed.status_code == 201 else proposed

    def confirm(self, proposed: Answer, *, key: str | None = None) -> Answer:
        path = f"/v1/models/proposals/{proposed.json['proposal_id']}/confirmation"
        return self.post(path, {"reason": "its figures were read"}, key=key)

    def propose(
        self,
        model_id: str,
        *,
        match: str | None = None,
        approve_below: float = 0.2,
        auto_approve_limit_fen: int = 2_000_000,
        acknowledged: Sequence[str] | None = None,
        key: str | None = None,
    ) -> Answer:
        """With the ETag that was just read and all its warnings acknowledged, unless others are given."""
        model = self.get(f"/v1/models/{model_id}")
        seen = match or model.headers["ETag"]
        if acknowledged is None:
            acknowledged = [each["name"] for each in model.json.get("warnings", [])]
        body = {
            "approve_below": approve_below,
            "auto_approve_limit_fen": auto_approve_limit_fen,
            "acknowledged_warnings": list(acknowledged),
            "reason": "better than before",
        }
        return self.post(f"/v1/models/{model_id}/promotion", body, match=seen, key=key)


def vector_of(seed: int = 9) -> Sequence[float]:
    vector = compute(claims(1, seed)[0].snapshot)
    assert len(vector) == len(FEATURES)
    return vector


def policy(**changes: Any) -> NewPolicy:
    """One that lets everything through. Two thousand past claims make a model in a second, but none that the policy as
    delivered lets through.
    """
    lenient = NewPolicy(
        most_approve_below=1.0,
        most_auto_approve_limit_fen=Fen(MAX_FEN),
        most_auto_approve_loss_limit_fen=Fen(MAX_FEN),
        least_auc=0.0,
        logistic_margin=1.0,
        champion_margin=1.0,
        most_calibration_error=1.0,
        most_latency_us=1_000_000,
        proposal_hours=72,
        reason="small models of tests",
        set_by="director-chen",
        set_at=clock.now(),
    )
    return replace(lenient, **changes)


def set_policy(database: Database, **changes: Any) -> None:
    """As ``policy`` makes it; nobody asked for it, so that the audit trail of a test is its own."""
    with database.transaction() as tx:
        promotions.set_policy(tx, policy(**changes))
