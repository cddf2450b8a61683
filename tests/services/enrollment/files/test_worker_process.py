"""The worker as a process of its own: killed in the middle of a file, and fed by Kafka."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

import msgspec
import pytest

from services.enrollment.files.intake import lines
from services.enrollment.files.usecases.receive_batch import Declared, receive_batch
from services.enrollment.files.worker import PARTS_AT_ONCE
from services.enrollment.partners.usecases.contracts import contract_of
from services.enrollment.people.domain.policies import Claims
from services.enrollment.policies.store import policies
from services.enrollment.policies.usecases.vault import Vault
from shared.db.pool import Database
from shared.events.policies import PoliciesEnrolled
from shared.process.new_ids import new_id
from shared.values.money import Fen
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
    waiting,
)
from tests.services.enrollment.files.worker_process import send, until, worker


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
