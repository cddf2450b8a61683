"""Whatever is done to claims in whatever order: no illegal step, no limit exceeded, nothing held for what is not owed.

A failure prints the seed that broke it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Final, Literal

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.states import STEPS, State
from services.fraud_detection.decisions.usecases.follow_payout import follow_payout
from services.fraud_detection.filing.usecases.change_claim import (
    CameBack,
    name_payee,
    tell_recovery,
    want_person,
    withdraw,
)
from services.fraud_detection.filing.usecases.complete_claim import add_documents, appeal
from services.fraud_detection.reviews.usecases.ask_claimant import ask_claimant
from services.fraud_detection.tools import INVARIANTS
from shared.db.transaction import Tx
from shared.events.payouts import PayoutChanged
from shared.process.new_ids import new_id
from shared.values.errors import FangzhaError
from shared.values.evidence_kinds import EvidenceKind
from shared.values.ids import TokenHex
from shared.values.money import Fen
from tests.rules.fraud_detection.builders import LOSS
from tests.services.fraud_detection.builders import NOW, Person, World, champion, evidence

TENANT: Final = "mobile-backend"
PayoutState = Literal["scheduled", "paid", "rejected", "returned"]
NEXT: Final[dict[PayoutState | None, tuple[PayoutState, ...]]] = {
    None: ("scheduled", "rejected"),
    "scheduled": ("paid", "rejected"),
    "paid": ("returned",),
    "rejected": (),
    "returned": (),
}
"""What payout may say of a payout after what it said last."""


@dataclass
class Told:
    """One approval's payout, as the payout service would tell it."""

    payout_id: str
    state: PayoutState | None = None
    version: int = 0


@dataclass
class Life:
    """Two people's claims, and what a test does to one of them."""

    world: World
    persons: tuple[Person, Person]
    now: datetime = NOW
    claims: list[Claim] = field(default_factory=list)
    payouts: dict[str, Told] = field(default_factory=dict)

    def act(self, action: str, which: int, amount: int) -> None:
        """Do it; what is refused in words changes nothing."""
        if action == "file" or not self.claims:
            self._file(which, amount)
            return
        claim = self.world.claim(self.claims[which % len(self.claims)].claim_id)
        try:
            ACTIONS[action](self, claim, amount)
        except FangzhaError:
            return

    def _file(self, which: int, amount: int) -> None:
        begin = LOSS - timedelta(hours=60 * len(self.claims) % 600)
        papers = (evidence("police_receipt"), evidence("transfer_record"))[: 1 + amount % 2]
        claim = self.world.file(
            self.persons[which % 2],
            amount_fen=Fen(100_000 + amount * 7_919),
            occurred_at=begin,
            discovered_at=begin + timedelta(hours=1),
            reported_at=begin + timedelta(hours=2),
            evidence=papers,
            now=self.now,
        )
        self.claims.append(claim)

    def decide(self, claim: Claim, amount: int) -> None:
        doubt = 0.9 if amount % 3 == 0 else 0.05
        self.world.decide(claim, by=champion(doubt), claim_round=claim.round, now=self.now)

    def review(self, claim: Claim, amount: int) -> None:
        outcome = "approve" if amount % 2 else "refuse"
        senior = amount % 5 == 0
        self.world.review(claim.claim_id, outcome, reviewer=f"person-{amount}", senior=senior, now=self.now)

    def payout(self, claim: Claim, amount: int) -> None:
        approvals = self.world.rows(
            f"SELECT decision_id, amount_fen FROM decisions WHERE claim_id = '{claim.claim_id}' "
            "AND outcome = 'approved' ORDER BY version"
        )
        if not approvals:
            return
        decision_id, fen = approvals[-1]
        told = self.payouts.setdefault(decision_id, Told(new_id()))
        following = NEXT[told.state]
        if not following:
            return
        told.state = following[amount % len(following)]
        told.version += 1
        event = PayoutChanged(
            payout_id=told.payout_id,
            version=told.version,
            state=told.state,
            claim_id=claim.claim_id,
            decision_id=decision_id,
            policy_id=claim.policy_id,
            partner_id="telecom-east",
            amount_fen=fen,
            currency="CNY",
            changed_at=self.now,
        )
        self.within(lambda tx: follow_payout(tx, event))

    def within(self, work: Callable[[Tx], object]) -> None:
        with self.world.database.transaction() as tx:
            work(tx)

    def add(self, claim: Claim, _amount: int) -> None:
        kinds = [evidence("police_receipt"), evidence("transfer_record")]
        self.within(lambda tx: add_documents(tx, claim.claim_id, kinds, tenant=TENANT, now=self.now))

    def ask(self, claim: Claim, amount: int) -> None:
        kinds: tuple[EvidenceKind, ...] = ("police_receipt",) if amount % 2 else ("identity",)
        self.within(
            lambda tx: ask_claimant(
                tx,
                claim.claim_id,
                kinds,
                due_at=None,
                reviewer="asker",
                require_match=lambda _version: None,
                now=self.now,
            )
        )

    def recover(self, claim: Claim, amount: int) -> None:
        back = CameBack("bank", Fen(1 + amount * 1_000), self.now)
        self.within(lambda tx: tell_recovery(tx, claim.claim_id, back, tenant=TENANT, now=self.now))

    def appeal(self, claim: Claim, _amount: int) -> None:
        words = self.world.personal_data
        self.within(lambda tx: appeal(tx, claim.claim_id, "不服。", tenant=TENANT, personal_data=words, now=self.now))

    def withdraw(self, claim: Claim, _amount: int) -> None:
        self.within(lambda tx: withdraw(tx, claim.claim_id, tenant=TENANT, now=self.now))

    def person(self, claim: Claim, _amount: int) -> None:
        self.within(lambda tx: want_person(tx, claim.claim_id, tenant=TENANT, now=self.now))

    def payee(self, claim: Claim, amount: int) -> None:
        token = TokenHex("01" + f"{amount:032x}")
        self.within(lambda tx: name_payee(tx, claim.claim_id, token, tenant=TENANT, now=self.now))

    def wait(self, _claim: Claim, amount: int) -> None:
        self.now += timedelta(days=amount * 2)
        self.world.run_timers(self.now)


ACTIONS: Final[dict[str, Callable[[Life, Claim, int], None]]] = {
    "decide": Life.decide,
    "review": Life.review,
    "payout": Life.payout,
    "documents": Life.add,
    "ask": Life.ask,
    "recover": Life.recover,
    "appeal": Life.appeal,
    "withdraw": Life.withdraw,
    "person": Life.person,
    "payee": Life.payee,
    "wait": Life.wait,
}
LIKELY: Final[dict[State, tuple[str, ...]]] = {
    "filed": ("decide",),
    "appealed": ("decide",),
    "in_review": ("review", "review", "ask"),
    "documents_requested": ("documents", "person", "wait"),
    "waiting_for_police": ("documents", "wait"),
    "approved": ("payout", "payout", "withdraw", "recover"),
    "recovery_wait": ("payout", "payout", "wait", "withdraw", "recover"),
    "paying": ("payout", "recover"),
    "stopping": ("payout", "payout", "withdraw", "recover"),
    "paid": ("payout", "recover"),
    "recovered": ("payout", "recover", "wait"),
    "payment_failed": ("payee", "payee", "withdraw", "wait"),
    "refused": ("appeal",),
    "lapsed": ("documents", "wait"),
}
"""What mostly happens to a claim in such a state; one time in five it is anything at all."""


def step(life: Life, chance: Random) -> None:
    """One more thing that happens."""
    if not life.claims or chance.random() < 0.1:
        life.act("file", chance.randrange(4), chance.randrange(41))
        return
    which = chance.randrange(len(life.claims))
    state = life.world.claim(life.claims[which].claim_id).state
    likely = LIKELY.get(state, ())
    action = chance.choice(likely if likely and chance.random() < 0.8 else tuple(ACTIONS))
    life.act(action, which, chance.randrange(41))


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], phases=[Phase.generate])
@given(st.integers(0, 2**32))
@example(1)
@example(2)
@example(3)
def test_no_sequence_of_actions_breaks_an_invariant(world: World, seed: int) -> None:
    chance = Random(seed)  # noqa: S311  # repeatable, not secret
    life = Life(world, (world.covered(), world.covered()))
    for _ in range(40):
        step(life, chance)
        with world.database.transaction() as tx:
            broken = {f"{each.number} {each.name}": faults for each in INVARIANTS if (faults := each.find(tx))}
        assert broken == {}
    taken = {(row[0], row[1]) for row in world.rows("SELECT DISTINCT from_state, to_state FROM claim_steps")}
    assert taken <= STEPS


def test_the_sequences_go_far(world: World) -> None:
    """That the test above tries what it says: with these seeds, most steps that there are."""
    life = Life(world, (world.covered(), world.covered()))
    chance = Random(7)  # noqa: S311  # repeatable, not secret
    for _ in range(400):
        step(life, chance)
    taken = {(row[0], row[1]) for row in world.rows("SELECT DISTINCT from_state, to_state FROM claim_steps")}
    assert len(taken) >= 25, sorted(taken, key=str)
