"""``make bench-enroll-one``: single enrollments a second over HTTP, 32 clients at a time, each policy durable.

In between, on the same server and machine: one Flask insert and commit of an equally wide row, under gunicorn with as
many workers, threads and connections (the ceiling), and four commits on a new connection each (the naive way). Relay,
broker and the other services run all the while, so ours pays for its events too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg2

from deploy.demo import clocks
from deploy.demo.enrolling import PARTNER, PRODUCT, today
from deploy.demo.users import ENROLLMENT
from deploy.demo.waiting import until
from deploy.local.places import free_port
from deploy.local.stack import Stack
from deploy.simulator import people, subscribers
from deploy.simulator.people import Person
from services.enrollment.settings import Settings
from shared.process.new_ids import new_id
from tests.load import bare_policy
from tests.load.many_clients import Answered, request, send_all
from tests.load.report import Figure, middle, percentile, write
from tests.load.watch import cpu_seconds

RUNS = 5
REQUESTS_PER_RUN = 3_000
CLIENTS = 32
SEED = 11
GOAL_RATIO = 0.8
LEAST_MS = 0.01


def body(person: Person, reference: str, now: datetime) -> dict[str, Any]:
    """What a partner sends to enroll one subscriber."""
    return {
        "product_code": PRODUCT,
        "partner_reference": reference,
        "insured": {
            "document_type": person.document_type,
            "document_number": person.document_number,
            "name": person.name,
            "phone": person.phone,
        },
        "effective_date": today(now).isoformat(),
        "consent": {
            "text_version": subscribers.CONSENT_VERSION,
            "given_at": (now - timedelta(hours=1)).isoformat(),
            "channel": "hall",
            "sha256": subscribers.consent_sha256(reference),
        },
    }


def _requests(url: str, bodies: Sequence[bytes], token: str) -> list[bytes]:
    common = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    return [request(url, each, common | {"Idempotency-Key": new_id()}) for each in bodies]


@contextmanager
def _bare_server(url: str, settings: Settings) -> Iterator[str]:
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(bare_policy.TABLES)
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-b", f"127.0.0.1:{port}", "-k", "gthread", "--log-level", "warning"]
    command += ["--workers", str(settings.web_workers), "--threads", str(settings.web_threads), "--keep-alive", "75"]
    server = subprocess.Popen(
        [*command, "tests.load.bare_policy:build()"],
        env={"BARE_DATABASE_URL": url, "PATH": "/usr/bin:/bin"},
    )
    try:
        address = f"http://127.0.0.1:{port}"
        until("the bare server is not up", lambda: _answers(address))
        yield address
    finally:
        server.terminate()
        server.wait()


def _answers(address: str) -> bool | None:
    try:
        return httpx.get(address).status_code > 0
    except httpx.TransportError:
        return None


def _measure(stack: Stack, runs: int) -> tuple[dict[str, list[Answered]], Counter[str]]:
    """What was answered, by what was measured, for each run; the three take turns. The first run warms up.

    And the CPU seconds of our processes in our turns, until the last policy is known everywhere.
    """
    now = clocks.now(stack)
    everybody = people.make(SEED, (runs + 1) * REQUESTS_PER_RUN, on=now.date())
    bodies = [json.dumps(body(person, f"one-{n}", now)).encode() for n, person in enumerate(everybody)]
    settings = Settings.load(stack.environment(ENROLLMENT))
    token = stack.token(PARTNER)
    found: dict[str, list[Answered]] = {"ours": [], "bare": [], "naive": []}
    cpu: Counter[str] = Counter()
    with _bare_server(stack.owner_url(ENROLLMENT), settings) as bare_url:
        urls = {
            "ours": f"{stack.url(ENROLLMENT)}/v1/policies",
            "bare": f"{bare_url}/bare",
            "naive": f"{bare_url}/naive",
        }
        for run in range(runs + 1):
            part = bodies[run * REQUESTS_PER_RUN : (run + 1) * REQUESTS_PER_RUN]
            for name, url in urls.items():
                before = cpu_seconds(stack)
                answered = send_all(url, _requests(url, part, token), clients=CLIENTS)
                if answered.refused:
                    raise SystemExit(f"{name}: {answered.refused} requests were refused, e.g. {answered.bodies[0]!r}")
                _drained(stack)
                if run and name == "ours":
                    cpu.update({each: after - before[each] for each, after in cpu_seconds(stack).items()})
                if run:
                    found[name].append(answered)
    return found, cpu


def _enrollments_an_event(stack: Stack) -> float:
    with closing(psycopg2.connect(stack.database_url(ENROLLMENT))) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT avg(policies) FROM policy_chunks")
        row = cursor.fetchone()
    return float(row[0]) if row else 0.0


def _drained(stack: Stack) -> None:
    """Wait until the relay has nothing left to do, so that it does not work beside the others' turns."""
    with closing(psycopg2.connect(stack.database_url(ENROLLMENT))) as connection, connection.cursor() as cursor:

        def empty() -> bool | None:
            cursor.execute("SELECT count(*) FROM outbox")
            row = cursor.fetchone()
            connection.rollback()
            return True if row == (0,) else None

        until("the relay does not come to an end", empty, seconds=120)


def _figures(found: dict[str, list[Answered]]) -> list[Figure]:
    rates = {name: middle([each.per_second for each in runs]) for name, runs in found.items()}
    figures = [
        Figure(
            name=f"single enrollments, {CLIENTS} clients",
            value=rates["ours"],
            unit="a second",
            baseline=rates["naive"],
            ceiling=rates["bare"],
            goal=f"at least {GOAL_RATIO} of the bare insert",
            holds=rates["ours"] >= GOAL_RATIO * rates["bare"],
        )
    ]
    for share in (50, 99):
        latency = {
            name: middle([percentile(each.latencies_ms, share) for each in runs]) for name, runs in found.items()
        }
        figures.append(
            Figure(
                name=f"sent to answered, p{share}",
                value=latency["ours"],
                unit="ms",
                baseline=latency["naive"],
                ceiling=latency["bare"],
                goal="beside the bare one",
                holds=True,
            )
        )
    return figures


def main() -> None:
    runs = int(os.environ.get("RUNS", RUNS))
    with (
        tempfile.TemporaryDirectory(prefix="fangzha-bench-") as folder,
        Stack(Path(folder), preferred_ports=False, say=print) as stack,
    ):
        found, cpu = _measure(stack, runs)
        per_event = _enrollments_an_event(stack)
    each = {name: seconds / (runs * REQUESTS_PER_RUN) * 1000 for name, seconds in cpu.most_common()}
    notes = [
        f"{per_event:.1f} enrollments shared a transaction and an event.",
        "CPU milliseconds an enrollment: "
        + ", ".join(f"{name} {ms:.2f}" for name, ms in each.items() if ms >= LEAST_MS)
        + f"; together {sum(each.values()):.2f}.",
        f"{REQUESTS_PER_RUN} enrollments a run, medians of {runs} runs after a warm-up; each committed and announced.",
        "naive: a new connection and four commits a request; bare: one Flask insert and commit of an equally wide row.",
    ]
    print(f"wrote {write('enroll-one', _figures(found), notes=notes)}")


if __name__ == "__main__":
    main()
