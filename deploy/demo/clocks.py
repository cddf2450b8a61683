"""Moves the business time of the whole sandbox forward: each service has a clock of its own, and so has the bank."""

from __future__ import annotations

from datetime import datetime

import httpx

from deploy.demo.users import ENROLLMENT, SERVICES, System, User


def now(system: System) -> datetime:
    """The sandbox's time, as enrollment tells it."""
    with User.of(system, "operator", ENROLLMENT) as operator:
        return datetime.fromisoformat(operator.get("/v1/sandbox/clock")["now"])


def advance(system: System, to: datetime) -> None:
    """Move all clocks to ``to``; the bank's first, so that it is never behind who asks it."""
    told = {"advance_to": to.isoformat()}
    bearer = {"Authorization": f"Bearer {system.bank_token}"}
    httpx.post(f"{system.bank_url}/clock", json=told, headers=bearer, timeout=10).raise_for_status()
    for service in SERVICES:
        with User.of(system, "operator", service) as operator:
            operator.post("/v1/sandbox/clock", told)
