"""Datasets as the fraud team lists and reads them, and that none is ever changed."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

import pytest
from psycopg2.errors import CheckViolation

from services.fraud_detection.models.domain.features import SPECIFICATION
from shared.db.pool import Database
from tests import clock
from tests.real_parts import Postgres
from tests.services.fraud_detection.models.builders import Team, file_of, line

NOBODY = "0190163d-8694-739b-aea5-966c26f8ad91"


def test_datasets_are_listed_newest_first_in_pages(team: Team) -> None:
    loaded = [team.upload(file_of(5, seed)).json["dataset_id"] for seed in range(3)]
    page = team.get("/v1/past-claims?limit=2").json
    assert [dataset["dataset_id"] for dataset in page["items"]] == loaded[:0:-1]
    rest = team.get(f"/v1/past-claims?limit=2&cursor={page['next_cursor']}").json
    assert [dataset["dataset_id"] for dataset in rest["items"]] == loaded[:1]
    assert rest["next_cursor"] is None


def test_a_dataset_tells_who_handed_it_in_and_what_was_made_of_it(team: Team) -> None:
    loaded = team.upload(file_of(5)).json
    models = [
        team.post("/v1/models", {"dataset_id": loaded["dataset_id"], "note": note}).json["model_id"] for note in "ab"
    ]
    team.queue_model(file_of(5))
    shown = team.get(f"/v1/past-claims/{loaded['dataset_id']}").json
    assert (shown["uploaded_by"], shown["source"], shown["rows"]) == ("fraud-team", "upload", 5)
    assert shown["sha256"] == sha256(file_of(5)).hexdigest()
    assert shown["feature_spec"] == SPECIFICATION
    assert [(model["model_id"], model["state"], model["alias"]) for model in shown["models"]] == [
        (model, "queued", None) for model in models[::-1]
    ]
    assert shown.items() > loaded.items()


def test_a_dataset_that_is_not_there_is_named_and_a_reviewer_sees_none(team: Team, reviewer: Team) -> None:
    absent = team.get(f"/v1/past-claims/{NOBODY}")
    assert (absent.status_code, absent.problem) == (404, "dataset-not-found")
    assert NOBODY in absent.json["detail"]
    assert reviewer.get("/v1/past-claims").status_code == 403
    assert reviewer.get(f"/v1/past-claims/{NOBODY}").status_code == 403


def test_claims_five_years_ahead_and_impossible_years_of_birth_are_refused_by_line_and_field(team: Team) -> None:
    ahead = (clock.now() + timedelta(days=5 * 365)).isoformat()
    file = b"\n".join([line(), line(submitted_at=ahead), line(birth_year=99999)])
    answer = team.upload(file)
    assert (answer.status_code, answer.problem) == (422, "invalid-request")
    assert [fault["pointer"] for fault in answer.json["errors"]] == ["/2/submitted_at", "/3/birth_year"]
    assert team.get("/v1/past-claims").json["items"] == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE past_claim_datasets SET dishonest = 0",
        "UPDATE past_claims SET dishonest = NOT dishonest",
        """INSERT INTO past_claims (dataset_id, line, dishonest, snapshot)
        SELECT dataset_id, line + 10, dishonest, snapshot FROM past_claims""",
    ],
)
def test_not_even_the_tables_owner_changes_a_dataset(
    team: Team, postgres: Postgres, fraud_detection_url: str, change: str
) -> None:
    team.upload(file_of(5))
    owner = Database(postgres.owner_url(fraud_detection_url), size=1)
    with owner.transaction() as tx, pytest.raises(CheckViolation, match="a dataset never changes"):
        tx.execute(change)
    owner.close()
