"""``make bench-claims``: claims from their filing to their durable decision, few policies and no past, then many.

In one run: a topic that holds BACKLOG claims is drained; 32 clients file as fast as they are answered; then claims are
filed at half of that rate, and each one's time to its durable decision is taken (PostgreSQL's own commit time). On the
same server: the naive way (claims_one_by_one.py) and the bare limit, the library's predict_proba on 200 rows and one
COPY of their decisions. What other services do with decisions is not measured; their workers are halted.
"""

from __future__ import annotations

import io
import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg2

from deploy.demo import clocks, modelling
from deploy.demo.expectations import Expectations
from deploy.demo.users import FRAUD_DETECTION
from deploy.demo.waiting import silent, until
from deploy.local.stack import Stack
from deploy.simulator.people import Person
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.models.scoring.champions import Scorer
from services.fraud_detection.models.scoring.signature import Signer
from services.fraud_detection.models.scoring.training import train
from shared.db.pool import Database
from shared.privacy.keys import KeyRing
from shared.privacy.sealed import Sealer
from shared.privacy.tokens import Tokenizer
from shared.process.new_ids import new_id
from shared.values.ids import ClaimId, PolicyId
from tests.load import claims_one_by_one
from tests.load.builds import Build
from tests.load.claims_world import World, everybody, loss, papers, payee
from tests.load.many_clients import request, send_all, send_paced
from tests.load.report import Figure, middle, percentile, write
from tests.services.fraud_detection.models.builders import labelled_rows

RUNS = int(os.environ.get("RUNS", "3"))
BACKLOG = int(os.environ.get("BACKLOG", "20000"))
FILED = int(os.environ.get("FILED", "4000"))
NAIVE = int(os.environ.get("NAIVE", "500"))
FEW = 30_000
"""Policies at first: a claim of the backlog each, and some."""
POLICIES = int(os.environ.get("POLICIES", "10000000"))
PAST = int(os.environ.get("PAST", "1000000"))
CLIENTS = 32
BATCH = 200
GOAL_DECIDED = 1000.0
GOAL_OVER_NAIVE = 8.0
GOAL_OF_CEILING = 0.25
GOAL_FILED = 500.0
GOAL_P99_MS = 100.0
GOAL_SLOWER = 1.2
GOAL_CPU_US = 1200.0
POSTGRESQL = {"max_wal_size": "8GB", "checkpoint_timeout": "15min", "shared_buffers": "1GB", "wal_init_zero": "off"}
WORKER = f"{FRAUD_DETECTION}-worker"
_OTHERS = ("enrollment-worker", "payout-worker")

_DECIDED = """
SELECT claim_id::text, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float FROM decisions
WHERE claim_id = ANY(%s::uuid[]) AND NOT by_person"""
_HOW_MANY = "SELECT count(*) FROM decisions WHERE claim_id = ANY(%s::uuid[]) AND NOT by_person"
_UNDECIDED = """
SELECT count(*) FROM (SELECT claim_id FROM claims ORDER BY claim_id DESC LIMIT %s) AS newest
WHERE NOT EXISTS (SELECT FROM decisions WHERE decisions.claim_id = newest.claim_id)"""
_BARE = "CREATE TABLE bare_decisions (LIKE decisions INCLUDING ALL)"
_COPY_OF = "COPY (SELECT * FROM decisions WHERE NOT by_person LIMIT 1) TO STDOUT"


@dataclass
class Found:
    """What was measured with one number of policies and past claims, a value for each run."""

    decided: list[float] = field(default_factory=list)
    filed: list[float] = field(default_factory=list)
    latency_ms: list[list[float]] = field(default_factory=list)
    draining_us: list[Counter[str]] = field(default_factory=list)
    """CPU microseconds a claim of each process while the topic is drained."""
    filing_us: list[Counter[str]] = field(default_factory=list)
    """The same from a claim's filing to its decision."""


class Bench:
    """A running stack, the two claims that others are copies of, and who files."""

    def __init__(self, stack: Stack) -> None:
        environment = stack.environment(FRAUD_DETECTION)
        self._stack = stack
        self._build = self._running()
        tokenizer = Tokenizer(KeyRing.parse(environment["TOKEN_KEYS"]))
        sealer = Sealer(KeyRing.parse(environment["SEAL_KEYS"]))
        database = Database(stack.database_url(FRAUD_DETECTION), size=2)
        self.world = World(
            database, stack.owner_url(FRAUD_DETECTION), PersonalData(tokenizer, sealer), clocks.now(stack)
        )
        self._champion = Scorer(Signer(bytes.fromhex(environment["FRAUD_DETECTION_MODEL_SIGNING_KEY"]))).champion
        persons = everybody(2 + 2 * FILED * (2 * RUNS + 1), self.world.now)
        self._insured = list(zip(persons, self.world.insure(persons), strict=True))
        self.world.announce([payee(policy) for _, policy in self._insured])
        self.world.multiply_policies(self._insured[0][1], FEW)
        self._decided = self.world.file(*self._insured.pop())
        self._decided_at([self._decided.claim_id])
        self.world.pay(self._decided)
        self._waiting = self.world.file(*self._insured.pop(), silently=True)

    def _running(self) -> Build:
        """The processes that run now."""
        stack = self._stack
        pids = {name: stack.pid(name) for name in stack.processes() if name not in _OTHERS and stack.pids(name)}
        url, token = stack.url(FRAUD_DETECTION), stack.token("mobile-backend")
        return Build(url, token, stack.database_url(FRAUD_DETECTION), pids)

    def grow(self) -> None:
        """To many policies and past claims."""
        self.world.multiply_policies(self._decided.policy_id, POLICIES)
        self.world.multiply_claim(self._decided, PAST, days=300)
        self.world.analyze()

    def naive(self) -> float:
        """Claims a second, while the worker is halted."""
        self._stack.halt(WORKER)
        warm, *claims = self.world.multiply_claim(self._waiting, NAIVE + 1)
        claims_one_by_one.decide_all(self.world.database, [warm], self._champion, now=self.world.now)
        began = time.perf_counter()
        claims_one_by_one.decide_all(self.world.database, claims, self._champion, now=self.world.now)
        taken = time.perf_counter() - began
        self._build.drain()
        self._stack.resume(WORKER)
        return NAIVE / taken

    def drain(self, found: Found) -> None:
        """A topic that holds a backlog: from the first decision to the last."""
        self._stack.halt(WORKER)
        claims = self.world.multiply_claim(self._waiting, BACKLOG)
        self.world.analyze()
        self.world.submit(claims)
        self._build.drain()
        self._stack.resume(WORKER)
        build = self._running()
        self._some_decided(claims)
        before, already = build.cpu_seconds(), self._count(claims)
        at = sorted(self._decided_at(claims).values())
        self._build.drain()
        used = build.cpu_seconds() - before
        first = sum(each <= at[0] for each in at)
        found.decided.append((len(at) - first) / (at[-1] - at[0]))
        found.draining_us.append(_each(used, len(at) - already))

    def file(self, found: Found) -> None:
        """As fast as 32 clients are answered, then at half of that."""
        build = self._running()
        url = f"{build.url}/v1/claims"
        before = build.cpu_seconds()
        answered = send_all(url, self._requests(url, FILED), clients=CLIENTS)
        if answered.refused:
            raise SystemExit(f"{answered.refused} claims were refused, e.g. {answered.bodies[0]!r}")
        self._all_decided()
        found.filing_us.append(_each(build.cpu_seconds() - before, FILED))
        found.filed.append(answered.per_second)
        paced = send_paced(url, self._requests(url, FILED), clients=CLIENTS, per_second=answered.per_second / 2)
        due = {json.loads(each.body)["claim_id"]: each.due for each in paced}
        at = self._decided_at([ClaimId(claim_id) for claim_id in due])
        found.latency_ms.append([(at[claim_id] - began) * 1000 for claim_id, began in due.items()])

    def _requests(self, url: str, count: int) -> list[bytes]:
        taken = [self._insured.pop() for _ in range(count)]
        common = {"Content-Type": "application/json", "Authorization": f"Bearer {self._build.token}"}
        return [
            request(url, _body(person, policy, self.world), common | {"Idempotency-Key": new_id()})
            for person, policy in taken
        ]

    def _decided_at(self, claim_ids: Sequence[ClaimId]) -> dict[str, float]:
        """When each of these claims was decided, once all are."""

        def all_there() -> dict[str, float] | None:
            # The newest alone is asked for until it is there: to count thousands every 0.2 seconds would be a third of
            # what PostgreSQL does meanwhile.
            if not self._count(claim_ids[-1:]) or self._count(claim_ids) < len(claim_ids):
                return None
            return dict(self._read(_DECIDED, list(claim_ids)))

        return until("not every claim is decided", all_there, seconds=1200)

    def _some_decided(self, claim_ids: Sequence[ClaimId]) -> None:
        until("no claim is decided", lambda: self._count(claim_ids[:1000]) > 0 or None, seconds=120)

    def _all_decided(self) -> None:
        until("claims wait", lambda: self._read(_UNDECIDED, FILED)[0][0] == 0 or None, seconds=600)

    def _count(self, claim_ids: Sequence[ClaimId]) -> int:
        return int(self._read(_HOW_MANY, list(claim_ids))[0][0])

    def _read(self, sql: str, asked: object) -> list[tuple[Any, ...]]:
        with closing(psycopg2.connect(self.world.owner_url)) as connection, connection.cursor() as cursor:
            cursor.execute(sql, (asked,))
            return cursor.fetchall()


def _each(used: Counter[str], claims: int) -> Counter[str]:
    return Counter({name: seconds / claims * 1e6 for name, seconds in used.items()})


def _body(person: Person, policy: PolicyId, world: World) -> bytes:
    happened = {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in loss(world.now).items()
    }
    return json.dumps(
        {
            "policy_id": policy,
            "claimant": {
                "document_type": person.document_type,
                "document_number": person.document_number,
                "phone": person.phone,
            },
            "loss": happened,
            "evidence": [{"kind": each.kind, "sha256": each.sha256} for each in papers(policy)],
            "payee_token": payee(policy),
            "device_id": policy,
        }
    ).encode()


def _ceiling(owner_url: str) -> float:
    """Decisions a second by the library's predict_proba on 200 rows and one COPY of 200 rows into an equal table."""
    rows = labelled_rows(4000)
    estimator = train(rows)[0].estimator
    with closing(psycopg2.connect(owner_url)) as connection:
        with connection, connection.cursor() as cursor:
            cursor.execute(_BARE)
            kept = io.StringIO()
            cursor.copy_expert(_COPY_OF, kept)
        columns = kept.getvalue().rstrip("\n").split("\t")
        began = time.perf_counter()
        for start in range(0, BACKLOG, BATCH):
            place = start % (len(rows.vectors) - BATCH)
            scores = estimator.predict_proba(rows.vectors[place : place + BATCH])[:, 1]
            lines = ["\t".join([new_id(), new_id(), *columns[2:]]) + "\n" for _ in scores.tolist()]
            with connection, connection.cursor() as cursor:
                cursor.copy_expert("COPY bare_decisions FROM STDIN", io.StringIO("".join(lines)))
        taken = time.perf_counter() - began
        with connection, connection.cursor() as cursor:
            cursor.execute("DROP TABLE bare_decisions")
    return BACKLOG / taken


def _sum(used: list[Counter[str]]) -> float:
    return middle([each.total() for each in used])


def _figures(few: Found, many: Found, naive: float, ceiling: float) -> list[Figure]:
    decided, filed = middle(few.decided), middle(few.filed)
    p50, p99 = (middle([percentile(run, share) for run in few.latency_ms]) for share in (50, 99))
    rate = "a second"
    slower = {
        "draining": decided / middle(many.decided),
        "filing": filed / middle(many.filed),
        "CPU of draining": _sum(many.draining_us) / _sum(few.draining_us),
    }
    worst = max(slower, key=lambda name: slower[name])
    cpu = _sum(few.filing_us)
    return [
        Figure(
            "(a) a backlog is decided", decided, "a second", naive, ceiling, "at least 1,000", decided >= GOAL_DECIDED
        ),
        _at_least("(a) / (d) the naive way", decided / naive, GOAL_OVER_NAIVE),
        _at_least("(a) / (e) predict_proba and COPY", decided / ceiling, GOAL_OF_CEILING),
        Figure(f"(b) filed by {CLIENTS} clients", filed, rate, None, None, "at least 500", filed >= GOAL_FILED),
        Figure("(c) due to decision durable at half of (b), p50", p50, "ms", None, None, "", holds=True),
        Figure("(c) the same, p99", p99, "ms", None, None, "under 100 ms", p99 < GOAL_P99_MS),
        Figure(
            f"(f) slower with many policies: {worst}",
            slower[worst],
            "times",
            None,
            None,
            "at most 1.2",
            slower[worst] <= GOAL_SLOWER,
        ),
        _at_most("CPU of a claim, filed and decided", cpu, "us", GOAL_CPU_US),
        Figure("CPU of a claim, decided from a backlog", _sum(few.draining_us), "us", None, None, "", holds=True),
    ]


def _at_least(name: str, value: float, goal: float) -> Figure:
    return Figure(name, value, "times", None, None, f"at least {goal:g}", value >= goal)


def _at_most(name: str, value: float, unit: str, goal: float) -> Figure:
    return Figure(name, value, unit, None, None, f"at most {goal:g}", value <= goal)


def _told(name: str, found: Found) -> list[str]:
    def of(used: list[Counter[str]]) -> str:
        each = {process: middle([run[process] for run in used]) for process in used[0]}
        return ", ".join(f"{process} {value:.0f}" for process, value in sorted(each.items()) if value >= 1)

    rates = ", ".join(f"{value:.0f}" for value in found.decided)
    filed = ", ".join(f"{value:.0f}" for value in found.filed)
    p99 = ", ".join(f"{percentile(run, 99):.0f}" for run in found.latency_ms)
    return [
        f"{name}: decided {rates} a second; filed {filed} a second; p99 {p99} ms.",
        f"{name}: CPU us a claim while draining: {of(found.draining_us)}.",
        f"{name}: CPU us a claim, filed and decided: {of(found.filing_us)}.",
    ]


def main() -> None:
    few, many, naive = Found(), Found(), []
    with tempfile.TemporaryDirectory(prefix="fangzha-bench-") as folder:
        settings = POSTGRESQL | {"track_commit_timestamp": "on"}
        with Stack(Path(folder), preferred_ports=False, say=print, postgresql_settings=settings) as stack:
            modelling.train(stack, 7, 6000, now=clocks.now(stack), expectations=Expectations(), told=silent)
            for other in _OTHERS:
                stack.halt(other)
            bench = Bench(stack)
            for run in range(RUNS):
                print(f"run {run + 1} of {RUNS}, {FEW:,} policies")
                naive.append(bench.naive())
                bench.drain(few)
                bench.file(few)
            ceiling = middle([_ceiling(bench.world.owner_url) for _ in range(RUNS)])
            print(f"making {POLICIES:,} policies and {PAST:,} past claims")
            bench.grow()
            for run in range(RUNS):
                print(f"run {run + 1} of {RUNS}, {POLICIES:,} policies")
                bench.drain(many)
                bench.file(many)
    notes = [
        f"Medians of {RUNS} runs; backlog {BACKLOG:,}, filed {FILED:,}.",
        f"{FEW:,} policies and no past claim; then {POLICIES:,} policies more and {PAST:,} past claims.",
        *_told("few policies", few),
        *_told("many policies", many),
        "naive: a claim, a transaction, its queries one by one; bare: predict_proba on 200 rows, a COPY of 200 rows.",
        "The workers of enrollment and payout are halted: what they do with decisions is theirs.",
        f"PostgreSQL: {', '.join(f'{name}={value}' for name, value in POSTGRESQL.items())}; fsync is on.",
    ]
    print(f"wrote {write('claims', _figures(few, many, middle(naive), ceiling), notes=notes)}")


if __name__ == "__main__":
    main()
