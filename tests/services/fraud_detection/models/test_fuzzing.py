from __future__ import annotations

from flask import Flask

from deploy.local.issuer import Issuer, clients
from services.fraud_detection.models.domain import errors as model_errors
from services.fraud_detection.models.scoring.signature import ArtifactRefused
from services.fraud_detection.models.web import PROBLEMS
from shared.values.errors import FangzhaError
from tests.services.fraud_detection.models.builders import Team, file_of
from tests.services.fraud_detection.models.conftest import Train
from tests.shared.web.fuzzing import CLOCK, fuzz


# Schemathesis writes no NDJSON; past claims are tried with bad lines beside this.
def test_good_and_bad_data_at_every_route_of_models_is_answered_as_documented(
    app: Flask, issuer: Issuer, team: Team, train: Train
) -> None:
    ready, queued = team.queue_model(file_of(2_000)), team.queue_model(file_of(10))
    train()
    dataset = team.get(f"/v1/models/{ready}").json["dataset_id"]
    scopes = " ".join(sorted({scope for client in clients().values() for scope in client.scopes}))
    token = issuer.token("fraud-team", audience="fangzha-fraud-detection", scope=scopes)
    shown = "/v1/past-claims/<dataset_id>"
    others = [rule.rule for rule in app.url_map.iter_rules() if "models" not in rule.rule and rule.rule != shown]
    left_out = [CLOCK, *(path.replace("<", "{").replace(">", "}") for path in others)]
    tried = fuzz(app, token, known={"model_id": [ready, queued], "dataset_id": [dataset]}, leave_out=left_out)
    assert set(tried) == {
        "POST /v1/models",
        "GET /v1/past-claims/{dataset_id}",
        "GET /v1/models",
        "GET /v1/models/{model_id}",
        "POST /v1/models/{model_id}/cancellation",
        "POST /v1/models/{model_id}/promotion",
        "POST /v1/models/rollback",
        "GET /v1/models/promotions",
        "GET /v1/models/proposals",
        "GET /v1/models/proposals/{proposal_id}",
        "POST /v1/models/proposals/{proposal_id}/confirmation",
        "POST /v1/models/proposals/{proposal_id}/rejection",
        "GET /v1/models/promotion-policies",
        "POST /v1/models/promotion-policies",
    }
    assert min(tried.values()) > 0


def test_every_error_about_models_has_its_row() -> None:
    own = {value for value in vars(model_errors).values() if isinstance(value, type) and value is not FangzhaError}
    assert {error for error in own if issubclass(error, FangzhaError)} | {ArtifactRefused} <= set(PROBLEMS)
