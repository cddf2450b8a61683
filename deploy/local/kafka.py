"""An Apache Kafka broker of the local stack, in KRaft mode: its storage, its command, and whether it answers. The stack
has one; what is proven with several makes a cluster of them.

Topics are made by the services themselves; the jars come from jars.py. Speaks no more of the protocol than "are you
there".
"""

from __future__ import annotations

import base64
import secrets
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local import jars
from deploy.local.faults import BrokerUnavailable
from deploy.local.places import LOOPBACK, free_port, java

START_SECONDS = 60.0
API_VERSIONS = 18
"""The request's number in Kafka's protocol; version 0 has an empty body."""

# 512 MB is what the broker needs for the demo's traffic; the serial collector and the first compiler alone start
# fastest on 2 cores.
JVM_OPTIONS = ("-Xmx512m", "-Xms64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")
LOG_OPTIONS = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.log.kafka.server=info",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
    "-Dorg.slf4j.simpleLogger.showThreadName=false",
)


def new_cluster_id() -> str:
    return base64.urlsafe_b64encode(b"\x01" + secrets.token_bytes(15)).decode().rstrip("=")


@dataclass(frozen=True)
class Broker:
    """A broker's folder and its two ports: one for clients, one for its own controller."""

    folder: Path
    port: int
    controller_port: int
    node: int = 1
    quorum: tuple[tuple[int, int], ...] = ()
    """Number and controller's port of each broker of its cluster; empty for one that is alone."""
    cluster_id: str = field(default_factory=new_cluster_id)

    @property
    def bootstrap(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "kafka.log"

    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    def _java(self, main: str) -> list[str]:
        return [str(java()), *JVM_OPTIONS, *LOG_OPTIONS, "-cp", jars.classpath(), main]

    def command(self) -> list[str]:
        """The broker in the foreground. SIGTERM stops it in order."""
        return [*self._java("kafka.Kafka"), str(self._properties)]

    def prepare(self) -> None:
        """Write the settings, and format the storage if that is not done. What broke off in the middle is done
        again.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._properties.write_text("\n".join([*self._settings(), ""]))
        done_mark = self.folder / "formatted"
        if done_mark.exists():
            return
        shutil.rmtree(self.folder / "log", ignore_errors=True)
        tool = [
            *self._java("kafka.tools.StorageTool"),
            "format",
            "--cluster-id",
            self.cluster_id,
            "--config",
            str(self._properties),
        ]
        done = subprocess.run(tool, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BrokerUnavailable(
                f"Kafka's storage tool failed in {self.folder}: {(done.stderr or done.stdout).strip()[-500:]}"
            )
        done_mark.touch()

    def _settings(self) -> list[str]:
        quorum = self.quorum or ((self.node, self.controller_port),)
        copies = min(3, len(quorum))
        return [
            "process.roles=broker,controller",
            f"node.id={self.node}",
            f"controller.quorum.voters={','.join(f'{node}@{LOOPBACK}:{port}' for node, port in quorum)}",
            f"listeners=CLIENTS://{LOOPBACK}:{self.port},CONTROLLER://{LOOPBACK}:{self.controller_port}",
            f"advertised.listeners=CLIENTS://{LOOPBACK}:{self.port}",
            "listener.security.protocol.map=CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "controller.listener.names=CONTROLLER",
            "inter.broker.listener.name=CLIENTS",
            f"log.dirs={self.folder / 'log'}",
            # A mistyped topic is an error to see, not a topic to make.
            "auto.create.topics.enable=false",
            "num.partitions=4",
            f"default.replication.factor={copies}",
            "offsets.topic.num.partitions=4",
            f"offsets.topic.replication.factor={copies}",
            "transaction.state.log.num.partitions=4",
            f"transaction.state.log.replication.factor={copies}",
            "transaction.state.log.min.isr=1",
            "share.coordinator.state.topic.num.partitions=4",
            f"share.coordinator.state.topic.replication.factor={copies}",
            "share.coordinator.state.topic.min.isr=1",
            # The first consumer of a group need not wait for others that will not come.
            "group.initial.rebalance.delay.ms=0",
            # A broker that was killed comes back only when its old session ran out: 9 s unless told.
            "broker.session.timeout.ms=4000",
            "broker.heartbeat.interval.ms=1000",
            "num.network.threads=2",
            "num.io.threads=2",
            "background.threads=2",
            # The cleaner takes 128 MB unless told; our compacted topics are those of the broker alone.
            "log.cleaner.dedupe.buffer.size=4194304",
            "log.segment.bytes=67108864",
            "log.retention.hours=168",
        ]

    def wait(self, *, supervised: Callable[[], bool] = lambda: True, seconds: float = START_SECONDS) -> None:
        """Until it answers a request of its protocol; not longer than somebody keeps it running."""
        deadline = time.monotonic() + seconds
        while not self.answers():
            if not supervised() or time.monotonic() > deadline:
                raise BrokerUnavailable(f"Kafka did not answer at {self.bootstrap}. Read {self.log}.")
            time.sleep(0.1)

    def answers(self) -> bool:
        """Whether it answers "which requests do you know" with the number that we asked under."""
        correlation = 7
        body = struct.pack(">hhih", API_VERSIONS, 0, correlation, -1)
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=2) as connection:
                connection.sendall(struct.pack(">i", len(body)) + body)
                head = b""
                while len(head) < 10:  # noqa: PLR2004 - length, correlation and error code
                    more = connection.recv(10 - len(head))
                    if not more:
                        return False
                    head += more
        except OSError:
            return False
        _, answered, error = struct.unpack(">iih", head)
        return bool(answered == correlation and error == 0)


def cluster(folder: Path, brokers: int) -> list[Broker]:
    """Brokers that are one cluster, each also a controller, with what they keep in folders of their own."""
    quorum = tuple((node, free_port()) for node in range(1, brokers + 1))
    cluster_id = new_cluster_id()
    return [
        Broker(folder / f"kafka-{node}", free_port(), controller_port, node, quorum, cluster_id)
        for node, controller_port in quorum
    ]
