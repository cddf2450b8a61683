"""Claims decided by a model that was trained, signed, promoted and opened; the other tests of claims ask a stand-in."""

from __future__ import annotations

import msgspec
import pytest

from services.fraud_detection.models.domain.explanation import ScoreExplanation
from services.fraud_detection.models.scoring.champions import Scorer
from services.fraud_detection.models.scoring.signature import Signer
from tests.services.fraud_detection.builders import World
from tests.services.fraud_detection.models.builders import SIGNER, Team, file_of
from tests.services.fraud_detection.models.conftest import Train

DECISIONS = "SELECT outcome, why, model_id::text, model_sha256, score FROM decisions ORDER BY decision_id"


@pytest.fixture
def promoted(team: Team, train: Train) -> str:
    """A model that approves whatever fails no rule."""
    model = team.queue_model(file_of(2_000))
    train()
    assert team.promote(model, approve_below=1.0).status_code == 201
    return model


def test_a_claim_is_approved_by_the_promoted_model_and_its_decision_names_it(
    world: World, team: Team, promoted: str
) -> None:
    assert world.decide(world.file(world.covered()), by=Scorer(SIGNER).champion) == "approved"
    [(outcome, why, model_id, sha256, score)] = world.rows(DECISIONS)
    assert (outcome, why, model_id) == ("approved", None, promoted)
    assert sha256 == team.get(f"/v1/models/{promoted}").json["sha256"]
    assert 0 < score < 1


def test_the_stored_reasons_add_up_to_the_raw_score_and_the_models_table_makes_the_score_of_it(
    world: World, promoted: str
) -> None:
    scorer = Scorer(SIGNER)
    world.decide(world.file(world.covered()), by=scorer.champion)
    [(score, why, vector)] = world.rows(
        "SELECT score, explanation, vector FROM decisions JOIN claim_features USING (claim_id)"
    )
    with world.database.transaction() as tx:
        champion = scorer.champion(tx)
    assert champion is not None
    parts = [reason["contribution"] for reason in why["reasons"]]
    assert why["base"] + sum(parts) + why["others"] == pytest.approx(why["raw"], rel=0, abs=1e-12)
    assert champion._model.calibration.probability(why["raw"]) == score
    # Replayed from what is stored, to the last bit.
    (again,) = champion.score([vector])
    assert again.probability == score
    assert msgspec.convert(why, ScoreExplanation) == again.explanation


def test_thresholds_are_data_and_hold_from_the_next_claim_on(world: World, team: Team, promoted: str) -> None:
    scorer = Scorer(SIGNER)
    assert world.decide(world.file(world.covered()), by=scorer.champion) == "approved"
    assert team.promote(promoted, approve_below=0.0).status_code == 201
    assert world.decide(world.file(world.covered()), by=scorer.champion) == "review"
    assert [(row[0], row[1]) for row in world.rows(DECISIONS)] == [("approved", None), ("review", "score")]


@pytest.mark.parametrize(
    "damage",
    [
        "data = set_byte(data, 1000, 255 - get_byte(data, 1000))",
        "sha256 = repeat('0', 64)",
        "signature = '\\x00'::bytea",
    ],
)
def test_a_damaged_model_sends_claims_to_a_person_until_it_is_whole_again(
    world: World, promoted: str, damage: str
) -> None:
    scorer = Scorer(SIGNER)
    with world.database.transaction() as tx:
        tx.execute("CREATE TEMPORARY TABLE whole AS SELECT * FROM model_artifacts")
        tx.execute(f"UPDATE model_artifacts SET {damage}")
    assert world.decide(world.file(world.covered()), by=scorer.champion) == "review"
    assert world.rows(DECISIONS)[0][:3] == ("review", "scorer_failed", None)
    with world.database.transaction() as tx:
        tx.execute(
            "UPDATE model_artifacts AS kept SET data = whole.data, sha256 = whole.sha256, signature = whole.signature"
            " FROM whole WHERE whole.model_id = kept.model_id"
        )
    assert world.decide(world.file(world.covered()), by=scorer.champion) == "approved"


def test_a_service_with_another_signing_key_opens_no_model(world: World, promoted: str) -> None:
    stranger = Scorer(Signer(b"another key of thirty-two bytes!"))
    assert world.decide(world.file(world.covered()), by=stranger.champion) == "review"
