"""A promotion within bounds, through gates, by two people; and what stays to be read of it."""

from __future__ import annotations

import json
import random

import psycopg2
import pytest
from psycopg2.errors import CheckViolation

from services.fraud_detection.models.domain.data_warnings import DataWarning
from services.fraud_detection.models.domain.gates import (
    ReportBin,
    ReportPart,
    auc_error,
    calibration_error,
)
from services.fraud_detection.models.store import data_warnings
from shared.db.pool import Database
from shared.values.ids import ModelId
from tests.real_parts import Postgres
from tests.services.fraud_detection.models.builders import Answer, Team, file_of, set_policy
from tests.services.fraud_detection.models.conftest import Train

FILE = file_of(2_000)
GATES = {
    "artifact_opens",
    "better_than_logistic",
    "better_than_share_of_past",
    "bounds",
    "calibration",
    "golden_inputs",
    "no_worse_than_champion",
    "latency",
    "warnings_acknowledged",
}


def shuffled(file: bytes) -> bytes:
    """The same past claims, each with the label of another."""
    rows = [json.loads(line) for line in file.splitlines()]
    labels = [row["dishonest"] for row in rows]
    random.Random(5).shuffle(labels)  # noqa: S311  the same each time
    return b"\n".join(json.dumps(row | {"dishonest": label}).encode() for row, label in zip(rows, labels, strict=True))


def failed(proposed: Answer) -> dict[str, str]:
    assert proposed.status_code == 201, proposed.text
    assert {gate["name"] for gate in proposed.json["gates"]} == GATES
    return {gate["name"]: gate["told"] for gate in proposed.json["gates"] if not gate["passed"]}


def gate_of(proposed: Answer, name: str) -> dict[str, object]:
    [gate] = [gate for gate in proposed.json["gates"] if gate["name"] == name]
    return dict(gate)


def ready(team: Team, train: Train, file: bytes = FILE) -> str:
    model = team.queue_model(file)
    assert train()
    return model


def at_work(team: Team) -> list[str]:
    return [each["model_id"] for each in team.get("/v1/models").json["items"] if each["alias"] == "champion"]


def test_a_model_of_random_labels_is_not_promoted(strict_team: Team, train: Train) -> None:
    proposed = strict_team.propose(ready(strict_team, train, shuffled(file_of(6_000))))
    told = failed(proposed)["better_than_share_of_past"]
    assert told.startswith("AUC is 0.")
    assert told.endswith("it must be above 0.500.")
    assert proposed.json["state"] == "gates_failed"
    refused = strict_team.lead.confirm(proposed)
    assert (refused.status_code, refused.problem) == (409, "gate-not-passed")
    assert f"better_than_share_of_past: {told}" in refused.json["detail"]
    assert at_work(strict_team) == []
    [step] = strict_team.get("/v1/models/promotions").json["items"]
    assert (step["what"], step["person"]) == ("gates_failed", "fraud-team")


def test_a_good_model_within_the_bounds_takes_two_people(strict_team: Team, train: Train) -> None:
    model = ready(strict_team, train, file_of(8_000))
    proposed = strict_team.propose(model)
    assert failed(proposed) == {}
    assert (proposed.json["state"], proposed.json["proposed_by"]) == ("open", "fraud-team")
    assert at_work(strict_team) == []

    alone = strict_team.confirm(proposed)
    assert (alone.status_code, alone.problem) == (403, "another-person-promotes")
    assert at_work(strict_team) == []

    promoted = strict_team.lead.confirm(proposed)
    assert promoted.status_code == 201
    assert (promoted.json["proposed_by"], promoted.json["promoted_by"]) == ("fraud-team", "fraud-lead")
    assert at_work(strict_team) == [model]
    again = strict_team.lead.confirm(proposed)
    assert (again.status_code, again.problem) == (409, "promotion-proposal-ended")

    beyond = strict_team.propose(model, approve_below=1.0, auto_approve_limit_fen=10**12 // 10)
    told = failed(beyond)
    assert list(told) == ["bounds"]
    assert "approve_below is 1.0 and may be 0.5 at most" in told["bounds"]
    assert "auto_approve_limit_fen is 100,000,000,000 and may be 5,000,000 at most" in told["bounds"]
    assert "auto_approve_loss_limit_fen is 1,000,000,000,000 and may be 50,000,000" in told["bounds"]


def test_a_model_that_is_worse_than_the_champion_on_the_newest_past_claims_is_not_promoted(
    team: Team, train: Train, database: Database
) -> None:
    worse, champion = ready(team, train), ready(team, train, file_of(8_000, seed=2))
    first = team.propose(champion)
    assert failed(first) == {}
    assert team.lead.confirm(first).status_code == 201
    set_policy(database, champion_margin=0.05)
    told = failed(team.propose(worse))
    assert list(told) == ["no_worse_than_champion"]
    assert "the difference is -" in told["no_worse_than_champion"]
    assert failed(team.propose(champion, approve_below=0.1)) == {}


def test_a_champion_that_does_not_open_keeps_no_model_out(team: Team, train: Train, database: Database) -> None:
    champion, next_one = ready(team, train), ready(team, train)
    team.promote(champion)
    with database.transaction() as tx:
        tx.execute("UPDATE model_artifacts SET signature = 'x' WHERE model_id = %s", (champion,))
    set_policy(database, champion_margin=0.05)
    assert failed(team.propose(next_one)) == {}


def test_what_was_rejected_expired_or_overtaken_is_not_confirmed(team: Team, train: Train, database: Database) -> None:
    model = ready(team, train)
    rejected, expired, overtaken, other = (team.propose(model) for _ in range(4))
    path = f"/v1/models/proposals/{rejected.json['proposal_id']}/rejection"
    assert team.lead.post(path, {"reason": "too early"}).json["state"] == "rejected"
    with database.transaction() as tx:
        moment = "UPDATE promotion_proposals SET expires_at = proposed_at WHERE proposal_id = %s"
        tx.execute(moment, (expired.json["proposal_id"],))
    assert team.get(f"/v1/models/proposals/{expired.json['proposal_id']}").json["state"] == "expired"
    assert [team.lead.confirm(each).problem for each in (rejected, expired)] == ["promotion-proposal-ended"] * 2
    assert team.lead.confirm(other).status_code == 201
    late = team.lead.confirm(overtaken)
    assert (late.status_code, late.problem) == (409, "promotion-proposal-outdated")


def test_a_proposal_under_an_older_policy_is_proposed_again(team: Team, train: Train, database: Database) -> None:
    proposed = team.propose(ready(team, train))
    set_policy(database, most_approve_below=0.1)
    late = team.lead.confirm(proposed)
    assert (late.status_code, late.problem) == (409, "promotion-proposal-outdated")
    assert at_work(team) == []


def test_a_warning_of_the_data_is_acknowledged_by_name(team: Team, train: Train, database: Database) -> None:
    model = ModelId(ready(team, train))
    warned = [DataWarning("repeated_rows", "重复", "repeated", {}), DataWarning("worse_than_chance", "差", "worse", {})]
    with database.transaction() as tx:
        before = [each.name for each in data_warnings.warnings_of(tx, model)]
        data_warnings.add_of_model(tx, model, [each for each in warned if each.name not in before])
    names = {*before, *(each.name for each in warned)}
    half = gate_of(
        team.propose(str(model), acknowledged=sorted(names - {"worse_than_chance"})), "warnings_acknowledged"
    )
    assert (half["passed"], half["told"]) == (False, "Not acknowledged: worse_than_chance.")
    assert gate_of(team.propose(str(model), acknowledged=sorted(names)), "warnings_acknowledged")["passed"]


def test_who_did_what_when_and_why_is_told(team: Team, train: Train) -> None:
    model = ready(team, train)
    team.promote(model, approve_below=0.1)
    team.promote(model, approve_below=0.3)
    assert team.post("/v1/models/rollback", {"reason": "too many complaints"}).status_code == 201
    page = team.get("/v1/models/promotions?limit=3").json
    rest = team.get(f"/v1/models/promotions?limit=3&cursor={page['next_cursor']}").json
    steps = [*page["items"], *rest["items"]]
    assert [(each["what"], each["person"], each["approve_below"], each["reason"]) for each in steps] == [
        ("rolled_back", "fraud-team", 0.1, "too many complaints"),
        ("confirmed", "fraud-lead", 0.3, "its figures were read"),
        ("proposed", "fraud-team", 0.3, "better than before"),
        ("confirmed", "fraud-lead", 0.1, "its figures were read"),
        ("proposed", "fraud-team", 0.1, "better than before"),
    ]
    assert [each["model_before"] for each in steps] == [model, model, model, None, None]


@pytest.mark.parametrize("table", ["promotion_history", "model_promotions", "promotion_policies", "promotion_gates"])
def test_what_was_promoted_is_only_added_to_by_its_owner_too(
    postgres: Postgres, fraud_detection_url: str, table: str
) -> None:
    owner = Database(postgres.owner_url(fraud_detection_url), size=1)
    column = {
        "promotion_history": "reason",
        "model_promotions": "reason",
        "promotion_policies": "reason",
        "promotion_gates": "told",
    }[table]
    for change in (f"DELETE FROM {table}", f"UPDATE {table} SET {column} = ''", f"TRUNCATE {table} CASCADE"):
        with pytest.raises(psycopg2.Error, match="is only added to"), owner.transaction() as tx:
            tx.execute(change)
    owner.close()


def test_nobody_confirms_their_own_proposal_past_the_service_either(
    team: Team, train: Train, database: Database
) -> None:
    team.propose(ready(team, train))
    with pytest.raises(CheckViolation), database.transaction() as tx:
        tx.execute(
            "UPDATE promotion_proposals SET ending = 'confirmed', ended_by = proposed_by, ended_at = proposed_at"
        )


def test_the_bounds_are_a_supervisors_and_each_version_stays(team: Team, director: Team) -> None:
    bounds = {
        "most_approve_below": 0.25,
        "most_auto_approve_limit_fen": 1_000_000,
        "most_auto_approve_loss_limit_fen": 10_000_000,
        "least_auc": 0.6,
        "logistic_margin": 0.01,
        "champion_margin": 0.03,
        "most_calibration_error": 0.04,
        "most_latency_us": 2_000,
        "proposal_hours": 24,
        "reason": "the first quarter was quiet",
    }
    for nobody in (team, team.lead):
        assert nobody.post("/v1/models/promotion-policies", bounds).status_code == 403
    kept = director.post("/v1/models/promotion-policies", bounds)
    assert (kept.status_code, kept.json["set_by"]) == (201, "director-chen")
    newest, *older = team.get("/v1/models/promotion-policies").json["items"]
    assert newest | bounds == newest
    assert [each["reason"] for each in older] == ["small models of tests", "as delivered"]


def test_the_error_of_an_auc_is_that_of_its_authors() -> None:
    """Hanley and McNeil give 0.032 for the 0.893 of 51 abnormal and 58 normal pictures (Radiology 143, 1982)."""
    assert auc_error(0.893, ReportPart(rows=109, dishonest=51)) == pytest.approx(0.032, abs=0.001)


def test_calibration_is_judged_beyond_what_chance_makes_of_few_rows() -> None:
    assert calibration_error([ReportBin(40, 0.1, 0.15)]) == pytest.approx(0.05 - 0.0378, abs=0.0005)
    assert calibration_error([ReportBin(40_000, 0.1, 0.15)]) == pytest.approx(0.05, abs=0.002)
    assert calibration_error([ReportBin(40, 0.1, 0.1)]) == 0.0
