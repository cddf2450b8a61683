"""How much a partner may send: never more in a window, however many processes ask, and hardly ever less."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.enrollment.files.usecases.receive_batch import Declared, receive_batch
from services.enrollment.partners.domain.errors import LargerThanADay, TooManyEnrollments, TooManyRows
from services.enrollment.partners.domain.quotas import block, window_of
from services.enrollment.partners.usecases.quotas import EnrollmentPermits, forget_windows
from services.enrollment.policies.usecases.vault import Vault
from shared.db.pool import Database
from shared.process import clock
from shared.values.ids import PartnerId
from tests import clock as tests_clock
from tests.services.enrollment.builders import NOW, PRODUCT, Partner, body, csv, row
from tests.services.enrollment.policies.at_once import at_once
from tests.services.enrollment.problems import problem

EAST, WEST = PartnerId("telecom-east"), PartnerId("telecom-west")
ROOT = Path(__file__).parents[4]
MINUTE = timedelta(minutes=1)


def allow(database: Database, *, minute: int | None = None, day: int | None = None) -> None:
    with database.transaction() as tx:
        tx.execute("UPDATE partners SET enrollments_a_minute = %s, rows_a_day = %s WHERE partner_no = 1", (minute, day))


def passes(permits: EnrollmentPermits, tries: int, now: datetime = NOW, partner: PartnerId = EAST) -> int:
    passed = 0
    for _ in range(tries):
        try:
            permits.use_one(partner, now)
            passed += 1
        except TooManyEnrollments:
            pass
    return passed


def taken(database: Database) -> Any:
    with database.transaction() as tx:
        return tx.all("SELECT taken FROM quota_windows ORDER BY begins_at")


def test_one_process_lets_exactly_the_quota_pass_each_minute(database: Database) -> None:
    allow(database, minute=100)
    permits = EnrollmentPermits(database)
    assert passes(permits, 150) == 100
    assert passes(permits, 150, NOW + MINUTE) == 100
    assert taken(database) == [(100,), (100,)]
    assert passes(permits, 500, partner=WEST) == 500, "who has no quota has none"


def test_the_refusal_says_when_to_come_again(database: Database) -> None:
    allow(database, minute=1)
    permits = EnrollmentPermits(database)
    at = NOW + timedelta(seconds=12.5)
    permits.use_one(EAST, at)
    with pytest.raises(TooManyEnrollments) as refused:
        permits.use_one(EAST, at)
    assert (refused.value.most, refused.value.retry_after) == (1, 48)


def test_over_http_it_is_a_429_with_retry_after_and_a_repeat_costs_nothing(
    east: Partner, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In one minute, however slow the machine is and whenever it begins; the next one, as no token is of the future.
    business = tests_clock.now().replace(second=15, microsecond=500_000) + MINUTE
    now = business - tests_clock.CLOCK.ahead
    monkeypatch.setattr(clock, "wall_now", lambda: now)
    allow(database, minute=2)
    first = east.post("/v1/policies", body(1), key="the-same-key")
    assert first.status_code == 201
    assert east.post("/v1/policies", body(1), key="the-same-key").json == first.json
    replies = [east.post("/v1/policies", body(n)) for n in range(2, 6)]
    assert [reply.status_code for reply in replies] == [201, 429, 429, 429]
    assert problem(replies[-1]) == "too-many-requests"
    assert replies[-1].headers["Retry-After"] == "45"


_ASK = """
import sys
from datetime import datetime
from services.enrollment.partners.domain.errors import TooManyEnrollments
from services.enrollment.partners.usecases.quotas import EnrollmentPermits
from shared.db.pool import Database
url, now, tries = sys.argv[1], datetime.fromisoformat(sys.argv[2]), int(sys.argv[3])
permits = EnrollmentPermits(Database(url, size=1))
print("ready", flush=True)
sys.stdin.readline()
passed = 0
for _ in range(tries):
    try:
        permits.use_one("telecom-east", now)
        passed += 1
    except TooManyEnrollments:
        pass
print(passed)
"""


def test_several_processes_together_let_exactly_the_quota_pass(database: Database, enrollment_url: str) -> None:
    allow(database, minute=1000)
    children = [
        subprocess.Popen(
            # More than the quota, so that none of them can be done before its block is used up.
            [sys.executable, "-c", _ASK, enrollment_url, NOW.isoformat(), "1200"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    passed = [int(child.communicate()[0]) for child in children]
    assert sum(passed) == 1000, passed
    assert taken(database) == [(1000,)]


def test_threads_of_one_process_share_its_permits(database: Database) -> None:
    allow(database, minute=200)
    permits, other = EnrollmentPermits(database), EnrollmentPermits(database)
    # Each of the two asks for more than the quota, so that neither can be done before its block is used up.
    results = at_once(*[lambda each=each: passes(each, 120) for each in (permits, permits, permits, other, other)])
    assert sum(each for each in results if isinstance(each, int)) == 200


def test_a_process_that_dies_takes_its_block_with_it_and_nobody_passes_above_the_quota(database: Database) -> None:
    allow(database, minute=320)
    passes(EnrollmentPermits(database), 1)
    lost = block(320) - 1
    assert passes(EnrollmentPermits(database), 400) == 319 - lost
    assert lost <= 320 / 32


def test_a_quota_that_is_used_up_costs_no_look_at_the_database_for_a_second(database: Database) -> None:
    allow(database, minute=1)
    permits = EnrollmentPermits(database)
    assert passes(permits, 2) == 1
    allow(database, minute=5)
    assert passes(permits, 2, NOW + timedelta(milliseconds=500)) == 0
    assert passes(permits, 9, NOW + timedelta(milliseconds=1500)) == 4, "and a contract that allows more is noticed"


def test_a_file_counts_by_its_rows_and_only_if_it_is_taken_in(database: Database, vault: Vault) -> None:
    allow(database, day=10)
    receive(database, vault, range(4))
    with pytest.raises(TooManyRows) as refused:
        receive(database, vault, range(7))
    assert (refused.value.most, refused.value.left) == (10, 6)
    assert refused.value.retry_after == 12 * 3600, "it is noon in Shanghai"
    receive(database, vault, range(6))
    assert taken(database) == [(10,)]
    with pytest.raises(TooManyRows):
        receive(database, vault, range(1))
    receive(database, vault, range(1), now=NOW + timedelta(hours=12))


def test_a_file_that_declares_too_many_rows_is_refused_before_it_is_read(database: Database, vault: Vault) -> None:
    allow(database, day=10)

    def never() -> Any:
        yield b""
        raise AssertionError("it was read")

    with pytest.raises(LargerThanADay), database.transaction() as tx:
        receive_batch(tx, never(), PRODUCT, Declared(11, None), tenant=EAST, actor="test", vault=vault, now=NOW)


def test_files_at_the_same_moment_are_never_more_than_the_day_allows(database: Database, vault: Vault) -> None:
    allow(database, day=10)
    results = at_once(*[lambda: receive(database, vault, range(4)) for _ in range(4)])
    assert sorted(type(each).__name__ for each in results) == ["NoneType", "NoneType", "TooManyRows", "TooManyRows"]
    assert taken(database) == [(8,)]


def test_over_http_too_many_rows_are_a_429(east: Partner, database: Database) -> None:
    allow(database, day=3)
    larger = east.upload(csv([row(n, effective_date="") for n in range(4)]))
    assert (larger.status_code, problem(larger)) == (422, "larger-than-a-day"), "waiting does not help"
    east.upload(csv([row(n, effective_date="") for n in range(2)]))
    refused = east.upload(csv([row(n, effective_date="") for n in range(2)]))
    assert (refused.status_code, problem(refused)) == (429, "too-many-rows")
    assert 1 <= int(refused.headers["Retry-After"]) <= 86_400


def test_windows_that_are_over_are_forgotten(database: Database) -> None:
    allow(database, minute=5)
    passes(EnrollmentPermits(database), 1)
    passes(EnrollmentPermits(database), 1, NOW + timedelta(days=3))
    with database.transaction() as tx:
        assert forget_windows(tx, now=NOW + timedelta(days=3))
        assert not forget_windows(tx, now=NOW + timedelta(days=3))
    assert len(taken(database)) == 1


@pytest.mark.parametrize(
    ("at", "begins"),
    [
        (datetime(2026, 3, 1, 15, 59, 59, tzinfo=UTC), datetime(2026, 2, 28, 16, tzinfo=UTC)),
        (datetime(2026, 3, 1, 16, tzinfo=UTC), datetime(2026, 3, 1, 16, tzinfo=UTC)),
    ],
)
def test_a_day_is_one_of_shanghai(at: datetime, begins: datetime) -> None:
    assert window_of("rows_a_day", at).begins_at == begins


def receive(database: Database, vault: Vault, people: range, now: datetime = NOW) -> None:
    with database.transaction() as tx:
        file = csv([row(n) for n in people])
        receive_batch(tx, [file], PRODUCT, Declared(None, None), tenant=EAST, actor="test", vault=vault, now=now)


def test_a_request_that_is_late_does_not_throw_away_the_new_minutes_permits(database: Database) -> None:
    allow(database, minute=32)
    permits = EnrollmentPermits(database)
    assert passes(permits, 1, NOW + MINUTE) == 1
    assert passes(permits, 1, NOW) == 1
    assert taken(database) == [(2,)], "it used one of the new minute"
