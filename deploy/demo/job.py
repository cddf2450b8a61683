"""The main job in its seven steps, at any size: the demo runs it large, the journey test small."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from deploy.demo import clocks, deciding, enrolling, filing, modelling, paying, settling
from deploy.demo.deciding import Reviewed
from deploy.demo.enrolling import Enrolled
from deploy.demo.expectations import Expectations
from deploy.demo.filing import Filed
from deploy.demo.modelling import Trained
from deploy.demo.paying import Paid
from deploy.demo.settling import Settled
from deploy.demo.users import System
from deploy.demo.waiting import Progress
from deploy.simulator import claims as simulated
from deploy.simulator.claims import Terms

Step = Callable[[str], AbstractContextManager[Progress]]
"""Opens one step under its sentence and yields how it tells its progress."""


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How much of everything."""

    subscribers: int = 20_000
    past_claims: int = 6_000
    claims: int = 400


@dataclass(frozen=True)
class Done:
    """What there is to tell afterwards."""

    enrolled: Enrolled
    trained: Trained
    filed: Sequence[Filed]
    reviewed: Reviewed
    paid: Paid
    settled: Settled
    expectations: Expectations = field(repr=False)


def run(system: System, seed: int, sizes: Sizes, step: Step) -> Done:
    """Do it, from an empty system to paid claims. Raises where a step cannot go on; else the expectations tell."""
    expectations = Expectations()
    begun, before = clocks.now(system), paying.books(system)
    with step(f"1  telecom-east enrolls {sizes.subscribers:,} subscribers, and one by hand") as told:
        enrolled = enrolling.enroll(system, seed, sizes.subscribers, now=begun, expectations=expectations, told=told)
    with step("2  the fraud team trains the first model and promotes it") as told:
        trained = modelling.train(system, seed, sizes.past_claims, now=begun, expectations=expectations, told=told)
    with step(f"3  {sizes.claims} residents file claims, weeks later") as told:
        terms = Terms.of(enrolled.product)
        policies = enrolling.look_up(system, enrolled, sizes.claims)
        later = begun_cover(policies) + timedelta(days=terms.waiting_days + 40)
        clocks.advance(system, later)
        made = simulated.make(policies, later, seed, count=sizes.claims, terms=terms)
        filed = filing.file_all(system, made, told)
    with step("4  rules and model decide each claim") as told:
        deciding.wait_for_decisions(system, filed, told)
        deciding.expect_decisions(filed, terms, expectations)
    with step("5  reviewer-li confirms refusals, approves one case and refuses one") as told:
        reviewed = deciding.review(system, filed, expectations, told)
    with step("6  the recovery wait passes, and payout pays through the bank") as told:
        paid = paying.pay(system, filed, enrolled, before=before, expectations=expectations, told=told)
    with step("7  telecom-east and the insurer settle the month, by a statement that two persons approve"):
        settled = settling.settle(system, enrolled, begun=begun, expectations=expectations)
    return Done(enrolled, trained, filed, reviewed, paid, settled, expectations)


def begun_cover(policies: Sequence[simulated.EnrolledPolicy]) -> datetime:
    """When the last of them began."""
    return max(policy.effective_from for policy in policies)
