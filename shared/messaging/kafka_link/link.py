"""How a client of ours reaches Kafka: addresses, security, patience. What clients do is the other modules'."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Final

from kafka.errors import KafkaError
from kafka.net.inet import KafkaNetSocket
from kafka.record import util as _record_util

from shared.process.settings import EXIT_CONFIGURATION, Settings

KafkaFault: Final = KafkaError
"""Whatever goes wrong between us and the broker."""

# Where the numbers come from:
_METADATA_MAX_AGE_MS: Final = 10_000
"""A topic made after a consumer started is found within this time; the default is five minutes."""
REQUEST_TIMEOUT_MS: Final = 10_000
"""A broker that is up answers in milliseconds; one that was stopped without closing its sockets is given up then."""
_BOOTSTRAP_TIMEOUT_MS: Final = 5_000
_RECONNECT_MAX_MS: Final = 1_000
"""After a restart of the broker a client is back within a second or so; the default lets it sleep for 30."""


class _ClosedSocket(KafkaNetSocket):  # type: ignore[misc]  # kafka-python is untyped
    """A socket that is closed where it is not connected in the end; kafka-python leaves that to the garbage."""

    SCHEMES: Final = ("direct",)
    URL: Final = "direct://"
    """The client is given a kind of socket as the scheme of a proxy; this one goes straight to the broker."""

    async def sock_connect(self, net: Any, sock: Any, sockaddr: Any, timeout_at: float | None = None) -> Any:
        with ExitStack() as undo:
            undo.callback(sock.close)  # also where its client is closed meanwhile
            connected = await super().sock_connect(net, sock, sockaddr, timeout_at=timeout_at)
            undo.pop_all()
            return connected


@dataclass(frozen=True, slots=True)
class Link:
    """How to reach Kafka."""

    bootstrap_servers: str
    topic_prefix: str = ""
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Security options by kafka-python's names; they hold a password."""

    @classmethod
    def from_settings(cls, settings: Settings) -> Link:
        """The link of a process; ends it (exit code 78) if KAFKA_BOOTSTRAP_SERVERS is missing."""
        settings.needs("kafka_bootstrap_servers")
        password = settings.kafka_sasl_password
        given = {
            "security_protocol": settings.kafka_security_protocol,
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_sasl_username,
            "sasl_plain_password": password.get_secret_value() if password is not None else None,
            "ssl_cafile": settings.kafka_ssl_cafile,
            "ssl_certfile": settings.kafka_ssl_certfile,
            "ssl_keyfile": settings.kafka_ssl_keyfile,
        }
        options = {name: value for name, value in given.items() if value is not None}
        return cls(settings.kafka_bootstrap_servers or "", settings.kafka_topic_prefix, options)

    def common(self, client_id: str) -> dict[str, Any]:
        """What producer, consumer and administrator have in common."""
        return {
            "bootstrap_servers": [server.strip() for server in self.bootstrap_servers.split(",")],
            "client_id": client_id,
            "request_timeout_ms": REQUEST_TIMEOUT_MS,
            "metadata_max_age_ms": _METADATA_MAX_AGE_MS,
            "bootstrap_timeout_ms": _BOOTSTRAP_TIMEOUT_MS,
            "reconnect_backoff_max_ms": _RECONNECT_MAX_MS,
            "proxy_url": _ClosedSocket.URL,
            **self.options,
        }


def require_fast_checksums() -> None:
    """End the process with a hint if Kafka's checksums would be computed in Python: 9 ms instead of 0.4 for 60 kB."""
    if _record_util.crc32c_c is None:
        sys.stderr.write(
            "The package crc32c is missing: Kafka's checksums would take 25 times as long. "
            "Install what requirements/ lists for this service.\n"
        )
        raise SystemExit(EXIT_CONFIGURATION)


def opened(kind: Any, options: dict[str, Any]) -> Any:
    """A client of that kind; if it cannot be made, nothing of it stays.

    kafka-python 3.0.12 leaves a thread and five file descriptors behind whenever a client finds no broker: a worker
    that waits for one for an hour would run out of them.
    """
    with ExitStack() as undo:

        def connections(**config: Any) -> Any:
            made = kind.DEFAULT_CONFIG["kafka_client"](**config)
            undo.callback(made.close)
            return made

        client = kind(kafka_client=connections, **options)
        undo.pop_all()
        return client
