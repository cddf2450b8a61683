"""Moves the time of a whole sandbox forward: the three services' clocks and the bank's, to one and the same moment.

Each of them refuses to go back, so a move that broke off in the middle is finished by the next one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import httpx

from deploy.local.state import SERVICES

if TYPE_CHECKING:
    from deploy.local.stack import Stack

CLIENT = "operator"
TIMEOUT_SECONDS = 10.0


def read_clock(stack: Stack) -> datetime:
    """The latest of the services' times; they differ only while a move is under way."""
    with httpx.Client(trust_env=False, timeout=TIMEOUT_SECONDS) as http:
        return max(_read(http, stack, service) for service in SERVICES)


def _read(http: httpx.Client, stack: Stack, service: str) -> datetime:
    reply = http.get(f"{stack.url(service)}/v1/sandbox/clock", headers=_bearer(stack))
    reply.raise_for_status()
    return datetime.fromisoformat(reply.json()["now"])


def _bearer(stack: Stack) -> dict[str, str]:
    return {"Authorization": f"Bearer {stack.token(CLIENT)}"}


def advance(stack: Stack, by: timedelta) -> datetime:
    """Move all clocks to ``by`` after the latest of them; the new time."""
    with httpx.Client(trust_env=False, timeout=TIMEOUT_SECONDS) as http:
        moment = max(_read(http, stack, service) for service in SERVICES) + by
        body = {"advance_to": moment.isoformat()}
        for service in SERVICES:
            http.post(f"{stack.url(service)}/v1/sandbox/clock", json=body, headers=_bearer(stack)).raise_for_status()
        bank = {"Authorization": f"Bearer {stack.bank_token}"}
        http.post(f"{stack.bank_url}/clock", json=body, headers=bank).raise_for_status()
    return moment
