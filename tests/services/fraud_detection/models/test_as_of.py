"""A claim is scored by what was known when it was submitted: what others do later changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.store import claims
from services.fraud_detection.coverage.store.products import Terms
from services.fraud_detection.decisions.store import limits
from services.fraud_detection.decisions.usecases.case_file import collect, hold, snapshots
from services.fraud_detection.models.domain.snapshot import Snapshot
from tests.services.fraud_detection.builders import NOW, Person, World, complete, evidence, own_account

FILE = evidence("chat_record", "the same chat, told by many")


def known(world: World, claim: Claim) -> Snapshot:
    """What the model would be told of ``claim`` now."""
    with world.database.transaction() as tx:
        held = hold(tx, list(claims.lock_many(tx, [claim.claim_id]).values()))
        cases = collect(tx, held, Terms())
        return snapshots(tx, cases, limits.use(tx, held.claims))[claim.claim_id]


def alike(world: World, person: Person, account: Person, *, now: datetime) -> Claim:
    """A claim that shares with the others all that is counted."""
    return world.file(
        person,
        handler_id="agent-7",
        payee_token=own_account(account),
        evidence=(*complete(), FILE),
        now=now,
    )


def test_what_is_filed_and_decided_later_changes_no_feature(world: World) -> None:
    victim = world.covered()
    others = [world.covered() for _ in range(6)]
    alike(world, others[0], victim, now=NOW - timedelta(days=1))
    claim = alike(world, victim, victim, now=NOW)
    before = known(world, claim)
    assert before.evidence_seen_elsewhere == before.device_claims == before.payee_persons == before.handler_claims == 1
    deeds: list[Callable[[], object]] = [
        lambda: alike(world, others[1], victim, now=NOW + timedelta(microseconds=1)),
        lambda: alike(world, others[2], victim, now=NOW + timedelta(minutes=1)),
        lambda: alike(world, others[3], victim, now=NOW + timedelta(days=3)),
        lambda: world.decide(alike(world, others[4], victim, now=NOW + timedelta(hours=2))),
        lambda: world.file(  # the victim themself, cheated once more
            victim,
            scam_type="fake_police",
            amount_fen=1_000_000,
            evidence=(*complete(), FILE),
            now=NOW + timedelta(hours=1),
        ),
    ]
    for deed in deeds:
        deed()
        assert known(world, claim) == before


@pytest.mark.parametrize(("earlier", "seen"), [(timedelta(hours=1), 1), (-timedelta(hours=1), 0)])
def test_a_file_counts_as_seen_elsewhere_by_whoever_had_it_first(world: World, earlier: timedelta, seen: int) -> None:
    first, second = world.covered(), world.covered()
    claim = world.file(first, evidence=(*complete(), FILE), now=NOW)
    world.file(second, evidence=(*complete(), FILE), now=NOW - earlier)
    world.decide(claim, now=NOW + timedelta(days=1))
    ((snapshot,),) = world.rows("SELECT snapshot FROM claim_features")
    assert snapshot["evidence_seen_elsewhere"] == seen
