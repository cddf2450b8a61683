"""Which model is trained next and by whom, and that what is over stays as it is."""

from __future__ import annotations

import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import psycopg2
import pytest

from services.fraud_detection.models.domain.errors import NothingToRollBackTo
from services.fraud_detection.models.scoring.artifact import pack
from services.fraud_detection.models.scoring.training import train
from services.fraud_detection.models.store import models
from services.fraud_detection.models.usecases.roll_back_model import roll_back_model
from services.fraud_detection.models.usecases.train_model import LEASE, MOST_ATTEMPTS, begin
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.values.ids import ModelId
from shared.values.money import Fen
from tests import clock
from tests.services.fraud_detection.models.builders import SIGNER, Team, file_of, labelled_rows


def begun(database: Database) -> models.Work | None:
    """What a trainer begins to train, whether or not it lives to train it."""
    with database.transaction() as tx:
        return begin(tx, clock.CLOCK)


def let_go(database: Database) -> None:
    """What time does to the leases of trainers that died."""
    with database.transaction() as tx:
        tx.execute("UPDATE models SET leased_until = clock_timestamp()")


def test_the_model_that_was_asked_for_first_is_trained_first_though_its_trainer_died(
    team: Team, database: Database
) -> None:
    first, _second = team.queue_model(file_of(5)), team.queue_model(file_of(5))
    for _ in range(2):
        work = begun(database)
        assert work is not None
        assert work.model_id == first
        let_go(database)


def test_nobody_waits_for_the_model_that_another_begins_or_trains(team: Team, database: Database) -> None:
    first, second = team.queue_model(file_of(5)), team.queue_model(file_of(5))
    with database.transaction() as tx, database.transaction() as other:
        other.execute("SET LOCAL lock_timeout = '2s'")
        begins = [begin(each, clock.CLOCK) for each in (tx, other)]
        assert [work and work.model_id for work in begins] == [first, second]
    assert begun(database) is None, "both are held"


def test_a_trainer_that_was_overtaken_holds_nothing_and_changes_nothing(team: Team, database: Database) -> None:
    team.queue_model(file_of(5))
    slow = begun(database)
    let_go(database)
    fast = begun(database)
    assert slow is not None
    assert fast is not None
    with database.transaction() as tx:
        assert not models.renew(tx, slow, "fitting", 0.5, LEASE)
        assert not models.give_back(tx, slow, counts=True)
        assert not models.finish(tx, slow, "{}", clock.now())
        assert not models.fail(tx, slow, "no reason", clock.now())
        assert models.renew(tx, fast, "fitting", 0.5, LEASE)


def test_a_model_that_was_given_up_is_not_trained_by_who_began_it_last(team: Team, database: Database) -> None:
    model = team.queue_model(file_of(5))
    for _ in range(MOST_ATTEMPTS):
        last = begun(database)
        let_go(database)
    assert last is not None
    assert begun(database) is None
    with database.transaction() as tx:
        assert not models.renew(tx, last, "fitting", 0.5, LEASE)
    failed = team.get(f"/v1/models/{model}").json
    assert (failed["state"], failed["attempts"], "never ended" in failed["failure"]) == ("failed", 4, True)


def test_a_model_that_is_given_back_is_taken_at_once_and_a_stop_is_no_attempt(team: Team, database: Database) -> None:
    model = team.queue_model(file_of(5))
    for counts, attempts in ((False, 0), (True, 1)):
        work = begun(database)
        assert work is not None
        with database.transaction() as tx:
            assert models.give_back(tx, work, counts=counts)
        seen = team.get(f"/v1/models/{model}").json
        assert (seen["state"], seen["attempts"], seen["progress"]) == ("queued", attempts, None)


@pytest.mark.parametrize(
    "act",
    [
        lambda tx, work: models.start(tx, work.model_id, LEASE),
        lambda tx, work: models.finish(tx, work, "{}", clock.now()),
        lambda tx, work: models.fail(tx, work, "another reason", clock.now()),
        lambda tx, work: models.cancel(tx, work.model_id, "fraud-team", clock.now()),
        lambda tx, work: models.renew(tx, work, "fitting", 0.5, LEASE),
        lambda tx, work: models.give_back(tx, work, counts=True),
    ],
    ids=["start", "finish", "fail", "cancel", "renew", "give_back"],
)
def test_a_model_that_failed_stays_as_it_is(
    team: Team, database: Database, act: Callable[[Tx, models.Work], object]
) -> None:
    model_id = ModelId(team.queue_model(file_of(5)))
    work = begun(database)
    assert work is not None
    with database.transaction() as tx:
        assert models.fail(tx, work, "too few past claims", clock.now())
    before: dict[str, Any] = team.get(f"/v1/models/{model_id}").json
    with database.transaction() as tx:
        act(tx, work)
    assert team.get(f"/v1/models/{model_id}").json == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("state = 'ready', report = '{}', finished_at = now(), version = 2", "cannot go from queued to ready"),
        ("state = 'training'", "raises its version by one"),
        ("state = 'canceled', version = 2, finished_at = now()", "check constraint"),
        ("state = 'lost', version = 2, finished_at = now()", "foreign key|cannot go from queued to lost"),
        ("phase = 'fitting'", "check constraint"),
    ],
)
def test_the_database_refuses_an_illegal_step(team: Team, database: Database, change: str, said: str) -> None:
    team.queue_model(file_of(5))
    with pytest.raises(psycopg2.IntegrityError, match=said), database.transaction() as tx:
        tx.execute(f"UPDATE models SET {change}")


def test_a_model_that_waits_with_no_trainer_at_work_is_noticed(team: Team, database: Database) -> None:
    def unattended() -> float:
        with database.transaction() as tx:
            return models.unattended_seconds(tx)

    assert unattended() == 0
    team.queue_model(file_of(5))
    team.queue_model(file_of(5))
    with database.transaction() as tx:
        tx.execute("UPDATE models SET leased_until = clock_timestamp() - interval '1 hour'")
    assert unattended() >= 3600
    assert begun(database)
    assert unattended() == 0, "the second one waits for its turn"


@dataclass
class Proposed:
    """What a promotion takes over."""

    model_id: ModelId
    approve_below: float
    auto_approve_limit_fen: Fen
    auto_approve_loss_limit_fen: Fen
    reason: str
    proposed_by: str


@functools.cache
def artifact() -> bytes:
    return pack(train(labelled_rows(2_000))[0])


def promoted(tx: Tx, model_id: ModelId, alias: models.Alias) -> None:
    made = SIGNER.sign(model_id, artifact())
    models.add_artifact(tx, model_id, made.data, made.sha256, made.signature)
    proposed = Proposed(model_id, 0.2, Fen(100), Fen(1_000), "better than before", "fraud-team")
    number = models.add_promotion(tx, proposed, promoted_by="fraud-lead", now=clock.now())
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
