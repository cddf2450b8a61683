"""Each process of a stack: its command, its settings, its log, and how it is stopped.

Running them is the supervisor's business; in which order they start is that of stack.py.
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from deploy.local import postgresql
from deploy.local.issuer import Issuer
from deploy.local.kafka import Broker
from deploy.local.places import CHECKOUT, LOOPBACK
from deploy.local.state import SERVICES, State, kinds_of
from deploy.local.watchdog import MARK

BANK = "sandbox-bank"
POSTGRESQL = "postgresql"
KAFKA = "kafka"

MIGRATE = "migrate"
KEYLESS = ("relay", "topics", MIGRATE)
"""They open and seal nothing, and so are given no key."""
TRAINER = "trainer"
"""It signs models, and opens nothing."""

# What a process needs of the caller's own environment. Anything else stays out: a KAFKA_SASL_USERNAME set in the shell
# for a real cluster must not reach the local stack.
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ", "USER", "LOGNAME")

STOP_SECONDS = 15.0
"""A worker drains in less; then it is killed."""


@dataclass(frozen=True)
class Process:
    """One process under the supervisor. Those of a higher rank stop first."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: str
    rank: int = 1
    stop_signal: int = signal.SIGTERM
    user: int | None = None
    group: int | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Parts:
    """A stack's folder and state, seen as the things that run."""

    folder: Path
    state: State

    @property
    def server(self) -> postgresql.Server:
        return postgresql.Server(self.folder / POSTGRESQL, self.state.ports[POSTGRESQL], self.state.secrets.postgresql)

    @property
    def broker(self) -> Broker:
        return Broker(self.folder / KAFKA, self.state.ports[KAFKA], self.state.ports["kafka-controller"])

    @property
    def issuer(self) -> Issuer:
        return Issuer(self.folder / "issuer")

    @property
    def bank_url(self) -> str:
        return f"http://{LOOPBACK}:{self.state.ports[BANK]}"

    @property
    def clock_ahead(self) -> str:
        """As a setting."""
        return f"PT{self.state.clock_ahead_seconds:.6f}S"

    def database_url(self, service: str) -> str:
        return self.server.url(service, user=service, password=self.state.secrets.databases[service])

    def owner_url(self, service: str) -> str:
        password = self.state.secrets.database_owners[service]
        return self.server.url(service, user=postgresql.owner_of(service), password=password)

    def log(self, process: str) -> Path:
        """Where a process's output goes. The database's and the broker's stand beside their data."""
        if process == POSTGRESQL:
            return self.server.log
        return self.broker.log if process == KAFKA else self.folder / "logs" / f"{process}.log"

    def health_port(self, process: str) -> int:
        """Where a service's process says how it is; ``process`` as in ``payout-relay``."""
        return self.state.ports[f"{process}-health" if process.endswith("-web") else process]

    def bare_environment(self) -> dict[str, str]:
        """What every process gets."""
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        # Fewer arenas: a dozen small Python processes keep some 200 MB less.
        return inherited | {MARK: str(self.folder), "MALLOC_ARENA_MAX": "2", "PYTHONUNBUFFERED": "1"}

    def settings(self, service: str, kind: str = "web") -> dict[str, str]:
        """The settings of one service's process or command, as a deployment would give them."""
        secret, upper = self.state.secrets, service.upper()
        of_a_process = kind if kind in kinds_of(service) else "web"
        common = {
            f"{upper}_DATABASE_URL": self.database_url(service),
            "KAFKA_BOOTSTRAP_SERVERS": self.broker.bootstrap,
            "OIDC_ISSUER": self.issuer.url,
            "OIDC_JWKS_URL": self.issuer.jwks_url,
            "SANDBOX": "true",
            "SANDBOX_CLOCK_AHEAD": self.clock_ahead,
            "WEB_PORT": str(self.state.ports[f"{service}-web"]),
            "HEALTH_PORT": str(self.health_port(f"{service}-{of_a_process}")),
        }
        if kind == MIGRATE:
            common[f"{upper}_MIGRATION_DATABASE_URL"] = self.owner_url(service)
        if kind in KEYLESS:
            return common
        signing = {"FRAUD_DETECTION_MODEL_SIGNING_KEY": secret.model_signing_key}
        if kind == TRAINER:
            return common | signing
        keys = {"TOKEN_KEYS": secret.token_keys, "SEAL_KEYS": secret.seal_keys[service]}
        # A sandbox's receivers run on this machine.
        receivers = {
            f"{upper}_WEBHOOK_PRIVATE_NETWORKS": "127.0.0.0/8,::1/128",
            f"{upper}_WEBHOOK_PLAIN_HTTP": "true",
        }
        own = {
            "enrollment": receivers,
            "fraud_detection": receivers
            | signing
            | {
                # What is decided here is a demonstration's or a test's, which wait for nobody's second thoughts.
                "FRAUD_DETECTION_UNDO_SECONDS": "0",
                "FRAUD_DETECTION_EVIDENCE_URL": (self.folder / "evidence").as_uri(),
            },
            "payout": {"PAYOUT_RAIL_URL": self.bank_url, "PAYOUT_RAIL_TOKEN": secret.rail_token},
        }
        return common | keys | own[service]

    def environment(self, service: str, kind: str = "web") -> dict[str, str]:
        """The whole environment of one service's process."""
        return self.bare_environment() | self.settings(service, kind)

    def bank_environment(self) -> dict[str, str]:
        return self.bare_environment() | {
            "SANDBOX_BANK_PORT": str(self.state.ports[BANK]),
            "SANDBOX_BANK_BOOK": str(self.folder / "sandbox-bank.sqlite"),
            "PAYOUT_RAIL_TOKEN": self.state.secrets.rail_token,
            "SANDBOX_CLOCK_AHEAD": self.clock_ahead,
        }

    def stores(self) -> list[Process]:
        """The database server and the broker: they start first and stop last."""
        who = postgresql.account()
        bare = self.bare_environment()
        database = Process(
            POSTGRESQL,
            self.server.command(),
            bare,
            str(self.server.log),
            rank=0,
            stop_signal=signal.SIGINT,
            user=who.user if who else None,
            group=who.group if who else None,
        )
        return [database, Process(KAFKA, self.broker.command(), bare, str(self.broker.log), rank=0)]

    def programs(self) -> list[Process]:
        """The bank, web, worker and relay of each service, and the trainer."""
        bank = Process(BANK, _python("deploy.sandbox_bank"), self.bank_environment(), str(self.log(BANK)))
        found = [bank]
        for service in SERVICES:
            for kind in kinds_of(service):
                name = f"{service}-{kind}"
                command = _python(f"services.{service}", kind)
                found.append(Process(name, command, self.environment(service, kind), str(self.log(name)), rank=2))
        return found


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


DIRECTORY = str(CHECKOUT)
"""Where processes run: ``python -m services.…`` finds the packages there."""
