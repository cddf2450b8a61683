"""``verify`` notices what breaks: each invariant is broken behind the code's back, and must be reported."""

from __future__ import annotations

from typing import Any

import pytest

from services.fraud_detection.tools import TOOLS
from shared.db.pool import Database
from shared.entry.verify import verify
from tests.services.fraud_detection.builders import World, champion
from tests.services.fraud_detection.reviews.test_two_persons import confirm, give, proposed


@pytest.fixture
def lived(database: Database) -> World:
    """A service with two approved claims, one of them by two persons, and two refused ones, one of them of a loss that
    was too small and counts for the year.

    Not ``world``, which asks that nothing is broken at the end.
    """
    world = World(database)
    terms: dict[str, Any] = {"annual_deductible_fen": 300_000}
    world.decide(world.file(world.covered(**terms)))
    claim = world.file(world.covered(**terms))
    world.decide(claim, by=champion(0.9))
    world.review(claim.claim_id, "refuse")
    small = world.file(world.covered(**terms), amount_fen=200_000)
    world.decide(small)
    world.review(small.claim_id, "refuse", clause="below_deductible")
    large = world.file(world.covered(**terms), amount_fen=3_300_000)
    world.decide(large, by=champion(0.9))
    give(world, "reviewer-wang")
    confirm(world, proposed(world, large.claim_id))
    assert world.rows("SELECT deductible_fen FROM limit_use ORDER BY deductible_fen") == [
        (200_000,),
        (300_000,),
        (300_000,),
    ]
    return world


def broken(world: World, environ: dict[str, str]) -> set[int]:
    settings = TOOLS.settings.load(environ)
    return {finding.number for finding in verify(TOOLS.checks(settings, world.database)) if not finding.holds}


def test_after_an_ordinary_life_every_invariant_holds(lived: World, environ: dict[str, str]) -> None:
    assert broken(lived, environ) == set()


UNSEEN = "ALTER TABLE claims DISABLE TRIGGER USER; "
"""As nobody but the owner can."""
PAYOUT = (
    "INSERT INTO claim_payouts SELECT claim_id, decision_id, 1, decision_id, 'paid', {amount}, NULL, now()"
    " FROM decisions"
)


@pytest.mark.parametrize(
    ("number", "damage"),
    [
        (3, "UPDATE limit_use SET reserved_fen = 1"),
        (3, "UPDATE liability_use SET reserved_fen = 1"),
        (3, "DELETE FROM liability_use"),
        (3, "UPDATE decisions SET amount_fen = 6000000 WHERE outcome = 'approved'"),
        (3, "UPDATE limit_use SET deductible_fen = deductible_fen + 1 WHERE reserved_fen = 0"),
        (3, "DELETE FROM limit_use WHERE reserved_fen = 0"),
        (3, "INSERT INTO limit_use SELECT claim_id, 5000000, 0, 1 FROM claims"),
        (3, "UPDATE decisions SET deductible_fen = 0 WHERE outcome = 'approved'"),
        (3, "UPDATE decisions SET deductible_fen = 1 WHERE outcome = 'refused' AND deductible_fen = 0"),
        (4, "UPDATE decisions SET round = 7 WHERE outcome = 'approved'"),
        (6, "DELETE FROM claim_features"),
        (6, "UPDATE decisions SET rule_version = ''"),
        (7, PAYOUT.format(amount=5) + " WHERE outcome = 'refused'"),
        (7, PAYOUT.format(amount="amount_fen + 1") + " WHERE outcome = 'approved'"),
        (7, "UPDATE decisions SET decided_by = 'nobody' WHERE outcome = 'refused'"),
        (7, "UPDATE decisions SET decided_by = 'nobody' WHERE proposed_by IS NOT NULL"),
        (7, "UPDATE approval_proposals SET amount_fen = amount_fen - 1"),
        (7, "DELETE FROM approval_proposals"),
        (3, "UPDATE reservations SET released_at = now()"),
        (4, "UPDATE reservations SET released_at = now()"),
        (13, "UPDATE transfers SET place = NULL"),
        (13, "UPDATE transfers SET place = 'released'"),
        (10, "UPDATE claim_steps SET from_state = 'filed' WHERE to_state = 'refused'"),
        (10, UNSEEN + "UPDATE claims SET state = 'in_review' WHERE state = 'approved'"),
    ],
)
def test_what_was_broken_is_reported(
    lived: World, owner: Database, environ: dict[str, str], number: int, damage: str
) -> None:
    with owner.transaction() as tx:
        assert tx.execute(damage) > 0
    assert number in broken(lived, environ)
