"""Fraud detection's ends of Kafka: a real relay and the service's own consumers, on a real broker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import msgspec
import pytest

from services.fraud_detection.claims.domain.errors import PolicyErased
from services.fraud_detection.erasure.usecases.erase_policies import erase_the_rest
from services.fraud_detection.tools import TOOLS
from shared.events.claims import ClaimSubmitted
from shared.events.payouts import PayoutChanged
from shared.events.policies import PoliciesErased
from shared.messaging import dead_letters, outbox, topics
from shared.messaging.dead_letters import DeadLetter
from shared.messaging.kafka_link import Link
from shared.messaging.relay import Relay
from shared.messaging.subscription import Subscription
from shared.process.new_ids import new_id
from shared.process.shutdown import Stopping
from shared.values.ids import ClaimId
from tests import clock
from tests.rules.fraud_detection.builders import LOSS, product
from tests.services.fraud_detection.builders import NOW, Person, World, cancellation
from tests.shared.messaging.builders import Runs, consume, until

SERVICE = "fraud_detection"


class Running:
    """The service's relay and consumers in threads, and what came of them."""

    def __init__(self, world: World, url: str, link: Link, subscriptions: tuple[Subscription, ...]) -> None:
        self._world = world
        self._link = link
        self._subscriptions = {each.name: each for each in subscriptions}
        self._url = url
        self._running: list[Runs] = []
        topics.ensure(SERVICE, subscriptions, link, partitions=4, replication=1)

    def relay(self) -> None:
        stopping = Stopping()
        self._keep(Runs(Relay(SERVICE, self._link, self._url, stopping).run, stopping))

    def consume(self, *names: str) -> None:
        for name in names or tuple(self._subscriptions):
            self._keep(consume(SERVICE, self._subscriptions[name], self._link, self._world.database))

    def dead(self, name: str) -> list[DeadLetter]:
        """What that subscription could not take."""
        subscription = self._subscriptions[name]
        group = subscription.group(SERVICE)
        return dead_letters.letters(self._link, self._world.database, group, subscription.topics)

    def _keep(self, runs: Runs) -> None:
        self._running.append(runs)

    def close(self) -> None:
        for runs in self._running:
            runs.stop()
            assert runs.error is None


@pytest.fixture
def running(
    world: World, fraud_detection_url: str, kafka: str, topic_prefix: str, environ: dict[str, str]
) -> Iterator[Running]:
    settings = TOOLS.settings.load(environ)
    link = Link(kafka, topic_prefix)
    subscriptions = TOOLS.subscriptions(settings, world.database, clock.CLOCK)
    running = Running(world, fraud_detection_url, link, subscriptions)
    yield running
    running.close()


def announce(world: World, person: Person) -> None:
    """What enrollment would publish, through this service's own outbox: a topic does not ask who wrote."""
    with world.database.transaction() as tx:
        outbox.add(tx, product(), subject="resident-anti-fraud", now=NOW)
        outbox.add(tx, world.chunk([person]), subject=person.policy_id, now=NOW)


def count(world: World, sql: str) -> Callable[[], bool]:
    return lambda: world.rows(sql)[0][0] > 0


def test_a_filed_claim_is_decided_once_after_it_went_through_kafka(world: World, running: Running) -> None:
    person = world.person("9001")
    running.relay()
    running.consume()
    announce(world, person)
    until(count(world, "SELECT count(*) FROM coverage"))
    claim = world.file(person)
    until(lambda: world.claim(claim.claim_id).state == "approved")
    # Its decision is on its way out of this service too.
    until(count(world, "SELECT count(*) FROM outbox_sent WHERE topic = 'claims.decisions.v1'"))
    assert world.rows("SELECT count(*) FROM decisions") == [(1,)]


def test_a_submission_that_kafka_brings_twice_is_decided_once(world: World, running: Running) -> None:
    person = world.covered("9001")
    running.relay()
    claim = world.file(person)
    until(count(world, "SELECT count(*) FROM outbox_sent"))
    # As after a relay that died between the acknowledgement and the removal: the same event, sent again.
    world.rows(
        "INSERT INTO outbox (event_id, type, topic, subject, occurred_at, body)"
        " SELECT event_id, 'claims.submitted', 'claims.submitted.v1', claims.claim_id::text, submitted_at,"
        " jsonb_build_object('claim_id', claims.claim_id, 'round', 1, 'policy_id', policy_id,"
        " 'submitted_at', submitted_at)::text FROM outbox_sent, claims RETURNING 1"
    )
    until(lambda: world.rows("SELECT count(*) FROM outbox") == [(0,)])
    running.consume("adjudicate")
    until(lambda: world.claim(claim.claim_id).state == "approved")
    second = world.file(world.covered("9002"))
    until(lambda: world.claim(second.claim_id).state == "in_review")
    assert world.rows("SELECT count(*) FROM decisions") == [(2,)]
    assert len(world.rows("SELECT 1 FROM inbox")) == 2


def test_a_cancellation_that_overtakes_its_enrollment_ends_the_cover(world: World, running: Running) -> None:
    person = world.person("9001")
    running.relay()
    running.consume()
    with world.database.transaction() as tx:
        outbox.add(tx, product(), subject="resident-anti-fraud", now=NOW)
        outbox.add(tx, cancellation(person, LOSS), subject=person.policy_id, now=NOW)
    until(count(world, "SELECT count(*) FROM coverage_ends"))
    announce(world, person)
    until(count(world, "SELECT count(*) FROM coverage"))
    until(count(world, "SELECT count(*) FROM products"))
    claim = world.file(person)
    until(lambda: world.claim(claim.claim_id).state == "in_review")


def test_an_erasure_that_overtakes_its_enrollment_forgets_the_person_all_the_same(
    world: World, running: Running
) -> None:
    person = world.person("9001")
    running.relay()
    running.consume("coverage")
    with world.database.transaction() as tx:
        outbox.add(tx, PoliciesErased(policy_ids=[person.policy_id], erased_at=NOW), subject=person.policy_id, now=NOW)
    until(count(world, "SELECT count(*) FROM erased_policies"))
    announce(world, person)
    until(count(world, "SELECT count(*) FROM coverage"))
    with pytest.raises(PolicyErased):
        world.file(person)
    erase_the_rest(world.database, clock.CLOCK)
    token = world.personal_data.tokenizer.person("resident_id", person.document_number)
    ((kept,),) = world.rows("SELECT encode(person_token, 'hex') FROM coverage")
    assert kept == "00" + person.policy_id.replace("-", "") != token


def test_a_payout_is_shown_on_its_claim(world: World, running: Running) -> None:
    claim = world.file(world.covered("9001"))
    world.decide(claim)
    ((decision_id,),) = world.rows("SELECT decision_id FROM decisions")
    running.relay()
    running.consume("payouts")
    with world.database.transaction() as tx:
        for version, state in ((2, "paid"), (1, "scheduled")):
            outbox.add(tx, paid(claim.claim_id, decision_id, version, state, NOW), subject=claim.claim_id, now=NOW)
    until(lambda: len(world.rows("SELECT 1 FROM inbox")) == 2)
    assert world.rows("SELECT state, version FROM claim_payouts") == [("paid", 2)]


def paid(claim_id: ClaimId, decision_id: str, version: int, state: str, at: datetime) -> PayoutChanged:
    return PayoutChanged(
        payout_id=decision_id,
        version=version,
        state=state,  # type: ignore[arg-type]  # one of the event's states
        claim_id=claim_id,
        decision_id=decision_id,
        policy_id=new_id(),
        partner_id="telecom-east",
        amount_fen=1_440_000,
        currency="CNY",
        changed_at=at,
    )


def test_a_submission_of_no_claim_goes_to_the_dead_letters_and_stops_nobody(world: World, running: Running) -> None:
    stray = ClaimSubmitted(claim_id=new_id(), round=1, policy_id=new_id(), submitted_at=NOW)
    with world.database.transaction() as tx:
        outbox.add(tx, stray, subject=stray.claim_id, now=NOW)
    running.relay()
    running.consume("adjudicate")
    good = world.file(world.covered("9001"))
    until(lambda: world.claim(good.claim_id).state == "approved")
    until(lambda: len(running.dead("adjudicate")) == 1)
    assert stray.claim_id in running.dead("adjudicate")[0].error


def test_a_chunk_whose_ids_are_none_goes_to_the_dead_letters_and_stops_nobody(world: World, running: Running) -> None:
    bad, good = world.chunk([world.person()]), world.person("9001")
    cut = msgspec.structs.replace(bad, policies=msgspec.structs.replace(bad.policies, policy_id=b"not an id"))
    with world.database.transaction() as tx:
        outbox.add(tx, cut, subject="bad", now=NOW)
    announce(world, good)
    running.relay()
    running.consume("coverage")
    until(count(world, "SELECT count(*) FROM coverage"))
    until(lambda: len(running.dead("coverage")) == 1)
    assert world.rows("SELECT policy_id FROM coverage") == [(good.policy_id,)]


def test_no_event_of_the_service_holds_personal_data(world: World) -> None:
    person = world.covered()
    claim = world.file(person)
    world.decide(claim)
    bodies = " ".join(row[0] for row in world.rows("SELECT body FROM outbox"))
    for clear in (person.document_number, person.phone, "平台客服", "device-1"):
        assert clear not in bodies
