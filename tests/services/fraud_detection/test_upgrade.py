"""A database that lived under the released schema goes on under the newest one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from services.fraud_detection.claims.store import claims
from services.fraud_detection.coverage.store import coverage
from services.fraud_detection.decisions.store import limits
from services.fraud_detection.tools import INVARIANTS, TOOLS
from shared.db.migrate import migrate
from shared.db.pool import Database
from shared.values.ids import ClaimId, PolicyId
from tests.real_parts import Postgres
from tests.shared.platform_database import empty_database

RELEASED: Final = ("0001_coverage_claims_and_decisions.sql", "0100_models.sql")
POLICY: Final = PolicyId("0190163d-8694-739b-aea5-966c26f8ad93")
CLAIM: Final = ClaimId("0190163d-8694-739b-aea5-966c26f8ad92")
TOKEN: Final = "01" + "a" * 32

LIFE: Final = f"""
INSERT INTO coverage VALUES ('{POLICY}', '2026-03-01Z', '2027-03-01Z', 1, 1, 1989,
                             decode('{TOKEN}', 'hex'), decode('{TOKEN}', 'hex'), 'telecom-east', 'resident-anti-fraud');
INSERT INTO limit_use VALUES ('{POLICY}', 5000000, 1440000, 0);
INSERT INTO claims VALUES ('{CLAIM}', 'mobile-backend', 2, 1, 'approved', '{POLICY}', '{TOKEN}', '{TOKEN}', '{TOKEN}',
                           NULL, NULL, 'romance', '2026-05-01Z', '2026-05-01Z', '2026-05-01Z', '2026-05-02Z', 1440000,
                           'CNY', 0, 0, NULL, 0, NULL, false);
INSERT INTO claim_steps VALUES ('{CLAIM}', 1, NULL, 'submitted', '2026-05-02Z'),
                               ('{CLAIM}', 2, 'submitted', 'approved', '2026-05-02Z');
INSERT INTO claim_features VALUES ('{CLAIM}', 1, '2026-05-02Z', '{{}}', '{{}}', '{{}}');
INSERT INTO decisions VALUES ('{POLICY}', '{CLAIM}', 1, 2, 'approved', NULL, 1440000, 0, '[]', 'cover-1',
                              '{POLICY}', 'ab', 0.1, '[]', NULL, false, 'rules_and_model', NULL, NULL,
                              '2026-05-02Z', '2026-05-04Z');"""


@pytest.fixture
def lived(postgres: Postgres, tmp_path: Path) -> Iterator[Database]:
    """The released schema with one policy and an approved claim in it, brought to the newest schema."""
    for name in RELEASED:
        shutil.copy(TOOLS.migrations / name, tmp_path / name)
    with empty_database(postgres) as url:
        migrate(url, [tmp_path])
        database = Database(url, size=2, application_name="test")
        with database.transaction() as tx:
            tx.execute(LIFE)
        migrate(url, [TOOLS.migrations])
        yield database
        database.close()


def test_what_was_reserved_before_is_reserved_of_the_one_liability(lived: Database) -> None:
    with lived.transaction() as tx:
        claim = claims.find(tx, CLAIM)
        assert claim is not None
        used = limits.use(tx, [claim])[claim.claim_id]
        assert (used.reserved_fen, used.liability_fen) == (1_440_000, 1_440_000)
        assert {each.name: faults for each in INVARIANTS if (faults := each.find(tx))} == {}


def test_a_policy_of_before_waits_from_its_start_and_shares_nothing(lived: Database) -> None:
    with lived.transaction() as tx:
        found = coverage.find(tx, POLICY)
        assert found is not None
        assert (found.began, found.retroactive_from, found.stacks) == (found.effective_from, None, False)
        assert coverage.beside(tx, [found]) == {}
        assert coverage.renewals(tx, [POLICY]) == {}
        assert tx.all("SELECT liability, territory FROM claims") == [("fraud_loss", "CN")]
