from __future__ import annotations

import json
import statistics
from collections import Counter
from datetime import UTC, datetime
from random import Random

import pytest

from deploy.simulator import past_claims, schemes
from deploy.simulator.past_claims import DISHONEST_SHARE, REPEAT_VICTIM_SHARE
from deploy.simulator.scams import SHARES, happen

UNTIL = datetime(2026, 11, 1, tzinfo=UTC)


def test_a_seed_always_makes_the_same_past_claims() -> None:
    assert past_claims.make(1, 300, until=UNTIL) == past_claims.make(1, 300, until=UNTIL)
    assert past_claims.make(1, 300, until=UNTIL) != past_claims.make(2, 300, until=UNTIL)


def test_scams_come_in_the_shares_of_the_police_cases() -> None:
    rng = Random(1)  # noqa: S311  simulation
    found = Counter(happen(rng).scam_type for _ in range(40_000))
    total = sum(SHARES.values())
    assert len(found) == 13
    for scam_type, share in SHARES.items():
        assert found[scam_type] / 40_000 == pytest.approx(share / total, abs=0.008)


def test_losses_are_14400_yuan_on_average_with_a_heavy_tail() -> None:
    rng = Random(1)  # noqa: S311  simulation
    losses = sorted(happen(rng).amount_fen / 100 for _ in range(60_000))
    assert statistics.mean(losses) == pytest.approx(14_400, rel=0.06)
    assert losses[30_000] < 0.45 * 14_400
    assert losses[-600] > 90_000


def test_what_happened_is_told_in_the_order_in_which_it_happened() -> None:
    for claim in past_claims.make(3, 4_000, until=UNTIL):
        assert claim.occurred_at <= claim.discovered_at <= claim.reported_at <= claim.submitted_at, claim.scheme
        assert claim.submitted_at <= UNTIL


def test_past_claims_come_in_the_order_of_their_submission() -> None:
    submitted = [claim.submitted_at for claim in past_claims.make(3, 500, until=UNTIL)]
    assert submitted == sorted(submitted)


def test_all_twelve_schemes_are_played_and_the_repeat_victim_is_honest() -> None:
    claims = past_claims.make(4, 12_000, until=UNTIL)
    played = Counter(claim.scheme for claim in claims if claim.scheme)
    assert set(played) == set(schemes.SCHEMES)
    assert len(played) == 12
    assert all(claim.dishonest == (claim.scheme in schemes.DISHONEST) for claim in claims)
    assert sum(claim.dishonest for claim in claims) / 12_000 == pytest.approx(DISHONEST_SHARE, abs=0.01)
    assert played[schemes.GENUINE_REPEAT_VICTIM] / 12_000 == pytest.approx(REPEAT_VICTIM_SHARE, abs=0.006)


def test_the_file_says_whether_a_claim_was_dishonest_but_not_by_which_scheme() -> None:
    lines = list(past_claims.ndjson(past_claims.make(5, 50, until=UNTIL)))
    rows = [json.loads(line) for line in lines]
    assert all(line.endswith(b"\n") for line in lines)
    assert not any("scheme" in row for row in rows)
    assert all(isinstance(row["dishonest"], bool) for row in rows)
