"""Which model is trained next and by whom, and that what is over stays as it is."""

from __future__ import annotations

import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest

from services.fraud_detection.models.domain.errors import NothingToRollBackTo
from services.fraud_detection.models.scoring.artifact import pack
from services.fraud_detection.models.scoring.training import train
from services.fraud_detection.models.store import models
from services.fraud_detection.models.usecases.roll_back_model import roll_back_model
from services.fraud_detection.models.usecases.train_model import MOST_ATTEMPTS, begin
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.values.ids import ModelId
from shared.values.money import Fen
from tests import clock
from tests.services.fraud_detection.models.builders import SIGNER, Team, file_of, labelled_rows


def begun(database: Database) -> models.Work | None:
    """What a worker begins to train, whether or not it lives to train it."""
    with database.transaction() as tx:
        return begin(tx, clock.CLOCK)


def test_the_model_that_was_asked_for_first_is_trained_first_though_its_worker_died(
    team: Team, database: Database
) -> None:
    first, _second = team.queue_model(file_of(5)), team.queue_model(file_of(5))
    for _ in range(2):
        work = begun(database)
        assert work is not None
        assert work.model_id == first


def test_nobody_waits_for_the_model_that_another_begins_or_trains(team: Team, database: Database) -> None:
    first, second = team.queue_model(file_of(5)), team.queue_model(file_of(5))
    with database.transaction() as tx, database.transaction() as other:
        other.execute("SET LOCAL lock_timeout = '2s'")
        begins = [begin(each, clock.CLOCK) for each in (tx, other)]
        assert [work and work.model_id for work in begins] == [first, second]
    with database.transaction() as tx, database.transaction() as other:
        other.execute("SET LOCAL lock_timeout = '2s'")
        assert [models.hold(each, ModelId(first), 1) for each in (tx, other)] == [True, False]


def test_a_worker_that_was_overtaken_before_it_trained_holds_nothing(team: Team, database: Database) -> None:
    team.queue_model(file_of(5))
    slow, fast = begun(database), begun(database)
    assert slow is not None
    assert fast is not None
    with database.transaction() as tx:
        assert not models.hold(tx, slow.model_id, slow.attempts)
        assert models.hold(tx, fast.model_id, fast.attempts)


def test_a_model_that_was_given_up_is_not_trained_by_who_began_it_last(team: Team, database: Database) -> None:
    team.queue_model(file_of(5))
    last = [begun(database) for _ in range(MOST_ATTEMPTS)][-1]
    assert last is not None
    assert begun(database) is None
    with database.transaction() as tx:
        assert not models.hold(tx, last.model_id, last.attempts)


@pytest.mark.parametrize(
    "act",
    [
        models.start,
        lambda tx, model_id: models.finish(tx, model_id, "{}", clock.now()),
        lambda tx, model_id: models.fail(tx, model_id, "another reason", clock.now()),
    ],
    ids=["start", "finish", "fail"],
)
def test_a_model_that_failed_stays_as_it_is(team: Team, database: Database, act: Callable[[Tx, ModelId], None]) -> None:
    model_id = ModelId(team.queue_model(file_of(5)))
    with database.transaction() as tx:
        models.fail(tx, model_id, "too few past claims", clock.now())
    before: dict[str, Any] = team.get(f"/v1/models/{model_id}").json
    with database.transaction() as tx:
        act(tx, model_id)
    assert team.get(f"/v1/models/{model_id}").json == before


@functools.cache
def artifact() -> bytes:
    return pack(train(labelled_rows(2_000))[0])


def promoted(tx: Tx, model_id: ModelId, alias: models.Alias) -> None:
    made = SIGNER.sign(model_id, artifact())
    models.add_artifact(tx, model_id, made.data, made.sha256, made.signature)
    number = models.add_promotion(
        tx,
        model_id,
        approve_below=0.2,
        auto_approve_limit_fen=Fen(100),
        auto_approve_loss_limit_fen=Fen(1_000),
        reason="better than before",
        promoted_by="fraud-team",
        now=clock.now(),
    )
    models.point(tx, alias, number)


def test_of_two_persons_who_roll_back_at_this_very_moment_the_second_undoes_nothing(
    team: Team, database: Database
) -> None:
    before, now = (ModelId(team.queue_model(file_of(5))) for _ in range(2))
    with database.transaction() as tx:
        promoted(tx, before, "previous")
        promoted(tx, now, "champion")

    def roll_back(tx: Tx, by: str) -> ModelId:
        return roll_back_model(tx, reason="bad", signer=SIGNER, rolled_back_by=by, now=clock.now())

    def roll_back_too() -> ModelId:
        with database.transaction() as tx:
            return roll_back(tx, by="fraud-lead")

    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as tx:
            assert roll_back(tx, by="fraud-team") == before
            second = pool.submit(roll_back_too)
            wait([second], timeout=1)
        with pytest.raises(NothingToRollBackTo):
            second.result(timeout=60)
