"""Claims filed, reviewed, appealed, taken back and paid while processes are killed: one round.

Each round has claims of its own; residents and staff go on with those of the round before as well. What must hold
afterwards is claim_checks'.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random
from threading import Event
from typing import Any, Final

from deploy.demo import clocks, enrolling
from deploy.demo.deciding import SUPERVISOR
from deploy.demo.expectations import Expectations
from deploy.demo.filing import MOBILE, OTHER_CHANNEL
from deploy.demo.paying import books
from deploy.demo.users import ENROLLMENT, FRAUD_DETECTION, User
from deploy.demo.waiting import silent
from deploy.local.stack import Stack
from deploy.simulator import claims as simulated
from deploy.simulator.claims import EnrolledPolicy, Payee, SimulatedClaim, Terms
from deploy.simulator.identity_numbers import account_number, phone_ending
from shared.events.claims import ClaimDecided
from tests.faults.batch_rounds import Topic, until
from tests.faults.claim_checks import Told, agree, looked_at, motion
from tests.faults.claim_lives import REVIEWERS, Life, Users, work
from tests.faults.killing import KAFKA, POSTGRESQL, Killing, victims_of
from tests.running import ready_again
from tests.services.enrollment.webhooks.receiver import Receiver, listening

VICTIMS: Final = (
    "fraud_detection-web",
    "fraud_detection-worker",
    "fraud_detection-relay",
    "payout-web",
    "payout-worker",
    "payout-relay",
    "enrollment-worker",
    KAFKA,
    POSTGRESQL,
)
"""Each is killed at least once in a round."""
WAITING_DAYS: Final = 40
AT_ONCE: Final = 8
"""Residents that act at one moment."""
AGAIN: Final = 0.1
"""Share of claims on a policy that was claimed on before: its limit may be used up."""
TWICE: Final = 0.06
"""Share of losses that are filed at one moment through both channels."""
PHONES: Final = {"9001": 0.5, "9002": 0.25, "9003": 0.1, "9004": 0.15}
"""What the sandbox makes of a claim: approved, before a person, refusal proposed, documents asked for."""
ACCOUNTS: Final = {"6001": 0.78, "8001": 0.08, "8003": 0.04, "8004": 0.05, "8005": 0.05}
"""What the bank makes of a transfer: done, rejected, late, returned after a day, silent but done."""
BANK_IS_LATE: Final = timedelta(hours=4)
BANK_RETURNS: Final = timedelta(days=2)


@dataclass(frozen=True)
class Round:
    """One round's report."""

    seconds: float
    killed: Counter[str]
    did: Counter[str]
    states: Counter[str]


@dataclass
class Scene:
    """What all rounds of a run share; ``lives`` are all claims, a list for each round."""

    system: Stack
    policies: Sequence[EnrolledPolicy]
    terms: Terms
    recovery_wait: timedelta
    told: Told
    income_fen: int
    """What is to stand in payout's ledger as premium."""
    unused: Iterator[EnrolledPolicy]
    lives: list[list[Life]] = field(default_factory=list)


@contextmanager
def scene(system: Stack, seed: int, claims: int) -> Iterator[Scene]:
    """People insured past their waiting period, one for each claim, and a partner who is told of what is decided.

    One reviewer may approve any amount alone and confirms what the others propose.
    """
    now = clocks.now(system)
    before = books(system).balance("premium_income")
    rows = claims + claims // 10 + 20
    enrolled = enrolling.enroll(system, seed, rows, now=now, expectations=Expectations(), told=silent)
    clocks.advance(system, now + timedelta(days=WAITING_DAYS))
    found = enrolling.look_up(system, enrolled, claims)
    terms = Terms.of(enrolled.product)
    with User.of(system, SUPERVISOR, FRAUD_DETECTION) as supervisor:
        supervisor.put(f"/v1/authorities/{REVIEWERS[0]}", {"pays_up_to_fen": 10**9, "claims_up_to_fen": 10**11})
    with listening() as receiver:
        _listen(system, receiver)
        told = Told(Topic(system, ClaimDecided.TOPIC), receiver)
        income = before - enrolled.policies * int(enrolled.single["premium_fen"])
        wait = timedelta(days=enrolled.product["recovery_wait_days"], hours=1)
        yield Scene(system, found, terms, wait, told, income, iter(found))


def _listen(system: Stack, receiver: Receiver) -> None:
    with User.of(system, enrolling.PARTNER, ENROLLMENT) as partner:
        partner.post("/v1/webhook-endpoints", {"url": receiver.url, "types": ["claim.changed"]})


def play(scene: Scene, rng: Random, count: int) -> Round:
    """One round of ``count`` claims; raises AssertionError where anything is lost, doubled or different."""
    system, began = scene.system, time.monotonic()
    mine = _lives(scene, rng, count)
    scene.lives.append(mine)
    open_ones = [life for lives in scene.lives[-2:] for life in lives]
    staff = Random(rng.getrandbits(32))
    with Killing(victims_of(system, VICTIMS), rng) as killing, Users.of(system) as users:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            _all(pool.map(partial(Life.file, users=users), mine))
        did = _turn(users, open_ones, staff, clocks.now(system))
        for paid in (False, False, True):
            until("not each claim was looked at", lambda: looked_at(system))
            if paid:
                clocks.advance(system, clocks.now(system) + scene.recovery_wait)
            did += _turn(users, open_ones, staff, clocks.now(system))
    ready_again(system)
    _settle(scene)
    states = agree(
        system, scene.policies, [life for lives in scene.lives for life in lives], scene.told, scene.income_fen
    )
    for life in mine:
        did += life.did
    return Round(time.monotonic() - began, killing.killed, did, states)


def _all(done: Iterator[Any]) -> None:
    for _ in done:
        pass


def _lives(scene: Scene, rng: Random, count: int) -> list[Life]:
    """The round's claims, in the order of filing; those of one loss beside each other."""
    now = clocks.now(scene.system)
    losses = round(count / (1 + TWICE))
    before = [life.body["policy_id"] for lives in scene.lives[-3:] for life in lives]
    again = set(rng.sample(sorted(set(before)), min(len(set(before)), round(losses * AGAIN))))
    chosen = [each for each in scene.policies if each.policy_id in again]
    chosen += [next(scene.unused) for _ in range(losses - len(chosen))]
    honest = simulated.Mix(outside_cover=0, twice_filed=0, ring=0, repeat_victim=0, scheme=0, sandbox=0)
    made = simulated.make(chosen, now, rng.getrandbits(32), count=losses, terms=scene.terms, mix=honest)
    twice = set(rng.sample(range(losses), count - losses))
    lives = []
    for number, claim in enumerate(made):
        loss = f"{len(scene.lives)}-{number}"
        lives.append(_life(claim, rng, loss, MOBILE if number % 3 else OTHER_CHANNEL))
        if number in twice:
            other = OTHER_CHANNEL if lives[-1].channel == MOBILE else MOBILE
            lives.append(_life(claim, rng, loss, other))
    return lives


def _life(claim: SimulatedClaim, rng: Random, loss: str, channel: str) -> Life:
    (phone,) = rng.choices(tuple(PHONES), tuple(PHONES.values()))
    (tail,) = rng.choices(tuple(ACCOUNTS), tuple(ACCOUNTS.values()))
    body = claim.body | {
        "claimant": claim.body["claimant"] | {"phone": phone_ending(claim.body["claimant"]["phone"], phone)},
        "evidence": list(claim.body["evidence"]),
    }
    paid = {
        "occurred_at": body["loss"]["occurred_at"],
        "amount_fen": body["loss"]["amount_fen"],
        "channel": "bank",
        "reference": f"R-{loss}",
    }
    body["loss"] = body["loss"] | {"transfers": [paid]}
    payee = Payee(claim.payee.holder_name, account_number(rng.getrandbits(40), tail=tail), claim.payee.bank_code)
    return Life(channel, body, payee, Random(rng.getrandbits(64)), loss, with_file=rng.random() < 0.3)


def _turn(users: Users, lives: Sequence[Life], chance: Random, now: datetime) -> Counter[str]:
    """Each resident acts once, while staff take cases until none is left; how staff's cases ended."""
    seeds = [Random(chance.getrandbits(32)) for _ in users.reviewers]
    over = Event()
    with ThreadPoolExecutor(len(seeds)) as staff, ThreadPoolExecutor(AT_ONCE) as residents:
        cases = staff.map(partial(work, over=over), users.reviewers, seeds)
        try:
            _all(residents.map(partial(Life.turn, users=users, now=now), lives))
        finally:
            over.set()
        return sum((Counter({f"staff: {name}": n for name, n in did.items()}) for did in cases), Counter())


def _settle(scene: Scene) -> None:
    """Move the clocks past whatever is waited for: the recovery wait, the bank's late answers, what it returns."""
    for wait in (scene.recovery_wait, BANK_RETURNS):
        clocks.advance(scene.system, clocks.now(scene.system) + wait)
        until("not everything came to rest", partial(_at_rest, scene.system))


def _at_rest(system: Stack) -> bool:
    """Where the bank alone is late, its time goes on."""
    now = motion(system)
    if now.bank_is_late:
        clocks.advance(system, clocks.now(system) + BANK_IS_LATE)
    return now.over
