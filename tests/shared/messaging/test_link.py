"""The link to Kafka: settings become the client's options, topics are made once, what is missing is told in words."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import closing

import pytest
from kafka import KafkaAdminClient, KafkaConsumer
from kafka.admin import ConfigResource
from kafka.errors import KafkaError
from kafka.record import util as record_util

from deploy.local.places import free_port
from shared.events.catalog import TOPICS
from shared.messaging import topics
from shared.messaging.kafka_link import Consumer, Link, Producer, clients, require_fast_checksums
from shared.messaging.messages import Outgoing
from shared.messaging.subscription import Subscription
from shared.process.settings import EXIT_CONFIGURATION, Settings
from tests.real_parts import Kafka
from tests.shared.messaging.builders import until


class OurSettings(Settings):
    SERVICE = "tester"


def settings(**more: str) -> OurSettings:
    return OurSettings.load({"TESTER_DATABASE_URL": "postgresql://u@localhost/d"} | more)


def test_security_settings_reach_the_client_and_the_password_stays_secret() -> None:
    link = Link.from_settings(
        settings(
            KAFKA_BOOTSTRAP_SERVERS="one:9093, two:9093",
            KAFKA_SECURITY_PROTOCOL="SASL_SSL",
            KAFKA_SASL_MECHANISM="SCRAM-SHA-512",
            KAFKA_SASL_USERNAME="payout",
            KAFKA_SASL_PASSWORD="open-sesame",
            KAFKA_SSL_CAFILE="/etc/ca.pem",
            KAFKA_TOPIC_PREFIX="test.",
        )
    )

    options = link.common("me")

    assert options["bootstrap_servers"] == ["one:9093", "two:9093"]
    assert (options["security_protocol"], options["sasl_mechanism"]) == ("SASL_SSL", "SCRAM-SHA-512")
    assert (options["sasl_plain_username"], options["sasl_plain_password"]) == ("payout", "open-sesame")
    assert options["ssl_cafile"] == "/etc/ca.pem"
    assert "ssl_certfile" not in options
    assert link.topic_prefix == "test."
    assert "open-sesame" not in repr(link)


def test_the_client_knows_every_option_that_we_give() -> None:
    known = set(KafkaConsumer.DEFAULT_CONFIG)
    link = Link.from_settings(
        settings(
            KAFKA_BOOTSTRAP_SERVERS="one:9093",
            KAFKA_SASL_PASSWORD="x",
            KAFKA_SASL_USERNAME="x",
            KAFKA_SASL_MECHANISM="PLAIN",
            KAFKA_SSL_CAFILE="x",
            KAFKA_SSL_CERTFILE="x",
            KAFKA_SSL_KEYFILE="x",
        )
    )

    assert set(link.common("me")) <= known


def test_a_process_without_kafkas_address_is_told_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        Link.from_settings(settings())

    assert ended.value.code == EXIT_CONFIGURATION
    assert "KAFKA_BOOTSTRAP_SERVERS is not set" in capsys.readouterr().err


def test_a_process_without_fast_checksums_refuses_to_start(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    require_fast_checksums()
    monkeypatch.setattr(record_util, "crc32c_c", None)

    with pytest.raises(SystemExit) as ended:
        require_fast_checksums()

    assert ended.value.code == EXIT_CONFIGURATION
    assert "The package crc32c is missing" in capsys.readouterr().err


def test_topics_are_made_once_with_those_for_dead_letters(link: Link) -> None:
    subscription = Subscription("reader", ("claims.submitted.v1",), {})

    made = topics.ensure("tester", [subscription], link, partitions=3, replication=1)
    again = topics.ensure("tester", [subscription], link, partitions=3, replication=1)

    assert set(made) == {*TOPICS, "claims.submitted.v1.tester.reader.dlq"}
    assert again == []
    with closing(Consumer(link, "test", None)) as consumer:
        assert len(consumer.partitions_of("claims.submitted.v1.tester.reader.dlq")) == 3


@pytest.mark.parametrize(("copies", "in_sync"), [(1, "1"), (2, "1"), (3, "2"), (5, "4")])
def test_what_is_acknowledged_is_on_all_copies_but_one_and_on_one_at_least(copies: int, in_sync: str) -> None:
    assert topics._settings(7, copies)["min.insync.replicas"] == in_sync


def test_how_many_copies_an_event_needs_stands_on_the_topic_itself(link: Link) -> None:
    """A broker's own setting is frozen at its first start."""
    topics.ensure("tester", [], link, partitions=1, replication=1)
    name = link.topic_prefix + TOPICS[0]
    with closing(KafkaAdminClient(**link.common("test"))) as admin:
        said = admin.describe_configs([ConfigResource("TOPIC", name)], config_filter="all")
    assert said["topic"][name]["min.insync.replicas"]["config_source"] == "DYNAMIC_TOPIC_CONFIG"


def test_one_test_sees_nothing_of_anothers_topics(link: Link, kafka: str) -> None:
    topics.ensure("tester", [], link, partitions=1, replication=1)
    with closing(Producer(link, "test")) as producer:
        assert producer.send([Outgoing(TOPICS[0], b"k", b"v", ())]) != [None]

    other = Link(kafka, link.topic_prefix + "other.")
    topics.ensure("tester", [], other, partitions=1, replication=1)
    with closing(Consumer(other, "test", None)) as consumer:
        assert all(start == end for start, end in consumer.bounds(consumer.partitions_of(TOPICS[0])).values())


def test_a_message_to_a_topic_that_does_not_exist_is_a_fault_and_makes_no_topic(link: Link) -> None:
    with closing(Producer(link, "test")) as producer, pytest.raises(KafkaError):
        producer.send([Outgoing("no.such.topic", b"k", b"v", ())])

    with closing(Consumer(link, "test", None)) as consumer:
        assert consumer.partitions_of("no.such.topic") == []


def network_threads() -> int:
    return sum(thread.name.startswith("frozen-") for thread in threading.enumerate())


def test_a_producer_that_cannot_be_closed_while_a_broker_says_nothing_is_closed_later(
    link: Link, kafka_broker: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    topics.ensure("tester", [], link, partitions=1, replication=1)
    message = Outgoing(TOPICS[0], b"k", b"v", ())
    monkeypatch.setattr(clients, "_FLUSH_SECONDS", 1.0)
    with closing(Producer(link, "frozen")) as producer:
        assert producer.send([message]) != [None]
        with kafka_broker.frozen(), pytest.raises(KafkaError):
            producer.send([message])
        assert network_threads() == 1  # of the one that could not be closed

        monkeypatch.setattr(clients, "_FLUSH_SECONDS", 30.0)
        until(lambda: None not in producer.send([message]) and network_threads() == 1)
    until(lambda: not network_threads())


# In a process of its own: kafka-python leaves the sockets of refused connections to the garbage collector, which warns.
AWAY = """
import gc, sys, threading
from pathlib import Path
from shared.messaging import topics
from shared.messaging.kafka_link import Consumer, KafkaFault, Link, Producer, link
from shared.messaging.messages import Outgoing
link._BOOTSTRAP_TIMEOUT_MS = 100
away = Link(sys.argv[1])
def try_all():
    for attempt in (
        lambda: Consumer(away, "test", "group"),
        lambda: Producer(away, "test").send([Outgoing("t", b"k", b"v", ())]),
        lambda: topics.ensure("tester", [], away, partitions=1, replication=1),
    ):
        try:
            attempt()
        except KafkaFault:
            continue
        sys.exit("it was reached")
    gc.collect()
    return threading.active_count(), len(list(Path("/dev/fd").iterdir()))
first, last = try_all(), [try_all() for _ in range(4)][-1]
print("grew" if last[0] > first[0] or last[1] > first[1] + 2 else "same", first, last)
"""


def test_waiting_for_a_broker_for_long_uses_up_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "always::ResourceWarning", "-c", AWAY, f"127.0.0.1:{free_port()}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )

    assert done.stdout.startswith("same"), done.stdout
    assert "unclosed" not in done.stderr
