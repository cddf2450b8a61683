"""``make bench-enroll-one``: single enrollments a second over HTTP, 32 clients at a time, each policy durable.

In between, on the same server and machine: one Flask insert and commit of an equally wide row, under our server and
under gunicorn's own threads, with as many of them (the ceiling), and four commits on a new connection each (the naive
way). Relay, broker and the other services run all the while, so ours pays for its events too. With ``BEFORE=<path>``
the build of another checkout takes its turns as well.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
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
from tests.load.builds import Build, of_checkout, ours
from tests.load.many_clients import Answered, request, send_all
from tests.load.report import Figure, middle, percentile, write

RUNS = 5
REQUESTS_PER_RUN = 3_000
CLIENTS = 32
SEED = 11
GOAL_TIMES_BEFORE = 1.5
GOAL_WEB_MS = 0.5
GOAL_ALL_MS = 0.95
LEAST_MS = 0.01
WEB = f"{ENROLLMENT}-web"


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
def _bare_server(url: str, settings: Settings, worker_class: str) -> Iterator[str]:
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(bare_policy.TABLES)
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-b", f"127.0.0.1:{port}", "-k", worker_class, "--keep-alive", "75"]
    command += ["--workers", str(settings.web_workers), "--threads", str(settings.web_threads)]
    server = subprocess.Popen(
        [*command, "--log-level", "warning", "tests.load.bare_policy:build()"],
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


@dataclass
class _Turn:
    """One of those that take turns: where it is asked, and what was found."""

    url: str
    build: Build
    answered: list[Answered] = field(default_factory=list)
    cpu: list[Counter[str]] = field(default_factory=list)
    """Seconds of each process until the last policy is known everywhere, for each run."""

    def per_second(self) -> float:
        return middle([each.per_second for each in self.answered])

    def cpu_ms(self, *processes: str) -> float:
        """CPU milliseconds an enrollment, of some processes or of all."""
        return middle(
            [
                sum(seconds for name, seconds in used.items() if not processes or name in processes)
                / REQUESTS_PER_RUN
                * 1000
                for used in self.cpu
            ]
        )


def _measure(turns: dict[str, _Turn], bodies: Sequence[bytes], runs: int) -> None:
    """Run each in turn; the first round warms up."""
    for run in range(runs + 1):
        part = bodies[run * REQUESTS_PER_RUN : (run + 1) * REQUESTS_PER_RUN]
        for name, turn in turns.items():
            before = turn.build.cpu_seconds()
            answered = send_all(turn.url, _requests(turn.url, part, turn.build.token), clients=CLIENTS)
            if answered.refused:
                raise SystemExit(f"{name}: {answered.refused} requests were refused, e.g. {answered.bodies[0]!r}")
            turn.build.drain()
            if run:
                turn.answered.append(answered)
                turn.cpu.append(turn.build.cpu_seconds() - before)


def _enrollments_an_event(stack: Stack) -> float:
    with closing(psycopg2.connect(stack.database_url(ENROLLMENT))) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT avg(policies) FROM policy_chunks")
        row = cursor.fetchone()
    return float(row[0]) if row else 0.0


def _figures(turns: dict[str, _Turn]) -> list[Figure]:
    own, before = turns["ours"], turns.get("before")
    figures = [
        Figure(
            name=f"single enrollments, {CLIENTS} clients",
            value=own.per_second(),
            unit="a second",
            baseline=turns["naive"].per_second(),
            ceiling=turns["bare"].per_second(),
            goal="beside the bare one",
            holds=True,
        )
    ]
    if before is not None:
        ratio = own.per_second() / before.per_second()
        goal = f"at least {GOAL_TIMES_BEFORE}"
        figures.append(
            Figure("of the build before", ratio, "times", None, None, goal, holds=ratio >= GOAL_TIMES_BEFORE)
        )
    for share in (50, 99):
        latency = {
            name: middle([percentile(each.latencies_ms, share) for each in turn.answered])
            for name, turn in turns.items()
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
    for name, goal_ms, spent in (
        ("CPU of web an enrollment", GOAL_WEB_MS, own.cpu_ms(WEB)),
        ("CPU of all processes an enrollment", GOAL_ALL_MS, own.cpu_ms()),
    ):
        figures.append(Figure(name, spent, "ms", None, None, f"at most {goal_ms}", holds=spent <= goal_ms))
    return figures


def _notes(turns: dict[str, _Turn], per_event: float, runs: int) -> list[str]:
    notes = [f"{per_event:.1f} enrollments shared a transaction and an event."]
    for name in ("ours", "before"):
        if name in turns:
            turn = turns[name]
            each = {process: turn.cpu_ms(process) for process in turn.build.pids}
            told = ", ".join(f"{process} {ms:.2f}" for process, ms in each.items() if ms >= LEAST_MS)
            notes.append(
                f"CPU milliseconds an enrollment, {name}: {told}; together {turn.cpu_ms():.2f};"
                f" {turn.per_second():,.0f} a second."
            )
    bare = {name: turns[name].per_second() for name in ("bare", "bare under gthread")}
    return [
        *notes,
        (
            f"bare: one Flask insert and commit of an equally wide row: {bare['bare']:,.0f} a second under our server,"
            f" {bare['bare under gthread']:,.0f} under gunicorn's gthread."
        ),
        "naive: a new connection and four commits a request.",
        f"{REQUESTS_PER_RUN} enrollments a run, medians of {runs} runs after a warm-up; each committed and announced.",
    ]


def main() -> None:
    runs = int(os.environ.get("RUNS", RUNS))
    before = os.environ.get("BEFORE")
    with ExitStack() as all_of_it:
        folder = Path(all_of_it.enter_context(tempfile.TemporaryDirectory(prefix="fangzha-bench-")))
        stack = all_of_it.enter_context(Stack(folder / "ours", preferred_ports=False, say=print))
        build = ours(stack, ENROLLMENT, PARTNER)
        now = clocks.now(stack)
        everybody = people.make(SEED, (runs + 1) * REQUESTS_PER_RUN, on=now.date())
        bodies = [json.dumps(body(person, f"one-{n}", now)).encode() for n, person in enumerate(everybody)]
        settings = Settings.load(stack.environment(ENROLLMENT))
        bare, threads = (
            all_of_it.enter_context(_bare_server(stack.owner_url(ENROLLMENT), settings, kind))
            for kind in ("shared.server.worker.WebWorker", "gthread")
        )
        turns = {"ours": _Turn(f"{build.url}/v1/policies", build)}
        if before:
            other = all_of_it.enter_context(of_checkout(Path(before), ENROLLMENT, PARTNER, folder / "before"))
            turns["before"] = _Turn(f"{other.url}/v1/policies", other)
        turns |= {
            "bare": _Turn(f"{bare}/bare", build),
            "bare under gthread": _Turn(f"{threads}/bare", build),
            "naive": _Turn(f"{bare}/naive", build),
        }
        _measure(turns, bodies, runs)
        notes = _notes(turns, _enrollments_an_event(stack), runs)
    print(f"wrote {write('enroll-one', _figures(turns), notes=notes)}")


if __name__ == "__main__":
    main()
