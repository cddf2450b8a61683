"""The worker as a process of its own: killed in the middle of a file, and fed by Kafka."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import msgspec
import pytest

from services.enrollment.files.intake import lines
from services.enrollment.files.usecases.receive_batch import Declared, receive_batch
from services.enrollment.files.worker import PARTS_AT_ONCE
from services.enrollment.partners.usecases.contracts import contract_of
from services.enrollment.people.domain.policies import Claims
from services.enrollment.policies.store import policies
from services.enrollment.policies.usecases.vault import Vault
from services.enrollment.tools import TOOLS
from shared.db.pool import Database
from shared.events.envelope import Event
from shared.events.policies import PoliciesEnrolled
from shared.messaging import topics
from shared.messaging.kafka_link import Link, Producer
from shared.messaging.messages import Outgoing
from shared.privacy.keys import KeyRing
from shared.privacy.sealed import Sealer
from shared.privacy.tokens import Tokenizer
from shared.process.new_ids import new_id
from shared.values.money import Fen
from tests import clock
from tests.conftest import Environment
from tests.services.enrollment.builders import (
    NOW,
    PRODUCT,
    csv,
    decided,
    enroll_policy,
    faults,
    paid,
    pieces,
    row,
    settle,
    waiting,
)

PATIENCE_SECONDS = 120.0
ROOT = Path(__file__).parents[3]


@pytest.fixture
def whole(environment: Environment) -> dict[str, str]:
    return environment("enrollment")


@pytest.fixture
def base(whole: dict[str, str]) -> Iterator[Database]:
    database = Database(whole["ENROLLMENT_DATABASE_URL"], size=2)
    settle(database)
    settings = TOOLS.settings.load(whole)
    subscriptions = TOOLS.subscriptions(settings, database, None)  # type: ignore[arg-type]  # ours ask for no clock
    topics.ensure("enrollment", subscriptions, Link.from_settings(settings), partitions=4, replication=1)
    yield database
    database.close()


@pytest.fixture
def keys(whole: dict[str, str]) -> Vault:
    return Vault(Tokenizer(KeyRing.parse(whole["TOKEN_KEYS"])), Sealer(KeyRing.parse(whole["SEAL_KEYS"])))


@contextmanager
def worker(environ: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "services.enrollment", "worker"],
        cwd=ROOT,
        env=os.environ | environ,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        process.wait()


def until(holds: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert process.poll() is None, "the worker ended by itself"
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.01)


def rows_read(database: Database) -> int:
    with database.transaction() as tx:
        row = tx.one("SELECT rows_read FROM batches")
    assert row is not None
    return int(row[0])


def all_wait_after(database: Database, rows: int) -> bool:
    """Whether so many rows are done, and all threads of the worker wait in parts after them."""
    return (waiting(database), rows_read(database)) == (PARTS_AT_ONCE, rows)


class _Undone(Exception):
    """What was done in the transaction is not to stay."""


def test_a_worker_killed_in_the_middle_of_a_file_costs_nothing(
    base: Database, keys: Vault, whole: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "PART_ROWS", 5000)
    people = 40_000
    data = csv([row(n) for n in range(people)])
    with base.transaction() as tx:
        receive_batch(
            tx,
            pieces(data, 262_144),
            PRODUCT,
            Declared(people, None),
            tenant="telecom-east",
            actor="test",
            vault=keys,
            now=NOW,
        )
    for part in (2, 4, 6):
        # Somebody of this part and somebody of the next one are being enrolled by others, so that both threads of the
        # worker wait in the middle of their parts; there it is killed.
        with suppress(_Undone), base.transaction() as tx:
            for line in (part * 5000 + 1, (part + 1) * 5000 + 1):
                enroll_policy(tx, row(line), PRODUCT, tenant="telecom-west", vault=keys, now=NOW, sandbox=True)
            with worker(whole) as process:
                until(partial(all_wait_after, base, part * 5000), process)
            raise _Undone
    with worker(whole) as process:
        until(lambda: rows_read(base) == people, process)
    with base.transaction() as tx:
        assert tx.one("SELECT state, accepted, rejected FROM batches") == ("finished", people, 0)
        stored = {policy_id for (policy_id,) in tx.all("SELECT policy_id FROM policies")}
        people_covered = tx.one("SELECT count(DISTINCT person_token) FROM policies")
        bodies = tx.all("SELECT body FROM outbox WHERE type = 'policies.enrolled'")
    events = [msgspec.json.decode(body, type=PoliciesEnrolled) for (body,) in bodies]
    announced = [policy_id for event in events for policy_id in event.policies.policy_ids]
    assert people_covered == (people,)
    assert len(announced) == people
    assert set(announced) == stored
    assert faults(base, whole) == []


def send(environ: dict[str, str], *events: Event) -> None:
    """Put events on their topics as another service's relay does."""
    producer = Producer(Link.from_settings(TOOLS.settings.load(environ)), "test")
    messages = []
    for event in events:
        headers = {
            "ce_specversion": "1.0",
            "ce_id": new_id(),
            "ce_type": event.TYPE,
            "ce_source": "/fangzha/test",
            "ce_time": clock.now().isoformat(),
            "ce_subject": "x",
            "content-type": "application/json",
        }
        fixed = tuple((name, text.encode()) for name, text in headers.items())
        messages.append(Outgoing(event.TOPIC, new_id().encode(), msgspec.json.encode(event), fixed))
    assert None not in producer.send(messages)
    producer.close()


def test_what_the_other_services_announce_shows_on_the_policy_and_the_newest_wins(
    base: Database, keys: Vault, whole: dict[str, str]
) -> None:
    with base.transaction() as tx:
        policy = enroll_policy(tx, row(1), PRODUCT, tenant="telecom-east", vault=keys, now=NOW, sandbox=True).policy
        contract = contract_of(tx, policy.partner_id)
    policy_id, claim_id, payout_id = policy.policy_id, new_id(), new_id()
    send(
        whole,
        decided(policy_id, claim_id=claim_id, version=2, outcome="approved", amount_fen=5000),
        decided(policy_id, claim_id=claim_id, version=1, outcome="review"),
        decided(policy_id, outcome="refused"),
        paid(policy_id, payout_id=payout_id, version=3, state="returned", amount_fen=5000),
        paid(policy_id, payout_id=payout_id, version=2, state="paid", amount_fen=5000),
        paid(policy_id, version=2, state="paid", amount_fen=700),
    )

    def inbox() -> int:
        with base.transaction() as tx:
            row = tx.one("SELECT count(*) FROM inbox")
        assert row is not None
        return int(row[0])

    with worker(whole) as process:
        until(lambda: inbox() == 6, process)
    with base.transaction() as tx:
        known = policies.policy(tx, policy_id, partner_no=contract.partner_no)
    assert known is not None
    assert known.claims == Claims(filed=2, approved=1, paid=Fen(700))
