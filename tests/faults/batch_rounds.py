"""A file of subscribers worked off while processes are killed: one round, and what must be true after it.

The same file goes in each round, each time under a product of its own: a person holds each product once. Judged is by
what was in the file, by enrollment's database, by the topic itself and by the other service's view.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
import polars as pl
import psycopg2

from deploy.demo.enrolling import PARTNER, PRODUCT, today
from deploy.demo.users import ENROLLMENT, User
from deploy.local import sandbox_clock
from deploy.local.stack import Stack
from deploy.simulator import people, subscribers
from deploy.simulator.subscribers import WrittenFile
from services.enrollment.products.usecases.publish_product import install_products
from services.enrollment.settings import Settings
from services.enrollment.tools import INSTALLER
from shared.db.pool import Database
from shared.events.policies import PoliciesEnrolled
from shared.events.products import ProductPublished
from shared.messaging.kafka_link import Consumer, Link
from shared.messaging.messages import Message, Partition
from shared.privacy.keys import KeyRing
from shared.privacy.tokens import Tokenizer
from shared.process.new_ids import new_id
from tests.faults.braking import Brake
from tests.faults.killing import SECOND, VICTIMS, Killing, SecondWorker, Victims, victims_of
from tests.running import ready_again
from tests.services.enrollment.webhooks.receiver import Receiver

BAD_SHARE: Final = 0.005
PATIENCE_SECONDS: Final = 600.0
VERIFIED: Final = ("enrollment", "fraud_detection", "payout")


@dataclass(frozen=True)
class Subscribers:
    """A file, and whom it names: reference and token of each row, by line."""

    file: WrittenFile
    rows: Mapping[int, tuple[str, str]]


def write_file(system: Stack, folder: Path, *, seed: int, rows: int) -> Subscribers:
    """The same people for the same seed; their tokens are those of this system's keys."""
    now = sandbox_clock.read_clock(system)
    everybody = people.make(seed, rows, on=now.date())
    file = subscribers.write_csv(
        folder / "subscribers.csv",
        everybody,
        effective_date=today(now) + timedelta(days=1),
        consent_given_at=now - timedelta(days=1),
        partner=f"proof-{seed}",
        bad_share=BAD_SHARE,
    )
    settings = Settings.load(system.environment("enrollment"))
    assert settings.token_keys is not None
    tokenizer = Tokenizer(KeyRing.parse(settings.token_keys.get_secret_value()))
    # People as they were drawn, not as the file has them: some of its rows are wrong on purpose.
    references = pl.read_csv(file.path, columns=["partner_reference"], infer_schema=False)["partner_reference"]
    numbers = everybody.frame["document_number"]
    pairs = zip(references, numbers, strict=True)
    named = {
        line: (reference, tokenizer.person("resident_id", number)) for line, (reference, number) in enumerate(pairs, 2)
    }
    return Subscribers(file, named)


def sell_new_product(system: Stack) -> str:
    """The shipped product under another code, in the partner's contract."""
    code = f"proof-{new_id()[-12:]}"
    now = sandbox_clock.read_clock(system)
    with closing(Database(system.database_url("enrollment"), size=1)) as database, database.transaction() as tx:
        row = tx.one(
            "SELECT v.terms::text FROM product_versions v JOIN products USING (product_id)"
            " WHERE product_code = %s AND version = 1",
            (PRODUCT,),
        )
        assert row is not None
        shipped = msgspec.json.decode(row[0], type=ProductPublished)
        install_products(tx, [msgspec.structs.replace(shipped, product_code=code)], actor=INSTALLER, now=now)
        tx.execute(
            "INSERT INTO partner_products (partner_no, product_code) SELECT partner_no, %s FROM partners"
            " WHERE partner_id = %s",
            (code, PARTNER),
        )
    return code


def until(what: str, holds: Callable[[], Any]) -> Any:
    """What ``holds`` gives once it is true; a database or a web process that is just away counts as not yet."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            found = holds()
        except (psycopg2.OperationalError, psycopg2.InterfaceError, httpx.TransportError):
            found = None
        if found:
            return found
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def upload(system: Stack, product: str, file: WrittenFile) -> str:
    """Hand the file over, with the same key however often it must be tried; the batch's id."""
    key = new_id()
    address = f"{system.url(ENROLLMENT)}/v1/enrollment-batches"
    headers = {"Idempotency-Key": key, "Content-Type": "text/csv"}

    def taken() -> str | None:
        bearer = {"Authorization": f"Bearer {system.token(PARTNER)}"}
        with file.path.open("rb") as content:
            reply = httpx.post(
                address,
                content=iter(lambda: content.read(1 << 18), b""),
                headers=headers | bearer,
                params={"product_code": product, "rows": file.rows, "sha256": file.sha256},
                timeout=60,
            )
        if reply.status_code in {409, 429, 503}:
            return None
        assert reply.status_code == 202, reply.text
        return str(reply.json()["batch_id"])

    return str(until("the file is not taken", taken))


def at_work(system: Stack, batch_id: str) -> bool:
    """Whether the batch is not worked off yet."""
    found = until("no state", lambda: rows_of(system.database_url("enrollment"), _STATE, (batch_id,)))
    return found[0][0] in {"received", "processing"}


def finished(system: Stack, batch_id: str) -> dict[str, Any]:
    """The batch once it is worked off."""
    last: dict[str, Any] = {}

    def look() -> dict[str, Any] | None:
        with User.of(system, PARTNER, ENROLLMENT) as partner:
            batch = partner.get(f"/v1/enrollment-batches/{batch_id}")
        assert batch["state"] != "failed", batch
        last.update(batch)
        return batch if batch["state"] == "finished" else None

    try:
        return dict(until("the batch is not finished", look))
    except AssertionError:
        print(f"as last seen: {last}", flush=True)
        raise


def rows_of(url: str, sql: str, parameters: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


_STATE: Final = "SELECT state FROM batches WHERE batch_id = %s"
_POLICIES: Final = """
SELECT p.policy_id::text, encode(p.person_token, 'hex'), p.partner_reference, p.effective_from, p.effective_to, p.state
FROM policies p JOIN policy_chunks k USING (chunk_id) WHERE k.batch_id = %s
"""
_REJECTED: Final = "SELECT line FROM batch_rejections WHERE batch_id = %s"
_COVERED: Final = """
SELECT policy_id::text, encode(person_token, 'hex'), effective_from, effective_to FROM coverage WHERE product_code = %s
"""
_COVERED_COUNT: Final = "SELECT count(*) FROM coverage WHERE product_code = %s"
_OUTBOX: Final = "SELECT count(*) FROM outbox"


class Topic:
    """A topic of enrollment's or, named, of any service's, read from where it ended at the last look."""

    def __init__(self, system: Stack, name: str = PoliciesEnrolled.TOPIC) -> None:
        self._name = name
        self._link = Link.from_settings(Settings.load(system.environment("enrollment")))
        self._read_to: dict[Partition, int] = {}
        self.news()

    def news(self) -> list[Message]:
        """All messages since."""
        with closing(Consumer(self._link, "proof", None)) as consumer:
            bounds = consumer.bounds(consumer.partitions_of(self._name))
            ends = {place: after for place, (_, after) in bounds.items()}
            starts = {place: self._read_to.get(place, first) for place, (first, _) in bounds.items()}
            self._read_to = ends
            return list(consumer.read(ends, starts))


@dataclass(frozen=True)
class Outcome:
    """What a round ended with: who is covered by which reference, and which lines were rejected."""

    covered: frozenset[tuple[str, str]]
    rejected: frozenset[int]


@dataclass(frozen=True)
class Round:
    """One round's report."""

    outcome: Outcome
    seconds: float
    killed: Counter[str]
    killed_in_time: Counter[str]
    """Before the batch was worked off, and after it was taken in."""
    repeated_messages: int
    repeated_webhooks: int


@dataclass(frozen=True)
class Scene:
    """What all rounds of a run share."""

    system: Stack
    worker: SecondWorker
    given: Subscribers
    topic: Topic
    receiver: Receiver

    @property
    def victims(self) -> Victims:
        """Who is killed."""
        of_stack = victims_of(self.system, (each for each in VICTIMS if each != SECOND))
        return {**of_stack, SECOND: self.worker.kill}


def play(scene: Scene, rng: random.Random) -> Round:
    """One round; raises AssertionError where anything is lost, doubled or different."""
    system, given, receiver = scene.system, scene.given, scene.receiver
    product = sell_new_product(system)
    seen = len(receiver.received)
    began = time.monotonic()
    with Killing(scene.victims, rng) as killing:
        with Brake(system, rng) as brake:
            batch_id = upload(system, product, given.file)
            killing.kill_all_while(partial(at_work, system, batch_id))
            brake.release()
        batch = finished(system, batch_id)
    ready_again(system)
    _settle(system, product, int(batch["accepted"]))
    seconds = time.monotonic() - began
    outcome = _stored(system, given, batch_id, product)
    repeated = _announced(scene.topic.news(), batch_id, system)
    told = _told(receiver, batch_id, seen)
    for service in VERIFIED:
        done = system.run(service, "verify")
        assert done.returncode == 0, f"{service} verify:\n{done.stdout}{done.stderr}"
    return Round(outcome, seconds, killing.killed, killing.killed_in_time, repeated, told)


def _settle(system: Stack, product: str, accepted: int) -> None:
    """Until all that was announced is known to the other service, and nothing waits to be."""
    ours, theirs = system.database_url("enrollment"), system.database_url("fraud_detection")
    until("the outbox is not empty", lambda: rows_of(ours, _OUTBOX)[0][0] == 0)
    until(
        "fraud detection does not know every policy",
        lambda: rows_of(theirs, _COVERED_COUNT, (product,))[0][0] >= accepted,
    )


def _stored(system: Stack, given: Subscribers, batch_id: str, product: str) -> Outcome:
    """Enrollment's own policies against the file, and the other service's view against them."""
    ours, theirs = system.database_url("enrollment"), system.database_url("fraud_detection")
    rejected = {line for (line,) in rows_of(ours, _REJECTED, (batch_id,))}
    assert len(rejected) == given.file.bad_rows
    stored = rows_of(ours, _POLICIES, (batch_id,))
    covered = [(reference, token) for _, token, reference, *_ in stored]
    assert len(covered) == len(set(covered)) == len({token for _, token in covered}), "somebody is covered twice"
    expected = {pair for line, pair in given.rows.items() if line not in rejected}
    assert set(covered) == expected, "not who was in the file"
    view = rows_of(theirs, _COVERED, (product,))
    assert len(view) == len(stored)
    assert set(view) == {(policy, token, start, end) for policy, token, _, start, end, _ in stored}
    return Outcome(frozenset(covered), frozenset(rejected))


def _announced(messages: list[Message], batch_id: str, system: Stack) -> int:
    """Each policy of the batch in exactly one event, by the events' ids; how many messages came more than once."""
    bodies: dict[str, bytes] = {}
    repeated = 0
    for message in messages:
        headers = dict(message.headers)
        if headers["ce_type"].decode() != PoliciesEnrolled.TYPE:
            continue
        event_id = headers["ce_id"].decode()
        repeated += event_id in bodies
        assert bodies.setdefault(event_id, message.value) == message.value, "one id, two events"
    events = [msgspec.json.decode(body, type=PoliciesEnrolled) for body in bodies.values()]
    announced = Counter(
        policy for event in events if event.batch_id == batch_id for policy in event.policies.policy_ids
    )
    stored = {policy for policy, *_ in rows_of(system.database_url("enrollment"), _POLICIES, (batch_id,))}
    assert set(announced) == stored, "announced is not what is stored"
    assert set(announced.values()) == {1}, "a policy was announced by two events"
    return repeated


def _told(receiver: Receiver, batch_id: str, seen: int) -> int:
    """The partner's server heard of the batch under one webhook-id; how many times more than once."""

    def heard() -> list[str]:
        return [
            got.webhook_id
            for got in receiver.received[seen:]
            if got.message["type"] == "batch.finished" and got.message["data"]["batch_id"] == batch_id
        ]

    until("the partner was not told", heard)
    assert len(set(heard())) == 1, "told twice under two ids"
    return len(heard()) - 1


def listen(system: Stack, receiver: Receiver) -> None:
    """Have the partner told of its files at this server."""
    with User.of(system, PARTNER, ENROLLMENT) as partner:
        partner.post("/v1/webhook-endpoints", {"url": receiver.url, "types": ["batch.finished"]})
