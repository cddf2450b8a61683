"""``make bench-latency``: from the moment a claim is sent to the moment its decision is durable, at a stated load.

Durable is PostgreSQL's own word: the commit time of the decision's row. The bare HTTP insert of the same bodies and a
naive system that looks for undecided claims once a second run in between, on the same server and machine.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg2

from deploy.demo import clocks, enrolling, modelling
from deploy.demo.expectations import Expectations
from deploy.demo.users import FRAUD_DETECTION, PAYOUT, User
from deploy.demo.waiting import silent, until
from deploy.local.places import free_port
from deploy.local.stack import Stack
from deploy.simulator import claims as simulated
from deploy.simulator.claims import Terms
from shared.process.new_ids import new_id
from tests.load import bare_insert
from tests.load.report import Figure, middle, percentile, write

RUNS = 3
CLAIMS_PER_RUN = 300
CLAIMS_PER_SECOND = 20
"""Far more than two million policies bring (72,000 claims an hour), and below what saturates two cores."""
SENDERS = 8
SEED = 7
WAITING_DAYS = 40
GOAL_P50_MS = 100.0
GOAL_P99_MS = 500.0

_DECIDED = """
SELECT claim_id::text, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float FROM decisions
WHERE claim_id = ANY(%s::uuid[]) AND NOT by_person
"""
_BARELY_DECIDED = """
SELECT id::text, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float FROM bare_decisions
WHERE id = ANY(%s::uuid[])
"""

Post = Callable[[dict[str, Any]], str]


@dataclass(frozen=True)
class Sent:
    """One claim as its sender saw it; seconds of the machine's clock."""

    claim_id: str
    began: float
    answered: float


def _send_all(bodies: Sequence[dict[str, Any]], post: Post) -> list[Sent]:
    """Send at the stated rate, whether or not earlier ones were answered (an open loop hides no queue)."""
    start = time.time() + 0.2

    def send(numbered: tuple[int, dict[str, Any]]) -> Sent:
        number, body = numbered
        due = start + number / CLAIMS_PER_SECOND
        time.sleep(max(0.0, due - time.time()))
        claim_id = post(body)
        return Sent(claim_id, due, time.time())

    with ThreadPoolExecutor(SENDERS) as pool:
        return list(pool.map(send, enumerate(bodies)))


def _decided(url: str, query: str, sent: Sequence[Sent]) -> list[float]:
    """Milliseconds from sending to the decision's commit, one for each claim."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:

        def all_there() -> dict[str, float] | None:
            cursor.execute(query, ([each.claim_id for each in sent],))
            found = dict(cursor.fetchall())
            connection.rollback()
            return found if len(found) == len(sent) else None

        at = until("not every claim is decided", all_there, seconds=60)
    return [(at[each.claim_id] - each.began) * 1000 for each in sent]


@contextmanager
def _bare_server(url: str) -> Any:
    """The bare insert under gunicorn as our web runs: one worker, eight threads."""
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(bare_insert.TABLE)
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-b", f"127.0.0.1:{port}", "--threads", "8"]
    command += ["-k", "shared.server.worker.WebWorker"]
    command += ["--log-level", "warning", "tests.load.bare_insert:build()"]
    server = subprocess.Popen(command, env={"BARE_DATABASE_URL": url, "PATH": "/usr/bin:/bin"})
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def _bodies(stack: Stack, count: int) -> list[dict[str, Any]]:
    """Enroll, train and promote through the public interfaces, and make ``count`` honest claims ready to be sent."""
    now = clocks.now(stack)
    expectations = Expectations()
    enrolled = enrolling.enroll(stack, SEED, count + count // 5, now=now, expectations=expectations, told=silent)
    modelling.train(stack, SEED, 6000, now=now, expectations=expectations, told=silent)
    later = now + timedelta(days=WAITING_DAYS)
    clocks.advance(stack, later)
    policies = enrolling.look_up(stack, enrolled, count)
    mix = simulated.Mix(outside_cover=0, twice_filed=0, ring=0, repeat_victim=0, scheme=0, sandbox=0)
    made = simulated.make(policies, later, SEED, count=count, terms=Terms.of(enrolled.product), mix=mix)
    with User.of(stack, "mobile-backend", PAYOUT) as vault:
        payees = [each.payee for each in made]
        tokens = [
            vault.post(
                "/v1/payees", {"holder_name": one.holder_name, "account": one.account, "bank_code": one.bank_code}
            )["payee_token"]
            for one in payees
        ]
    return [each.body | {"payee_token": token} for each, token in zip(made, tokens, strict=True)]


def _measure(stack: Stack) -> dict[str, list[list[float]]]:
    """Milliseconds by what was measured, a list for each run; ours and the others take turns."""
    bodies = _bodies(stack, (RUNS + 1) * CLAIMS_PER_RUN)
    url = stack.owner_url(FRAUD_DETECTION)
    found: dict[str, list[list[float]]] = {name: [] for name in ("decided", "answered", "bare", "naive")}
    headers = {"Authorization": f"Bearer {stack.token('mobile-backend')}"}
    with (
        httpx.Client(base_url=stack.url(FRAUD_DETECTION), headers=headers, timeout=30) as mobile,
        _bare_server(url) as bare_url,
        httpx.Client(base_url=bare_url, timeout=30) as bare,
    ):
        until("the bare server is not up", lambda: _answers(bare))

        def file(body: dict[str, Any]) -> str:
            reply = mobile.post("/v1/claims", json=body, headers={"Idempotency-Key": new_id()})
            return str(reply.raise_for_status().json()["claim_id"])

        def insert(body: dict[str, Any]) -> str:
            return str(bare.post("/v1/claims", content=json.dumps(body)).raise_for_status().json()["claim_id"])

        for run in range(RUNS + 1):
            part = bodies[run * CLAIMS_PER_RUN : (run + 1) * CLAIMS_PER_RUN]
            ours, theirs = _send_all(part, file), _send_all(part, insert)
            if run == 0:
                continue  # connections, caches and the model are warm afterwards
            found["decided"].append(_decided(url, _DECIDED, ours))
            found["answered"].append([(each.answered - each.began) * 1000 for each in ours])
            found["bare"].append([(each.answered - each.began) * 1000 for each in theirs])
            found["naive"].append(_decided(url, _BARELY_DECIDED, theirs))
    return found


def _answers(client: httpx.Client) -> bool | None:
    try:
        return client.get("/").status_code > 0
    except httpx.TransportError:
        return None


def _figures(found: dict[str, list[list[float]]]) -> list[Figure]:
    def over_runs(name: str, share: int) -> float:
        return middle([percentile(run, share) for run in found[name]])

    figures = []
    for share, goal in ((50, GOAL_P50_MS), (99, GOAL_P99_MS)):
        for name, label in (("decided", "sent to decision durable"), ("answered", "sent to 202 answered")):
            value = over_runs(name, share)
            naive = over_runs("naive", share) if name == "decided" else None
            figures.append(
                Figure(
                    name=f"{label}, p{share}",
                    value=value,
                    unit="ms",
                    baseline=naive,
                    ceiling=over_runs("bare", share),
                    goal=f"at most {goal:.0f} ms",
                    holds=value <= goal,
                )
            )
    return figures


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="fangzha-bench-") as folder:
        settings = {"track_commit_timestamp": "on"}
        with Stack(Path(folder), preferred_ports=False, say=print, postgresql_settings=settings) as stack:
            found = _measure(stack)
    notes = [
        f"{CLAIMS_PER_SECOND} claims a second, {CLAIMS_PER_RUN} claims a run, medians of {RUNS} runs after a warm-up.",
        "naive: the bare insert, decided by a loop that looks once a second; bare: one Flask insert and commit.",
    ]
    print(f"wrote {write('latency', _figures(found), notes=notes)}")


if __name__ == "__main__":
    main()
