"""A broker that speaks TLS alone and asks for a password, reached by the settings of production."""

from __future__ import annotations

import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator

import pytest

from deploy.local.kafka import Broker
from deploy.local.places import LOOPBACK, free_port
from shared.messaging.kafka_link import Consumer, Link, Producer, create_topics
from shared.messaging.messages import Outgoing
from shared.process.settings import Settings
from tests.certificates import Authority
from tests.real_parts import Room, stop
from tests.shared.messaging.builders import refused, until

TOPIC = "secrets.v1"
PASSWORD = "open-sesame"  # of this test's own broker
NOT_LET_IN = {"KafkaTimeoutError\n"}
_LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"


class Guarded(Broker):
    """The local broker, but for TLS and SASL at its listener."""

    def _settings(self) -> list[str]:
        users = f'username="fangzha" password="{PASSWORD}" user_fangzha="{PASSWORD}"'
        return [  # of two lines about one thing the last one counts
            *super()._settings(),
            "listener.security.protocol.map=CLIENTS:SASL_SSL,CONTROLLER:PLAINTEXT",
            "sasl.enabled.mechanisms=PLAIN",
            "sasl.mechanism.inter.broker.protocol=PLAIN",
            f"listener.name.clients.plain.sasl.jaas.config={_LOGIN} {users};",
            "ssl.keystore.type=PEM",
            f"ssl.keystore.location={self.folder / LOOPBACK}.pem",
            "ssl.truststore.type=PEM",
            f"ssl.truststore.location={self.folder / 'authority.pem'}",
        ]


class OurSettings(Settings):
    SERVICE = "tester"


@pytest.fixture(scope="module")
def broker(room: Room) -> Iterator[Guarded]:
    broker = Guarded(room.folder / "kafka-tls", free_port(), free_port())
    broker.folder.mkdir()
    Authority(broker.folder).server(LOOPBACK)
    broker.prepare()
    process = room.start(broker.command(), broker.log)
    until(lambda: refused(link(broker)) is None)
    yield broker
    stop(process, signal.SIGTERM)


def environment(broker: Broker, **changes: str | None) -> dict[str, str]:
    """That of a process which names the broker."""
    given = {
        "TESTER_DATABASE_URL": "postgresql://u@localhost/d",
        "KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap,
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA_SASL_MECHANISM": "PLAIN",
        "KAFKA_SASL_USERNAME": "fangzha",
        "KAFKA_SASL_PASSWORD": PASSWORD,
        "KAFKA_SSL_CAFILE": str(broker.folder / "authority.pem"),
    } | changes
    return {name: value for name, value in given.items() if value is not None}


def link(broker: Broker) -> Link:
    return Link.from_settings(OurSettings.load(environment(broker)))


def turned_away(broker: Broker, **changes: str | None) -> str:
    """What a process says that came otherwise. kafka-python 3.0.12 leaves the sockets of failed handshakes to the
    garbage: in a process of its own they are nobody's.
    """
    code = "from tests.shared.messaging.test_encrypted import *; print(refused(Link.from_settings(OurSettings.load())))"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env=environment(broker, **changes),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout


def test_what_is_sent_over_tls_is_read_over_tls(broker: Guarded) -> None:
    ours = link(broker)
    assert create_topics(ours, {TOPIC: {}}, partitions=1, replication=1) == [TOPIC]
    producer = Producer(ours, "test")
    assert producer.send([Outgoing(TOPIC, b"key", b"value", ())]) != [None]
    producer.close()
    consumer = Consumer(ours, "readers", "test", batch=10)
    consumer.subscribe([TOPIC])
    read: list[bytes] = []

    def has_read() -> bool:
        read.extend(message.value for messages in consumer.poll(0.2).values() for message in messages)
        return bool(read)

    until(has_read)
    consumer.close()
    assert read == [b"value"]


def test_its_listener_shows_the_certificate_of_the_authority(broker: Guarded) -> None:
    pem = ssl.get_server_certificate((LOOPBACK, broker.port), ca_certs=str(broker.folder / "authority.pem"))
    assert pem.startswith("-----BEGIN CERTIFICATE-----")


@pytest.mark.parametrize(
    "changes",
    [
        {"KAFKA_SECURITY_PROTOCOL": "PLAINTEXT"},
        {"KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT"},
        {"KAFKA_SASL_PASSWORD": "guessed"},
        {"KAFKA_SSL_CAFILE": None},
    ],
    ids=["in clear", "a password in clear", "another password", "an authority that is not trusted"],
)
def test_whoever_comes_otherwise_is_not_let_in(broker: Guarded, changes: dict[str, str | None]) -> None:
    assert turned_away(broker, **changes) in NOT_LET_IN


def test_a_broker_under_another_name_is_not_believed(broker: Guarded) -> None:
    """The certificate is of 127.0.0.1; localhost is the same machine by another name."""
    assert turned_away(broker, KAFKA_BOOTSTRAP_SERVERS=f"localhost:{broker.port}") in NOT_LET_IN


def test_whoever_comes_as_the_settings_say_is_let_in(broker: Guarded) -> None:
    assert turned_away(broker) == "None\n"
