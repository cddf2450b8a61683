"""What a stack is made of, kept in its stack.json: its ports, and its generated passwords and keys.

Readable by its owner alone. Starting and stopping is left to stack.py.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path

from deploy.local.places import free_port

SERVICES = ("enrollment", "fraud_detection", "payout")
KINDS = ("web", "worker", "relay")
MORE_KINDS = {"fraud_detection": ("trainer",)}

# Above the ports that other tools like best; a port that is taken is replaced by a free one.
PREFERRED_PORTS = {
    "postgresql": 15432,
    "kafka": 19092,
    "kafka-controller": 19093,
    "sandbox-bank": 18090,
    "enrollment-web": 18081,
    "fraud_detection-web": 18082,
    "payout-web": 18083,
    "enrollment-web-health": 19111,
    "fraud_detection-web-health": 19112,
    "payout-web-health": 19113,
    "enrollment-worker": 19101,
    "enrollment-relay": 19102,
    "fraud_detection-worker": 19103,
    "fraud_detection-relay": 19104,
    "payout-worker": 19105,
    "payout-relay": 19106,
    "fraud_detection-trainer": 19107,
}


def kinds_of(service: str) -> tuple[str, ...]:
    """The processes of a service."""
    return KINDS + MORE_KINDS.get(service, ())


@dataclass(frozen=True)
class Secrets:
    """Generated once for each stack, never shared between stacks."""

    postgresql: str = field(default_factory=lambda: secrets.token_hex(16))
    databases: dict[str, str] = field(default_factory=lambda: {name: secrets.token_hex(16) for name in SERVICES})
    database_owners: dict[str, str] = field(default_factory=lambda: {name: secrets.token_hex(16) for name in SERVICES})
    token_keys: str = field(default_factory=lambda: f"1:{secrets.token_hex(32)}")
    seal_keys: dict[str, str] = field(default_factory=lambda: {name: f"1:{secrets.token_hex(32)}" for name in SERVICES})
    model_signing_key: str = field(default_factory=lambda: secrets.token_hex(32))
    rail_token: str = field(default_factory=lambda: secrets.token_hex(16))


@dataclass(frozen=True)
class State:
    """One stack, whether it runs or not."""

    ports: dict[str, int]
    secrets: Secrets
    clock_ahead_seconds: float = 0.0
    """How far its time began ahead of real time."""


def new_state(*, preferred: bool, clock_ahead: timedelta = timedelta(0)) -> State:
    """A stack that never ran: ``preferred`` takes the usual ports where they are free."""
    return State(choose_ports(PREFERRED_PORTS if preferred else {}), Secrets(), clock_ahead.total_seconds())


def choose_ports(wanted: dict[str, int]) -> dict[str, int]:
    """A free port for each process, the wanted one where it is free."""
    chosen: dict[str, int] = {}
    for name in PREFERRED_PORTS:
        port = free_port(wanted.get(name))
        while port in chosen.values():
            port = free_port()
        chosen[name] = port
    return chosen


def read(folder: Path) -> State | None:
    """The stack of this folder, or None where there is none."""
    try:
        table = json.loads((folder / "stack.json").read_text())
    except FileNotFoundError:
        return None
    return State(table["ports"], Secrets(**table["secrets"]), table.get("clock_ahead_seconds", 0.0))


def write(folder: Path, state: State) -> None:
    """Keep the stack of this folder."""
    folder.mkdir(parents=True, exist_ok=True)
    write_private(folder / "stack.json", json.dumps(asdict(state), indent=2))


def write_private(path: Path, text: str) -> None:
    """A file that only its owner can read. Replaces it at once: a reader sees the old text or the new one."""
    arriving = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(arriving, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    arriving.replace(path)
