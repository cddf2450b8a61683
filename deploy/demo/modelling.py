"""Step 2: the fraud team hands in labelled past claims and trains the first model; two people promote it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from deploy.demo.expectations import Expectations
from deploy.demo.users import FRAUD_DETECTION, Json, System, User
from deploy.demo.waiting import Progress, until
from deploy.simulator import past_claims

MOST_DISHONEST = 0.04
"""The team lets the model approve alone as far as at most this share of what it approves is dishonest."""
AUTO_APPROVE_LIMIT_FEN = 3_000_000
LEAST_AUC = 0.7
"""Three in ten of the simulated cheats are careful, so no model finds them all; a coin has 0.5."""


@dataclass(frozen=True)
class Trained:
    """The model that decides from now on, as the service describes it."""

    dataset: Json
    model: Json
    approve_below: float


def train(
    system: System, seed: int, rows: int, *, now: datetime, expectations: Expectations, told: Progress
) -> Trained:
    """Upload ``rows`` past claims, train, look at the numbers, propose; a second person confirms."""
    with (
        User.of(system, "fraud-team", FRAUD_DETECTION) as team,
        User.of(system, "fraud-lead", FRAUD_DETECTION) as lead,
    ):
        past = past_claims.make(seed, rows, until=now)
        dataset = team.upload("/v1/past-claims", past_claims.ndjson(past), "application/x-ndjson")
        told(1, 3)
        queued = team.post("/v1/models", {"dataset_id": dataset["dataset_id"], "note": "first model, simulated past"})

        def trained() -> Json | None:
            model = team.get(f"/v1/models/{queued['model_id']}")
            return model if model["state"] in {"ready", "failed"} else None

        model = until("the model is not trained", trained, seconds=120)
        told(2, 3)
        expectations.equal("every past claim was taken", dataset["rows"], rows)
        expectations.equal("the model was trained", model["state"], "ready")
        policy = team.get("/v1/models/promotion-policies", limit=1)["items"][0]
        approve_below = min(_threshold(model["report"]), float(policy["most_approve_below"]))
        promotion = {
            "approve_below": approve_below,
            "auto_approve_limit_fen": AUTO_APPROVE_LIMIT_FEN,
            "acknowledged_warnings": [each["name"] for each in model["warnings"]],
            "reason": "first model; better than none, as its curve shows",
        }
        asked = team.post(f"/v1/models/{queued['model_id']}/promotion", promotion, match=model["_etag"])
        failed = [gate["told"] for gate in asked["gates"] if not gate["passed"]]
        expectations.equal("the model passes every gate", failed, [])
        confirmation = {"reason": "its gates and its curve were read"}
        lead.post(f"/v1/models/proposals/{asked['proposal_id']}/confirmation", confirmation)
        model = team.get(f"/v1/models/{queued['model_id']}")
        told(3, 3)
    auc = model["report"]["metrics"]["auc"]
    expectations.expect(
        f"the model tells cheats from victims (AUC at least {LEAST_AUC})", holds=auc >= LEAST_AUC, seen=auc
    )
    return Trained(dataset, model, approve_below)


def _threshold(report: Json) -> float:
    """Where to stop approving alone, read off the report on claims that the model has not seen."""
    fine = [each for each in report["approvals"] if each["dishonest_among_approved"] <= MOST_DISHONEST]
    return max(float(each["approve_below"]) for each in fine)
