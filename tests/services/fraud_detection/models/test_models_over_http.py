from __future__ import annotations

import pytest
import skops.io

from services.fraud_detection.models.scoring.champions import Scorer
from services.fraud_detection.models.scoring.kept_artifact import kept_artifact
from services.fraud_detection.models.scoring.signature import LARGEST_ARTIFACT, ArtifactRefused
from shared.db import audit
from shared.db.pool import Database
from shared.values.ids import ModelId
from tests.services.fraud_detection.models.builders import SIGNER, Team, file_of, line, vector_of
from tests.services.fraud_detection.models.conftest import Train

FILE = file_of(2_000)


def test_the_fraud_team_trains_and_promotes_its_first_model(team: Team, train: Train, database: Database) -> None:
    scorer = Scorer(SIGNER)
    with database.transaction() as tx:
        assert scorer.champion(tx) is None

    dataset = team.upload(FILE)
    assert (dataset.status_code, dataset.json["rows"]) == (202, 2_000)
    queued = team.post("/v1/models", {"dataset_id": dataset.json["dataset_id"], "note": "the first"})
    assert (queued.status_code, queued.json["state"]) == (202, "queued")
    assert train()
    assert not train()

    ready = team.get(queued.headers["Location"])
    assert ready.json["state"] == "ready"
    report = ready.json["report"]
    assert report["metrics"]["auc"] > report["baselines"]["share_of_the_past"]["auc"]
    assert report["fit"]["rows"] + report["calibrate"]["rows"] + report["test"]["rows"] == 2_000
    assert report["curve"]
    assert report["histogram"]

    promoted = team.promote(ready.json["model_id"], approve_below=0.25)
    assert promoted.status_code == 201
    assert (promoted.json["promoted_by"], promoted.json["approve_below"]) == ("fraud-lead", 0.25)
    with database.transaction() as tx:
        champion = scorer.champion(tx)
    assert champion is not None
    assert (champion.model_id, champion.sha256) == (ready.json["model_id"], ready.json["sha256"])
    assert (champion.approve_below, champion.auto_approve_limit_fen) == (0.25, 2_000_000)
    assert champion.auto_approve_loss_limit_fen == promoted.json["auto_approve_loss_limit_fen"] == 20_000_000
    (score,) = champion.score([vector_of()])
    assert 0 < score.probability < 1
    assert 0 < len(score.explanation.reasons) <= 6
    assert team.get(f"/v1/models/{champion.model_id}").json["alias"] == "champion"


def test_a_rollback_returns_to_the_model_and_the_thresholds_before(
    team: Team, train: Train, database: Database
) -> None:
    first, second = team.queue_model(FILE), team.queue_model(file_of(2_000, seed=2))
    train()
    train()
    assert team.promote(first, approve_below=0.1).status_code == 201
    assert team.promote(second, approve_below=0.3).status_code == 201
    back = team.post("/v1/models/rollback", {"reason": "too many complaints"})
    assert (back.status_code, back.json["model_id"], back.json["approve_below"]) == (201, first, 0.1)
    with database.transaction() as tx:
        champion = Scorer(SIGNER).champion(tx)
    assert champion is not None
    assert (champion.model_id, champion.approve_below) == (first, 0.1)


def test_two_people_who_roll_back_at_once_roll_back_once(team: Team, train: Train) -> None:
    first, second = team.queue_model(FILE), team.queue_model(FILE)
    train()
    train()
    team.promote(first)
    team.promote(second)
    assert team.post("/v1/models/rollback", {"reason": "bad"}).json["model_id"] == first
    again = team.post("/v1/models/rollback", {"reason": "bad"})
    assert (again.status_code, again.problem) == (409, "nothing-to-roll-back-to")
    assert team.get(f"/v1/models/{first}").json["alias"] == "champion"


def test_a_promotion_must_rest_on_what_is_true_now(team: Team, train: Train) -> None:
    first, second = team.queue_model(FILE), team.queue_model(FILE)
    train()
    train()
    body = {"approve_below": 0.2, "auto_approve_limit_fen": 1, "reason": "why not"}
    assert team.post(f"/v1/models/{first}/promotion", body).status_code == 428
    stale = team.get(f"/v1/models/{first}").headers["ETag"]
    assert team.promote(second).status_code == 201
    assert team.propose(first, match=stale).status_code == 412
    assert team.get(f"/v1/models/{second}").json["alias"] == "champion"


def test_a_promotion_that_is_sent_twice_counts_once(team: Team, train: Train) -> None:
    model = team.queue_model(FILE)
    train()
    seen = team.get(f"/v1/models/{model}").headers["ETag"]
    once = team.propose(model, match=seen, key="proposal-of-today")
    again = team.propose(model, match=seen, key="proposal-of-today")
    assert (once.status_code, once.text) == (again.status_code, again.text)
    confirmed = [team.lead.confirm(once, key="promotion-of-today") for _ in range(2)]
    assert [(each.status_code, each.text) for each in confirmed] == [(201, confirmed[0].text)] * 2
    assert team.post("/v1/models/rollback", {"reason": "there is nothing before"}).status_code == 409


def test_a_model_that_is_not_trained_is_not_promoted(team: Team) -> None:
    refused = team.promote(team.queue_model(FILE))
    assert (refused.status_code, refused.problem) == (409, "model-not-ready")


def test_past_claims_that_make_no_model_say_why(team: Team, train: Train) -> None:
    model = team.queue_model(file_of(60))
    assert train()
    failed = team.get(f"/v1/models/{model}").json
    assert failed["state"] == "failed"
    assert "Add past claims" in failed["failure"]


@pytest.mark.parametrize("damage", ["data = data || '\\x00'::bytea", "signature = '\\x00'::bytea"])
def test_a_damaged_model_is_neither_promoted_nor_asked(
    team: Team, train: Train, database: Database, damage: str
) -> None:
    model = team.queue_model(FILE)
    train()
    assert team.promote(model).status_code == 201
    with database.transaction() as tx:
        tx.execute(f"UPDATE model_artifacts SET {damage}")
    refused = team.promote(model)
    assert (refused.status_code, refused.problem) == (409, "gate-not-passed")
    assert "artifact_opens: Model" in refused.json["detail"]
    with database.transaction() as tx, pytest.raises(ArtifactRefused):
        Scorer(SIGNER).champion(tx)


def test_a_model_that_does_not_open_here_is_neither_promoted_nor_returned_to(
    team: Team, train: Train, database: Database
) -> None:
    """Its signature is ours: what fails is the library, as after an upgrade."""
    first, second = team.queue_model(FILE), team.queue_model(FILE)
    train()
    train()
    with database.transaction() as tx:
        data = kept_artifact(tx, ModelId(first)).data
    content = skops.io.loads(data, trusted=skops.io.get_untrusted_types(data=data))
    made = skops.io.dumps(content | {"versions": content["versions"] | {"scikit-learn": "1.8.0"}})

    assert team.promote(first).status_code == 201
    assert team.promote(second).status_code == 201
    old = SIGNER.sign(first, made)
    with database.transaction() as tx:
        tx.execute(
            "UPDATE model_artifacts SET data = %s, sha256 = %s, signature = %s WHERE model_id = %s",
            (old.data, old.sha256, old.signature, first),
        )
    back = team.post("/v1/models/rollback", {"reason": "too many complaints"})
    for refused, problem in ((back, "made-with-another-version"), (team.promote(first), "gate-not-passed")):
        assert (refused.status_code, refused.problem) == (409, problem)
        assert "was made with scikit-learn 1.8.0, here is" in refused.json["detail"]
        assert "train it again" in refused.json["detail"]
    assert team.get(f"/v1/models/{second}").json["alias"] == "champion"


def test_an_artifact_that_is_too_large_is_not_read(team: Team, train: Train, database: Database) -> None:
    model = team.queue_model(FILE)
    train()
    with database.transaction() as tx:
        tx.execute("UPDATE model_artifacts SET data = convert_to(repeat('x', %s), 'UTF8')", (LARGEST_ARTIFACT + 1,))
    refused = team.promote(model)
    assert (refused.status_code, refused.problem) == (409, "gate-not-passed")
    assert "takes 33,554,433 bytes" in refused.json["detail"]


def test_models_are_listed_newest_first_in_pages(team: Team) -> None:
    asked = [team.queue_model(file_of(5)) for _ in range(3)]
    page = team.get("/v1/models?limit=2").json
    assert [model["model_id"] for model in page["items"]] == asked[:0:-1]
    rest = team.get(f"/v1/models?limit=2&cursor={page['next_cursor']}").json
    assert [model["model_id"] for model in rest["items"]] == asked[:1]
    assert rest["next_cursor"] is None


def test_a_reviewer_neither_trains_nor_promotes(team: Team, reviewer: Team) -> None:
    model = team.queue_model(file_of(5))
    assert reviewer.upload(FILE).status_code == 403
    assert reviewer.get("/v1/models").status_code == 403
    assert reviewer.propose(model, match='"1"').status_code == 403
    assert reviewer.post("/v1/models/rollback", {"reason": "because"}).status_code == 403


def test_who_loaded_trained_and_promoted_stands_in_the_audit_trail(
    team: Team, train: Train, database: Database
) -> None:
    model = team.queue_model(FILE)
    train()
    team.promote(model)
    with database.transaction() as tx:
        rows = tx.all("SELECT actor, action FROM audit_log ORDER BY number")
        assert tx.all("SELECT DISTINCT client, tenant FROM audit_log ORDER BY client") == [
            ("fraud-lead", "fangzha"),
            ("fraud-team", "fangzha"),
        ]
        assert audit.broken_links(tx) == []
    assert rows == [
        ("fraud-team", "past_claims.loaded"),
        ("fraud-team", "model.requested"),
        ("fraud-team", "model.promotion_proposed"),
        ("fraud-lead", "model.promoted"),
    ]


def test_a_dataset_or_model_that_is_not_there_is_named(team: Team) -> None:
    nobody = "0190163d-8694-739b-aea5-966c26f8ad91"
    assert team.post("/v1/models", {"dataset_id": nobody, "note": "x"}).status_code == 422
    assert team.get(f"/v1/models/{nobody}").status_code == 404
    assert team.propose(nobody, match='"1"').status_code == 404


@pytest.mark.parametrize("bad", [line(name="张三"), b"x" * 20_000])
def test_nothing_is_kept_of_a_file_with_a_wrong_line(team: Team, database: Database, bad: bytes) -> None:
    answer = team.upload(line() + b"\n" + bad + b"\n" + line())
    assert (answer.status_code, answer.problem) == (422, "invalid-request"), answer.text
    fault = answer.json["errors"][0]
    assert fault["pointer"].startswith("/2")
    assert "Line 2" in fault["detail"]
    assert fault["fix"]
    assert "张三" not in answer.text
    with database.transaction() as tx:
        assert tx.one("SELECT count(*) FROM past_claims") == (0,)


def test_all_wrong_lines_are_named_at_once_up_to_fifty(team: Team) -> None:
    answer = team.upload(b"\n".join([line(amount_fen=-1)] * 60))
    assert [fault["pointer"] for fault in answer.json["errors"]] == [f"/{n}/amount_fen" for n in range(1, 51)]


def test_an_empty_file_and_a_wrong_content_type_are_refused(team: Team) -> None:
    assert team.upload(b"").status_code == 422
    assert team.upload(FILE, content_type="text/csv").status_code == 415
