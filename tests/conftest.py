"""The fixtures that all tests share: real PostgreSQL, real Kafka, the local issuer, settings, and the whole system.

Each is started at its first use, at free ports and in folders of its own: nothing is shared with a running demo. How
they are made stands in real_parts.py and running.py.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings

from deploy.local import places
from deploy.local.issuer import Issuer
from deploy.local.places import free_port
from tests import clock, real_parts
from tests.dated import is_dated
from tests.running import RunningSystem, running

# How long an example takes says how busy the machine is, and nothing of what it tries. The same examples each time: a
# red build can be repeated. For others: make test ARGS=--hypothesis-profile=explore
settings.register_profile("fangzha", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.register_profile("explore", settings.get_profile("fangzha"), derandomize=False, max_examples=2_000)
settings.load_profile("fangzha")

Environment = Callable[[str], dict[str, str]]

A_DAY_AHEAD_OF_UTC = timedelta(hours=8)
"""In Shanghai, where the insured live, days turn at 16:00 UTC."""
TURN_SECONDS = 45
"""Longer than a test takes that asks what day it is."""


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol() -> Iterator[None]:
    """No test begins just before a day turns, here or in Shanghai: it begins when the day has turned.

    Who is covered from tomorrow on and leaves today is given back everything; so what was tomorrow when a test began
    must not be today when it goes on.
    """
    clock.CLOCK.begin()
    now = clock.now()
    left = min(_seconds_of_day_left(now), _seconds_of_day_left(now + A_DAY_AHEAD_OF_UTC))
    if left <= TURN_SECONDS:
        time.sleep(left + 0.1)
    return (yield)


def _seconds_of_day_left(moment: datetime) -> float:
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight + timedelta(days=1) - moment).total_seconds()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--dated", action="store_true", help="only the journeys and the tests that read a date")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--dated"):
        dated = [item for item in items if is_dated(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(dated)])
        items[:] = dated


def pytest_report_header() -> str:
    if clock.START is None:
        return "each test begins now"
    return f"each test begins at {clock.START.isoformat()} (make test START={clock.START.isoformat()} repeats it)"


def pytest_configure() -> None:
    """Each of the processes that run tests side by side looks for free ports of its own."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first, after = places.PORTS
    size = (after - first) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    places.PORTS = (first + number * size, first + (number + 1) * size)


@pytest.fixture(scope="session")
def room() -> Iterator[real_parts.Room]:
    """The session's folder; whatever runs with its mark ends with the session."""
    room = real_parts.Room()
    yield room
    room.close()


@pytest.fixture(scope="session")
def postgres(room: real_parts.Room) -> Iterator[real_parts.Postgres]:
    """A real server; ``.fresh(service)`` gives a migrated database, ``.restart(signal)`` crashes it."""
    server = real_parts.Postgres(room)
    yield server
    server.stop()


@pytest.fixture
def enrollment_url(postgres: real_parts.Postgres) -> Iterator[str]:
    with postgres.fresh("enrollment") as url:
        yield url


@pytest.fixture
def fraud_detection_url(postgres: real_parts.Postgres) -> Iterator[str]:
    with postgres.fresh("fraud_detection") as url:
        yield url


@pytest.fixture
def payout_url(postgres: real_parts.Postgres) -> Iterator[str]:
    with postgres.fresh("payout") as url:
        yield url


@pytest.fixture(scope="session")
def kafka_broker(room: real_parts.Room) -> Iterator[real_parts.Kafka]:
    """A real broker; ``.restart(signal)`` crashes it."""
    broker = real_parts.Kafka(room)
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def kafka(kafka_broker: real_parts.Kafka) -> str:
    """The bootstrap servers of a real broker."""
    return kafka_broker.broker.bootstrap


@pytest.fixture
def topic_prefix() -> str:
    """Keeps one test's topics and groups apart from another's."""
    return real_parts.new_prefix()


@pytest.fixture(scope="session")
def issuer(room: real_parts.Room) -> Issuer:
    """Signs tokens for the clients of deploy/local/clients.json."""
    return Issuer(room.folder / "issuer")


@pytest.fixture
def environment(
    request: pytest.FixtureRequest, room: real_parts.Room, issuer: Issuer, kafka: str, topic_prefix: str
) -> Environment:
    """All settings of a service for this test: ``environment("payout")``; fit for Settings and for a child process."""
    token_key, seal_key, signing_key = (secrets.token_hex(32) for _ in range(3))

    def settings(service: str) -> dict[str, str]:
        common = {
            f"{service.upper()}_DATABASE_URL": (url := request.getfixturevalue(f"{service}_url")),
            f"{service.upper()}_MIGRATION_DATABASE_URL": request.getfixturevalue("postgres").owner_url(url),
            "KAFKA_BOOTSTRAP_SERVERS": kafka,
            "KAFKA_TOPIC_PREFIX": topic_prefix,
            "OIDC_ISSUER": issuer.url,
            "OIDC_JWKS_URL": issuer.jwks_url,
            "TOKEN_KEYS": f"1:{token_key}",
            "SEAL_KEYS": f"1:{seal_key}",
            **clock.sandbox(),
            "LOG_LEVEL": "INFO",
            "HEALTH_PORT": str(free_port()),
            "WEB_PORT": str(free_port()),
        }
        own = {
            "enrollment": {},
            "fraud_detection": {
                "FRAUD_DETECTION_MODEL_SIGNING_KEY": signing_key,
                "FRAUD_DETECTION_EVIDENCE_URL": (room.folder / "evidence").as_uri(),
            },
            # Nobody listens there; a test of the rail starts a bank and names it.
            "payout": {
                "PAYOUT_RAIL_URL": f"http://127.0.0.1:{free_port()}",
                "PAYOUT_RAIL_TOKEN": "a-token-of-this-test",
            },
        }
        return common | own[service] | room.mark

    return settings


@pytest.fixture(scope="session")
def running_system(room: real_parts.Room) -> Iterator[RunningSystem]:
    """Web, worker and relay of the three services, a PostgreSQL and a Kafka of its own, the sandbox bank."""
    with running(room.folder / "system") as system:
        yield system
