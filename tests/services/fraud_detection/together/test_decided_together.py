"""Claims that are decided together come out as if each were decided by itself, in the order in which they came."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.errors import UnknownClaim
from services.fraud_detection.decisions.usecases.adjudicate import adjudicate
from services.fraud_detection.models.domain.features import FEATURES
from shared.db.transaction import Tx
from shared.events.claims import ClaimSubmitted, Outcome
from shared.messaging.failures import Unready
from shared.process.new_ids import new_id
from shared.values.ids import ClaimId
from tests.rules.fraud_detection.builders import LOSS, liability, product
from tests.services.fraud_detection.builders import NOW, Doubt, World, adjudicator, champion, complete, evidence
from tests.services.fraud_detection.insured import Insured, at, file, insure, organization, resident, shipped

AMOUNT = FEATURES.index("log_amount_yuan")
USUAL = product(annual_limit_fen=4_000_000, annual_deductible_fen=50_000)
SHARED = product(product_code="account-theft-share", stacking="pro_rata")
SEVERAL = product(
    product_code="household",
    annual_limit_fen=3_000_000,
    liabilities=[
        liability("fraud_loss", annual_limit_fen=2_000_000, event_deductible_fen=20_000),
        liability("ransom", event_limit_fen=900_000),
    ],
)
CYBER = shipped("enterprise-cyber")


class ByAmount(Doubt):
    """A champion whose opinions differ from claim to claim."""

    def __init__(self) -> None:
        super().__init__(0.0)

    def score(self, vectors: Sequence[tuple[float, ...]], /) -> Sequence[Doubt]:
        return [Doubt(vector[AMOUNT] * 997 % 1 / 2) for vector in vectors]


class Undone(Exception):
    """What was decided is not to stay."""


def submitted(claim: Claim) -> ClaimSubmitted:
    return ClaimSubmitted(
        claim_id=claim.claim_id, round=claim.round, policy_id=claim.policy_id, submitted_at=claim.submitted_at
    )


def decide(tx: Tx, claims: Sequence[Claim], **changes: Any) -> dict[ClaimId, Outcome]:
    return adjudicate(tx, [submitted(claim) for claim in claims], by=adjudicator(**changes), now=NOW)


def kept(tx: Tx) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that decisions leave behind, but for the ids and the order of what bears on different persons."""
    return {
        what: sorted(tx.all(sql), key=repr)
        for what, sql in {
            "decisions": "SELECT to_jsonb(decisions) - 'decision_id' FROM decisions",
            "features": "SELECT to_jsonb(claim_features) FROM claim_features",
            "steps": "SELECT to_jsonb(claim_steps) FROM claim_steps",
            "claims": "SELECT to_jsonb(claims) FROM claims",
            "reviews": "SELECT to_jsonb(reviews) FROM reviews",
            "limits": "SELECT to_jsonb(limit_use) FROM limit_use",
            "liabilities": "SELECT to_jsonb(liability_use) FROM liability_use",
            "events": "SELECT subject, body::jsonb - 'decision_id' FROM outbox WHERE type = 'claims.decided'",
        }.items()
    }


def file_many(world: World, seed: int, count: int) -> list[Claim]:
    """Claims of few persons: of one policy, of several beside each other, for others, of one loss, past every limit."""
    random = Random(seed)  # noqa: S311  # a plan, no secret
    policies: list[Insured] = []
    for _ in range(count // 5):
        holder = resident(world, random.choice(["0000", "0000", "0000", "9001", "9003", "9004", "9005"]))
        terms = random.choice([USUAL, SHARED, SEVERAL])
        policies.append(insure(world, terms, holder))
        if terms is SHARED:
            policies.append(insure(world, terms, holder.elsewhere(), partner_id="telecom-west"))
    policies.append(insure(world, CYBER, organization()))
    files = [complete() for _ in range(4)]
    filed = []
    for number in range(count):
        policy = random.choice(policies)
        claimant = policy.claimant if random.random() < 0.9 else random.choice(policies).claimant
        occurred = LOSS + timedelta(hours=random.choice([0, 0, 0, 12, 24]))
        changes: dict[str, Any] = {
            "claimant": claimant,
            "occurred_at": occurred,
            "discovered_at": occurred + timedelta(hours=2),
            "reported_at": occurred + timedelta(hours=5),
            "amount_fen": random.choice([30_000, 90_000, 1_440_000, 700_000 + number]),
            "scam_type": random.choice(["fake_customer_service", "game_trade", "illegal_online", "romance"]),
            "evidence": random.choice([*files, (evidence("police_receipt"),), complete(), complete()]),
            "device_id": random.choice(["device-1", f"device-{number}", None]),
            "handler_id": random.choice(["agent-7", None]),
        }
        for named in ("fraud_loss", "ransom", CYBER.liabilities[0].code):
            # Which liabilities there are differs by product: the first one that fits is taken.
            with suppress(Exception):
                filed.append(
                    file(world, policy, liability=named, now=NOW + timedelta(seconds=random.randrange(60)), **changes)
                )
                break
    assert len(filed) > count // 2
    return filed


@pytest.mark.parametrize("seed", range(4))
def test_claims_decided_together_come_out_as_one_by_one(world: World, seed: int) -> None:
    filed = file_many(world, seed, 50)
    by = ByAmount()
    with suppress(Undone), world.database.transaction() as tx:
        outcomes = decide(tx, filed, by=lambda _tx: by)
        together = kept(tx)
        raise Undone

    one_by_one: dict[ClaimId, Outcome] = {}
    for claim in filed:
        with world.database.transaction() as tx:
            one_by_one |= decide(tx, [claim], by=lambda _tx: by)
    with world.database.transaction() as tx:
        assert kept(tx) == together
    assert outcomes == one_by_one
    assert {"approved", "review", "refusal_proposed"} <= set(outcomes.values())


def later(days: int) -> dict[str, Any]:
    """The times of a loss so long after the usual one."""
    return {**at(LOSS + timedelta(days=days))}


def test_of_two_claims_that_do_not_both_fit_the_limit_the_first_of_the_batch_has_it(world: World) -> None:
    person = world.covered()
    one = world.file(person, scam_type="romance", amount_fen=3_500_000, **later(5))
    two = world.file(person, scam_type="loan_or_card", amount_fen=2_900_000)
    with world.database.transaction() as tx:
        outcomes = decide(tx, [two, one])
    assert outcomes == {two.claim_id: "approved", one.claim_id: "approved"}
    paid = dict(world.rows("SELECT claim_id::text, amount_fen FROM decisions"))
    assert paid == {two.claim_id: 2_900_000, one.claim_id: 2_100_000}


def test_a_claim_that_came_twice_is_decided_once(world: World) -> None:
    claim = world.file(world.covered())
    with world.database.transaction() as tx:
        assert decide(tx, [claim, claim]) == {claim.claim_id: "approved"}
    with world.database.transaction() as tx:
        assert decide(tx, [claim]) == {}
    assert len(world.events("claims.decided")) == 1


def test_a_claim_that_is_none_of_ours_or_waits_for_terms_leaves_the_others_to_be_tried_alone(world: World) -> None:
    good = world.file(world.covered())
    waiting = world.file(world.covered(product_code="new"), liability="fraud_loss")
    world.rows("UPDATE coverage SET product_version = 9 WHERE policy_id = " + f"'{waiting.policy_id}' RETURNING 1")
    stranger = ClaimSubmitted(claim_id=new_id(), round=1, policy_id=new_id(), submitted_at=NOW)

    with pytest.raises(UnknownClaim), world.database.transaction() as tx:
        adjudicate(tx, [submitted(good), stranger], by=adjudicator(), now=NOW)
    with pytest.raises(Unready), world.database.transaction() as tx:
        decide(tx, [good, waiting])
    assert world.rows("SELECT count(*) FROM decisions") == [(0,)]
    with world.database.transaction() as tx:
        assert decide(tx, [good]) == {good.claim_id: "approved"}


def test_a_claim_that_breaks_the_scorer_goes_to_a_person_and_the_others_are_scored(world: World) -> None:
    class Brittle(Doubt):
        def score(self, vectors: Sequence[tuple[float, ...]], /) -> Sequence[Doubt]:
            if any(vector[AMOUNT] < 6 for vector in vectors):
                raise ZeroDivisionError
            return super().score(vectors)

    filed = [world.file(world.covered(), amount_fen=amount) for amount in (1_440_000, 10_000, 1_440_000)]
    with world.database.transaction() as tx:
        outcomes = decide(tx, filed, by=lambda _tx: Brittle(0.1))
    assert [outcomes[claim.claim_id] for claim in filed] == ["approved", "review", "approved"]
    assert world.rows("SELECT why FROM decisions WHERE outcome = 'review'") == [("scorer_failed",)]


def test_of_two_workers_with_the_same_claims_each_decides_what_the_other_left(world: World) -> None:
    filed = [world.file(world.covered()) for _ in range(4)]

    def decide_too(claims: Sequence[Claim]) -> dict[ClaimId, Outcome]:
        with world.database.transaction() as tx:
            return decide(tx, claims)

    with ThreadPoolExecutor(1) as pool:
        with world.database.transaction() as tx:
            first = decide(tx, filed[:3])
            second = pool.submit(decide_too, filed[::-1])
            wait([second], timeout=1)
            assert not second.done()
        assert second.result(timeout=60).keys() == {filed[3].claim_id}
    assert first.keys() == {claim.claim_id for claim in filed[:3]}


def test_workers_whose_claims_bear_on_each_other_never_wait_for_each_other_crosswise(world: World) -> None:
    """Each worker has one claim of each person, in another order than the other worker."""
    persons = [world.covered() for _ in range(6)]
    losses = {"romance": 1_000_000, "loan_or_card": 1_100_000}
    batches = [
        [world.file(person, scam_type=scam, amount_fen=amount, **later(5 * n)) for person in persons]
        for n, (scam, amount) in enumerate(losses.items())
    ]

    def decide_all(claims: Sequence[Claim]) -> int:
        with world.database.transaction() as tx:
            return len(decide(tx, claims, by=champion(0.1)))

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(decide_all, [batches[0], batches[1][::-1]])) == [6, 6]
    ((reserved,),) = world.rows("SELECT sum(reserved_fen)::bigint FROM limit_use")
    assert reserved == 6 * sum(losses.values())
