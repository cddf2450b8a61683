"""``make bench-enrollment``: from a partner's uploaded file to every policy durable, de-duplicated, announced on Kafka
and known to fraud detection, over the running local stack; then the bare limit and the naive way on the same server.

``ROWS=10000000`` sets the number of good rows (2,000,000), ``NAIVE_ROWS`` how many of them the naive way does. With
``BEFORE=<path>`` of another checkout whole runs of both are made in turn, ``RUNS`` (5) of each.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg2

from deploy.demo import clocks
from deploy.demo.enrolling import today
from deploy.demo.users import ENROLLMENT, FRAUD_DETECTION
from deploy.local.stack import Stack
from deploy.simulator import people, subscribers
from deploy.simulator.subscribers import WrittenFile
from shared.process.new_ids import new_id
from tests.load import enrollment_bare, in_turn
from tests.load.report import Figure, percentile, write
from tests.load.watch import Watch, watching

ROWS = int(os.environ.get("ROWS", "2000000"))
NAIVE_ROWS = int(os.environ.get("NAIVE_ROWS", str(min(ROWS, 500_000))))
BAD_EVERY = 201
"""One wrong row beside 200 good ones: 0.5 % of the good ones on top."""
SEED, OTHER_SEED = 11, 12
PRODUCT = "resident-anti-fraud"
SINGLES_PER_SECOND = 5
RATE, OF_BARE = "the same as a rate", "rate / rate of the bare limit"
GOAL_OF_BEFORE = 0.97
"""Less is no noise any more, in medians of five runs."""
GOAL_SECONDS_PER_MILLION = 20.0
GOAL_OF_CEILING = 0.3
GOAL_OVER_NAIVE = 2.0
GOAL_MEGABYTES = 500.0
GOAL_P99_MS = 250.0
GOAL_LAST_TO_FIRST = 1.2
ROWS_FOR_LAST_TO_FIRST = 10_000_000
LOOK_SECONDS = 0.5

# What a server for millions of policies is set to; fsync and synchronous_commit stay as they are, on.
# A server that has run for a while writes into log files that are there; a fresh one would fill each with zeros first.
POSTGRESQL = {"max_wal_size": "8GB", "checkpoint_timeout": "15min", "shared_buffers": "1GB", "wal_init_zero": "off"}

_LEFT_IN_OUTBOX = "SELECT count(*) FROM outbox"
_CHUNKS = "SELECT count(*) FROM policy_chunks"
_CHUNKS_KNOWN = """
SELECT count(*) FROM inbox WHERE consumer = 'fraud_detection.coverage' AND event_id = ANY(%s::uuid[])
"""
_CHUNK_EVENTS = "SELECT event_id::text FROM policy_chunks WHERE batch_id = %s"
_COVERED = "SELECT count(*), count(DISTINCT person_token) FROM coverage"
_POLICIES = "SELECT count(*), count(DISTINCT person_token) FROM policies"


@dataclass
class Run:
    """What one file took, in seconds, and what was seen on the way."""

    file: WrittenFile
    uploaded: float = 0.0
    enrolled: float = 0.0
    known: float = 0.0
    progress: list[tuple[int, float]] = field(default_factory=list)
    """Rows read, and when."""
    singles_ms: list[float] = field(default_factory=list)

    @property
    def good(self) -> int:
        return self.file.rows - self.file.bad_rows

    def seconds_of(self, share_from: float, share_to: float) -> float:
        """How long the rows between these shares of the file took, by what was seen."""
        return self._moment(share_to) - self._moment(share_from)

    def _moment(self, share: float) -> float:
        wanted = share * self.file.rows
        before = (0, 0.0)
        for rows, moment in self.progress:
            if rows >= wanted:
                return before[1] + (moment - before[1]) * (wanted - before[0]) / max(1, rows - before[0])
            before = (rows, moment)
        return before[1]


def _one(connection: Any, query: str, *parameters: object) -> tuple[Any, ...]:
    with connection, connection.cursor() as cursor:
        cursor.execute(query, parameters or None)
        row: tuple[Any, ...] = cursor.fetchone()
    return row


def _client(stack: Stack, name: str) -> httpx.Client:
    bearer = {"Authorization": f"Bearer {stack.token(name)}"}
    return httpx.Client(base_url=stack.url(ENROLLMENT), headers=bearer, timeout=600)


def _upload(partner: httpx.Client, file: WrittenFile) -> str:
    def pieces() -> Iterator[bytes]:
        with file.path.open("rb") as content:
            while piece := content.read(1 << 18):
                yield piece

    declared: dict[str, str | int] = {"product_code": PRODUCT, "rows": file.rows, "sha256": file.sha256}
    headers = {"Idempotency-Key": new_id(), "Content-Type": "text/csv"}
    reply = partner.post("/v1/enrollment-batches", content=pieces(), headers=headers, params=declared)
    return str(reply.raise_for_status().json()["batch_id"])


def _enroll_singly(stack: Stack, run: Run, stop: threading.Event) -> None:
    """Another partner's people, one by one at a steady rate, whether or not earlier ones were answered late."""
    start, number = time.monotonic(), 0
    now = clocks.now(stack)
    crowd = people.make(OTHER_SEED, 100_000)
    with _client(stack, "telecom-west") as partner:
        while not stop.wait(max(0.0, start + number / SINGLES_PER_SECOND - time.monotonic())):
            person = crowd[number]
            reference = subscribers.reference("west", number)
            body = {
                "product_code": PRODUCT,
                "partner_reference": reference,
                "insured": {
                    "document_type": person.document_type,
                    "document_number": person.document_number,
                    "name": person.name,
                    "phone": person.phone,
                },
                "consent": {
                    "text_version": subscribers.CONSENT_VERSION,
                    "given_at": (now - timedelta(hours=1)).isoformat(),
                    "channel": "hall",
                    "sha256": subscribers.consent_sha256(reference),
                },
            }
            due = start + number / SINGLES_PER_SECOND
            reply = partner.post("/v1/policies", json=body, headers={"Idempotency-Key": new_id()})
            # A person may stand in the file too: then it says so, and has done the same work.
            if reply.status_code not in {200, 201, 409}:
                reply.raise_for_status()
            run.singles_ms.append((time.monotonic() - due) * 1000)
            number += 1


def _work_off(stack: Stack, run: Run) -> str:
    """Upload, and wait until the other service knows each policy; the batch's id."""
    urls = (stack.database_url(ENROLLMENT), stack.database_url(FRAUD_DETECTION))
    with (
        _client(stack, "telecom-east") as partner,
        closing(psycopg2.connect(urls[0])) as enrolled,
        closing(psycopg2.connect(urls[1])) as covered,
    ):
        began = time.monotonic()
        batch_id = _upload(partner, run.file)
        run.uploaded = time.monotonic() - began
        began = time.monotonic()
        state = ""
        while state not in {"finished", "failed"}:
            time.sleep(LOOK_SECONDS)
            told = partner.get(f"/v1/enrollment-batches/{batch_id}").raise_for_status().json()
            state = told["state"]
            run.progress.append((told["rows_read"], time.monotonic() - began))
        # Of many millions, one or two are the same people whom the other partner enrolls meanwhile.
        met = told["rejected"] - run.file.bad_rows
        assert (state, told["accepted"] + met) == ("finished", run.good), told
        assert 0 <= met <= len(run.singles_ms), told
        run.enrolled = time.monotonic() - began
        with enrolled, enrolled.cursor() as cursor:
            cursor.execute(_CHUNK_EVENTS, (batch_id,))
            events = [row[0] for row in cursor.fetchall()]
        while _one(covered, _CHUNKS_KNOWN, events)[0] < len(events):
            time.sleep(LOOK_SECONDS)
        run.known = time.monotonic() - began
    return batch_id


def _check(stack: Stack) -> None:
    """Nobody is missing, nobody is there twice, on either side."""
    found = []
    for service, query in ((ENROLLMENT, _POLICIES), (FRAUD_DETECTION, _COVERED)):
        with closing(psycopg2.connect(stack.database_url(service))) as connection:
            found.append(_one(connection, query))
    assert found[0][0] == found[0][1] == found[1][0] == found[1][1], found


def _ours(stack: Stack, run: Run) -> Watch:
    stop = threading.Event()
    singly = threading.Thread(target=_enroll_singly, args=(stack, run, stop))
    with watching(stack) as watch:
        singly.start()
        try:
            _work_off(stack, run)
        finally:
            stop.set()
            singly.join()
    time.sleep(2)  # for the last of the single ones to arrive
    _check(stack)
    return watch


def _figures(run: Run, watch: Watch, ceiling: float, naive: float) -> list[Figure]:
    rate = run.good / run.known
    goal = GOAL_SECONDS_PER_MILLION * run.good / 1e6
    peaks = watch.peak_megabytes
    largest = max(peaks, key=lambda name: peaks[name])
    p99 = percentile(run.singles_ms, 99)
    ratio = run.seconds_of(0.9, 1.0) / run.seconds_of(0.0, 0.1)
    known = f"{run.good:,} policies durable, announced and known to fraud_detection"
    return [
        Figure(known, run.known, "s", run.good / naive, run.good / ceiling, f"at most {goal:.0f} s", run.known <= goal),
        Figure(RATE, rate, "rows/s", naive, ceiling, "", holds=True),
        _at_least(OF_BARE, rate / ceiling, GOAL_OF_CEILING),
        _at_least("rate / rate of the naive way", rate / naive, GOAL_OVER_NAIVE),
        Figure("durable and in the outbox", run.enrolled, "s", None, None, "", holds=True),
        Figure("the upload before it", run.uploaded, "s", None, None, "", holds=True),
        _at_most(f"most memory of one process ({largest})", peaks[largest], "MB", GOAL_MEGABYTES),
        _at_most("single enrollments meanwhile, p99", p99, "ms", GOAL_P99_MS),
        _at_most("cost of the last tenth / of the first tenth", ratio, "", GOAL_LAST_TO_FIRST),
    ]


def _at_least(name: str, value: float, goal: float) -> Figure:
    return Figure(name, value, "", None, None, f"at least {goal:g}", value >= goal)


def _at_most(name: str, value: float, unit: str, goal: float) -> Figure:
    return Figure(name, value, unit, None, None, f"at most {goal:g} {unit}".strip(), value <= goal)


def _notes(run: Run, watch: Watch) -> list[str]:
    cpu = {name: seconds for name, seconds in watch.cpu_seconds.items() if seconds > run.known / 100}
    each = ", ".join(f"{name} {seconds / run.good * 1e6:.1f}" for name, seconds in cpu.items())
    memory = ", ".join(f"{name} {peak:.0f}" for name, peak in watch.peak_megabytes.items())
    return [
        f"{run.file.bad_rows:,} of {run.file.rows:,} rows are wrong; the time runs from the reply to the upload.",
        f"CPU microseconds a policy, upload included: {each}; together {sum(cpu.values()) / run.good * 1e6:.1f}.",
        f"Most memory of one process, resident, in MB: {memory}.",
        f"{len(run.singles_ms)} people enrolled one by one meanwhile, {SINGLES_PER_SECOND} a second.",
        f"PostgreSQL: {', '.join(f'{name}={value}' for name, value in POSTGRESQL.items())}; fsync is on.",
        f"bare: sorted binary COPY, INSERT … ON CONFLICT, 2 connections; naive: execute_values of {NAIVE_ROWS:,} rows.",
    ]


def main() -> None:
    before = os.environ.get("BEFORE")
    if before:
        print(f"wrote {in_turn.compare('enrollment', Path(before), dict.fromkeys((RATE, OF_BARE), GOAL_OF_BEFORE))}")
    else:
        _measure()


def _measure() -> None:
    with tempfile.TemporaryDirectory(prefix="fangzha-bench-") as folder:
        place = Path(folder)
        with Stack(place / "stack", preferred_ports=False, say=print, postgresql_settings=POSTGRESQL) as stack:
            now = clocks.now(stack)
            file = subscribers.write_large_csv(
                place / "subscribers.csv",
                SEED,
                ROWS + ROWS // (BAD_EVERY - 1),
                effective_date=today(now) + timedelta(days=1),
                consent_given_at=now - timedelta(days=1),
                bad_every=BAD_EVERY,
            )
            run = Run(file)
            watch = _ours(stack, run)
            url = stack.owner_url(ENROLLMENT)
            ceiling = enrollment_bare.ceiling(url)
            naive = enrollment_bare.naive(file.path, url, NAIVE_ROWS)
    print(f"wrote {write('enrollment', _figures(run, watch, ceiling, naive), notes=_notes(run, watch))}")


if __name__ == "__main__":
    main()
