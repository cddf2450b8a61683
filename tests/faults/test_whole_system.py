"""Processes killed, the broker and the database crashed, while residents file claims and are paid.

After each fault: every accepted claim has exactly one decision, every approved claim exactly one payment in the bank's
own book, nothing is in doubt, and each service's invariants hold.
"""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
import pytest

from deploy.demo import clocks, enrolling, filing
from deploy.demo.deciding import refresh
from deploy.demo.expectations import Expectations
from deploy.demo.filing import Filed
from deploy.demo.users import SERVICES
from deploy.demo.waiting import silent, until
from deploy.local.places import free_port
from deploy.local.stack import Stack
from deploy.simulator import claims as simulated
from deploy.simulator.claims import EnrolledPolicy, SimulatedClaim, Terms
from deploy.simulator.identity_numbers import phone_ending
from tests.running import ready_again

CLAIMS = 24
APPROVED_BY_PHONE = "9001"
WAITING_DAYS = 40
SEED = int(time.time())
"""Of when who is killed. The people are the same each time, and not those of the journeys on the same system."""
PEOPLE_SEED = 20261125

Fault = Callable[[Stack, random.Random], None]


@dataclass(frozen=True)
class Insured:
    """Policies past their waiting period, each to be claimed under once, and their product's terms."""

    policies: Iterator[EnrolledPolicy]
    terms: Terms


@pytest.fixture(scope="module")
def insured(running_system: Stack) -> Insured:
    print(f"seed {SEED}")
    now = clocks.now(running_system)
    enrolled = enrolling.enroll(running_system, PEOPLE_SEED, 400, now=now, expectations=Expectations(), told=silent)
    clocks.advance(running_system, now + timedelta(days=WAITING_DAYS))
    found = enrolling.look_up(running_system, enrolled, len(FAULTS) * CLAIMS)
    return Insured(iter(found), Terms.of(enrolled.product))


def _claims(system: Stack, insured: Insured, seed: int) -> list[SimulatedClaim]:
    """Honest claims, each approved without a model by the sandbox value in the phone's last digits."""
    chosen = [next(insured.policies) for _ in range(CLAIMS)]
    honest = simulated.Mix(outside_cover=0, twice_filed=0, ring=0, repeat_victim=0, scheme=0, sandbox=0)
    made = simulated.make(chosen, clocks.now(system), seed, count=CLAIMS, terms=insured.terms, mix=honest)
    for claim in made:
        claimant = claim.body["claimant"]
        claimant["phone"] = phone_ending(claimant["phone"], APPROVED_BY_PHONE)
    return made


@contextmanager
def _during(fault: Fault, system: Stack, rng: random.Random) -> Iterator[None]:
    """The fault happens again and again, at random moments, while the block runs; at least once.

    Each time it lets the system live a little longer: where a process takes long to start, the block ends all the same.
    """
    over = threading.Event()
    failures: list[BaseException] = []

    def hurt() -> None:
        try:
            for number in itertools.count(1):
                time.sleep(rng.uniform(0.0, 0.6))
                fault(system, rng)
                if over.wait(rng.uniform(0.5, 1.5) * number):
                    return
        except BaseException as failure:  # noqa: BLE001 - told to the test below
            failures.append(failure)

    thread = threading.Thread(target=hurt)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    assert not failures, failures


def _decided(system: Stack, filed: Sequence[Filed]) -> bool | None:
    refresh(system, filed)
    wrong = [
        (each.state, each.latest["status"]["now_en"], each.simulated.body["loss"])
        for each in filed
        if each.state not in {"filed", "waiting_for_payee"} and not each.approved
    ]
    if wrong:
        pytest.fail(f"claims that should be approved are not: {wrong}")
    return True if all(each.approved for each in filed) else None


def _paid(system: Stack, filed: Sequence[Filed]) -> bool | None:
    refresh(system, filed)
    return True if all((each.latest.get("payout") or {}).get("state") == "paid" for each in filed) else None


def _bank_book(system: Stack) -> list[dict[str, object]]:
    bearer = {"Authorization": f"Bearer {system.bank_token}"}
    book = httpx.get(f"{system.bank_url}/book", headers=bearer, timeout=30).raise_for_status().json()
    return list(book["transfers"])


def kill(*processes: str) -> Fault:
    def fault(system: Stack, rng: random.Random) -> None:
        system.kill(rng.choice(processes))

    return fault


def _second_worker(system: Stack, rng: random.Random) -> None:
    """A second worker of fraud detection joins its groups and leaves again, in order or at once."""
    environment = system.environment("fraud_detection", "worker") | {"HEALTH_PORT": str(free_port())}
    worker = subprocess.Popen([sys.executable, "-m", "services.fraud_detection", "worker"], env=environment)
    try:
        time.sleep(rng.uniform(2.0, 4.0))
    finally:
        if rng.random() < 0.5:
            worker.kill()
        else:
            worker.terminate()
        worker.wait(60)


FAULTS: dict[str, Fault] = {
    "a relay dies between produce and mark": kill("fraud_detection-relay", "payout-relay"),
    "a worker dies at any moment": kill("fraud_detection-worker", "payout-worker"),
    "the trainer dies": kill("fraud_detection-trainer"),
    "a web process dies under its callers": kill("fraud_detection-web", "payout-web"),
    "Kafka crashes and comes back": kill("kafka"),
    "PostgreSQL crashes and comes back": kill("postgresql"),
    "a second worker joins and leaves": _second_worker,
}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", FAULTS)
def test_every_claim_is_decided_once_and_paid_once_although(name: str, running_system: Stack, insured: Insured) -> None:
    system, fault = running_system, FAULTS[name]
    rng = random.Random(f"{SEED} {name}")
    claims = _claims(system, insured, rng.getrandbits(32))

    with _during(fault, system, rng):
        filed = filing.file_all(system, claims, silent)
    until("not every claim is approved", lambda: _decided(system, filed), seconds=180)
    due = max(datetime.fromisoformat(each.latest["decision"]["payable_from"]) for each in filed)
    with _during(fault, system, rng):
        clocks.advance(system, due + timedelta(minutes=5))
    until("not every approved claim is paid", lambda: _paid(system, filed), seconds=180)

    promised = {each.claim_id: each.latest["decision"]["amount_fen"] for each in filed}
    payouts = {each.latest["payout"]["payout_id"]: each.claim_id for each in filed}
    assert len(promised) == len(payouts) == CLAIMS
    transfers = [transfer for transfer in _bank_book(system) if transfer["reference"] in payouts]
    assert Counter(str(transfer["reference"]) for transfer in transfers) == dict.fromkeys(payouts, 1)
    for transfer in transfers:
        assert transfer["amount_fen"] == promised[payouts[str(transfer["reference"])]]
    ready_again(system)  # who was hurt last may still be starting: the claims can be paid before
    for service in SERVICES:
        done = system.run(service, "verify")
        assert done.returncode == 0, done.stdout + done.stderr
