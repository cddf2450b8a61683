"""The main job from enrollment to payment on the whole system, small; then what it left behind is looked through."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from kafka import KafkaConsumer, TopicPartition

from deploy.demo import summary, trace
from deploy.demo.deciding import latencies
from deploy.demo.job import Done, Sizes, run
from deploy.demo.users import SERVICES
from deploy.demo.waiting import Progress, silent
from tests.journeys import personal_data
from tests.running import RunningSystem

SEED = 20261123
SMALL = Sizes(subscribers=600, past_claims=6000, claims=120)


@pytest.fixture(scope="module")
def done(running_system: RunningSystem) -> Done:
    @contextmanager
    def step(_sentence: str) -> Iterator[Progress]:
        yield silent

    return run(running_system, SEED, SMALL, step)


pytestmark = pytest.mark.timeout(900)


def test_everything_that_the_main_job_promises_holds(done: Done) -> None:
    assert len(done.expectations.all) > 20
    assert not [f"{each.sentence} ({each.seen})" for each in done.expectations.broken]


def test_every_claim_has_one_decision_and_every_approved_one_a_single_payment_at_the_bank(
    done: Done, running_system: RunningSystem
) -> None:
    assert len(done.filed) == SMALL.claims
    assert len({each.first_decision["decision_id"] for each in done.filed}) == SMALL.claims
    bearer = {"Authorization": f"Bearer {running_system.bank_token}"}
    reply = httpx.get(f"{running_system.bank_url}/book", headers=bearer, timeout=60)
    book = reply.raise_for_status().json()["transfers"]
    moved = Counter(each["reference"] for each in book if each["status"] in {"done", "returned"})
    for each in done.filed:
        payout = each.latest.get("payout") or {}
        if not each.approved:
            assert not payout, f"{each.claim_id} is {each.state} and has a payout"
        else:
            wanted = 1 if payout["state"] in {"paid", "returned"} else 0
            assert moved[payout["payout_id"]] == wanted
            if wanted:
                (amount,) = {t["amount_fen"] for t in book if t["reference"] == payout["payout_id"]}
                assert amount == each.latest["decision"]["amount_fen"]


def test_residents_are_told_sentences_and_never_the_score(done: Done) -> None:
    for each in done.filed:
        assert "score" not in str(each.latest)
        status = each.latest["status"]
        for said in (status["now_zh"], status["now_en"], status["next_zh"], status["next_en"]):
            assert said
        for reason in (each.latest["decision"] or {"reasons": ()})["reasons"]:
            assert reason["text_zh"]
            assert reason["text_en"]


def test_one_claim_can_be_followed_from_enrollment_to_payout(done: Done, running_system: RunningSystem) -> None:
    paid = next(each for each in done.filed if (each.latest.get("payout") or {}).get("state") == "paid")
    moments = trace.follow(running_system, paid)
    assert {moment.where for moment in moments} >= set(SERVICES)
    logs = [running_system.log(f"{service}-{kind}") for service in SERVICES for kind in ("web", "worker", "relay")]
    processes = {line.process for line in trace.in_the_logs(logs, paid.trace_id)}
    assert {"fraud_detection-web", "fraud_detection-worker", "payout-worker"} <= processes


def test_the_waits_that_the_summary_tells_are_those_of_the_claims(done: Done) -> None:
    spans = latencies(done.filed)
    assert spans[0] <= summary.percentile(done.filed, 50) <= summary.percentile(done.filed, 99) <= spans[-1]


def people_of(done: Done) -> set[str]:
    """What must not be read anywhere: names, document numbers, phones and accounts of this journey's people."""
    values = set()
    for person in done.enrolled.insured:
        values |= {person.name, person.document_number, person.phone}
    for each in done.filed:
        claimant = each.simulated.body["claimant"]
        values |= {
            claimant["document_number"],
            claimant["phone"],
            each.simulated.payee.account,
            each.simulated.payee.holder_name,
        }
    return values


def published(bootstrap: str) -> dict[str, list[bytes]]:
    """Everything on every topic: keys, headers and values."""
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest", consumer_timeout_ms=3000
    )
    try:
        topics = [topic for topic in consumer.topics() if not topic.startswith("__")]
        partitions = [TopicPartition(topic, n) for topic in topics for n in consumer.partitions_for_topic(topic)]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        left = {partition: end for partition, end in consumer.end_offsets(partitions).items() if end > 0}
        messages: dict[str, list[bytes]] = {}
        while any(consumer.position(partition) < end for partition, end in left.items()):
            for records in consumer.poll(timeout_ms=1000).values():
                for record in records:
                    headers = b"\n".join(name.encode() + b"=" + (value or b"") for name, value in record.headers)
                    messages.setdefault(record.topic, []).append(
                        b"\n".join((record.key or b"", headers, record.value or b""))
                    )
        return messages
    finally:
        consumer.close()


def test_nothing_published_holds_personal_data(done: Done, running_system: RunningSystem) -> None:
    messages = published(running_system.bootstrap)
    assert sum(map(len, messages.values())) > SMALL.claims * 2
    for topic, told in messages.items():
        assert not personal_data.found(people_of(done), b"\n".join(told)), f"{topic} names people"


def test_no_log_holds_personal_data(done: Done, running_system: RunningSystem) -> None:
    for process in running_system.processes():
        log = running_system.log(process)
        # PostgreSQL and Kafka write none of ours; a database's log would show what a failing statement held.
        assert not personal_data.found(people_of(done), log.read_bytes()), f"{process} logs people"


def test_the_search_for_personal_data_finds_it_in_each_disguise() -> None:
    for name in ("王小明", "13800009001", "000101199001011234"):
        hidden = [name.encode(), base64.b64encode(b"x" + name.encode()), base64.b64encode(b"xy" + name.encode() + b"z")]
        hidden += [base64.b64encode(name.encode()), name.encode().hex().encode()]
        for content in hidden:
            assert personal_data.found({name}, b"[" + content + b"]") == [name]
    assert not personal_data.found({"王小明"}, "王大明".encode())


def test_the_invariants_hold_afterwards(done: Done, running_system: RunningSystem) -> None:
    for service in SERVICES:
        verified = running_system.run(service, "verify")
        assert verified.returncode == 0, verified.stdout + verified.stderr
