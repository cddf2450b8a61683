"""Claims are decided and paid once although each process is killed meanwhile. More claims and rounds: claims.py."""

from __future__ import annotations

import time

import pytest

from deploy.local.stack import Stack
from tests.faults.claim_rounds import VICTIMS
from tests.faults.claims import prove

CLAIMS = 60
ROUNDS = 2
SEED = int(time.time())


@pytest.mark.timeout(1800)
def test_claims_are_decided_and_paid_once_although_every_process_is_killed_meanwhile(running_system: Stack) -> None:
    print(f"seed {SEED}")
    assert prove(running_system, seed=SEED, claims=CLAIMS, rounds=ROUNDS) >= ROUNDS * len(VICTIMS)
