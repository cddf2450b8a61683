"""The claims that residents file after enrolling: honest ones and all the others. Filing them is the demo's work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from deploy.simulator.claim_bodies import (
    BANK_CODES,
    Draft,
    EnrolledPolicy,
    Kind,
    Payee,
    SimulatedClaim,
    Terms,
    evidence,
    honest_draft,
    story,
)
from deploy.simulator.identity_numbers import account_number, phone_ending
from deploy.simulator.scams import happen

__all__ = ["SANDBOX_OUTCOMES", "EnrolledPolicy", "Mix", "Payee", "SimulatedClaim", "Terms", "make"]

FORCED_PHONES: Final[dict[str, str]] = {
    "approve": "9001",
    "review": "9002",
    "refusal_proposed": "9003",
    "ask_documents": "9004",
    "duplicate": "9005",
}
FORCED_ACCOUNTS: Final[dict[str, str]] = {
    "bank_reject": "8001",
    "bank_silent": "8002",
    "bank_late": "8003",
    "bank_returned": "8004",
    "bank_silent_but_done": "8005",
}
"""Last digits that force an outcome in a sandbox. Claims for the bank's outcomes are approved by their phone first."""
SANDBOX_OUTCOMES: Final = (*FORCED_PHONES, *FORCED_ACCOUNTS)
RING_SIZE: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """Shares of the claims by kind; what is left is honest. ``sandbox`` claims are counted: so many of each outcome."""

    outside_cover: float = 0.10
    twice_filed: float = 0.05
    ring: float = 0.08
    repeat_victim: float = 0.02
    scheme: float = 0.05
    sandbox: int = 1


def make(
    policies: Sequence[EnrolledPolicy],
    now: datetime,
    seed: int,
    *,
    count: int = 400,
    terms: Terms | None = None,
    mix: Mix | None = None,
) -> list[SimulatedClaim]:
    """``count`` claims on as many policies at most, all filed at ``now``, in an order that may be kept.

    Raises:
        ValueError: too few policies, or their waiting period is not over at ``now``.
    """
    if len(policies) < count:
        raise ValueError(f"{count} claims need {count} policies, not {len(policies)}")
    rng = Random(f"{seed} claims")
    plan = _Plan(rng, rng.sample(list(policies), count), now, terms=terms or Terms(), mix=mix or Mix())
    return plan.claims()


class _Plan:
    """Fills one list: forced outcomes first, then the dishonest kinds by share, then honest ones, mixed."""

    def __init__(self, rng: Random, policies: list[EnrolledPolicy], now: datetime, *, terms: Terms, mix: Mix) -> None:
        self.rng, self.policies, self.now, self.terms, self.mix = rng, iter(policies), now, terms, mix
        self.count = len(policies)

    def claims(self) -> list[SimulatedClaim]:
        groups = [[claim] for claim in self._sandbox()]
        groups += [self._ring(number) for number in range(round(self.count * self.mix.ring / RING_SIZE))]
        groups += [self._twice_filed() for _ in range(round(self.count * self.mix.twice_filed / 2))]
        groups += [self._repeat_victim() for _ in range(round(self.count * self.mix.repeat_victim / 2))]
        groups += [[self._outside_cover(number)] for number in range(round(self.count * self.mix.outside_cover))]
        groups += [[self._scheme(number)] for number in range(round(self.count * self.mix.scheme))]
        left = self.count - sum(map(len, groups))
        if left < 0:
            raise ValueError(f"{self.count} claims are too few for this mix")
        groups += [[self._finish("honest", "", self._draft())] for _ in range(left)]
        return self._mixed(groups)

    def _mixed(self, groups: list[list[SimulatedClaim]]) -> list[SimulatedClaim]:
        """Spread groups over the list, their inner order kept."""
        order = [number for number, group in enumerate(groups) for _ in group]
        self.rng.shuffle(order)
        parts = [iter(group) for group in groups]
        claims = [next(parts[number]) for number in order]
        places = {id(claim): place for place, claim in enumerate(claims)}
        for group in groups:
            if group[0].kind == "twice_filed":
                group[1].follows = places[id(group[0])]
        return claims

    def _draft(self, policy: EnrolledPolicy | None = None, now: datetime | None = None) -> Draft:
        incident = happen(self.rng)
        while incident.scam_type in self.terms.excluded_types:
            incident = happen(self.rng)
        return honest_draft(self.rng, policy or next(self.policies), incident, now or self.now, self.terms)

    def _finish(self, kind: Kind, detail: str, draft: Draft, *, dishonest: bool = False) -> SimulatedClaim:
        return SimulatedClaim(kind, detail, draft.body(), draft.payee, dishonest=dishonest)

    def _sandbox(self) -> Iterator[SimulatedClaim]:
        for outcome in SANDBOX_OUTCOMES * self.mix.sandbox:
            draft = self._draft()
            draft.amount_fen = min(draft.amount_fen, self.terms.event_limit_fen)
            draft.recovered_fen = 0
            draft.phone = phone_ending(draft.phone, FORCED_PHONES.get(outcome, FORCED_PHONES["approve"]))
            if outcome in FORCED_ACCOUNTS:
                account = account_number(self.rng.getrandbits(40), tail=FORCED_ACCOUNTS[outcome])
                draft.payee = Payee(draft.payee.holder_name, account, draft.payee.bank_code)
            yield self._finish("sandbox", outcome, draft)

    def _ring(self, number: int) -> list[SimulatedClaim]:
        """Several people, one payee account, one phone in the hand: staged losses near the limit."""
        drafts = [self._draft() for _ in range(RING_SIZE)]
        device = f"device-{self.rng.getrandbits(48):012x}"
        for draft in drafts:
            draft.payee, draft.device_id = drafts[0].payee, device
            _staged(self.rng, draft, self.terms)
        return [self._finish("ring", f"ring-{number}", draft, dishonest=True) for draft in drafts]

    def _twice_filed(self) -> list[SimulatedClaim]:
        """The same loss again, a little retold, with the same documents and another account."""
        first = self._draft()
        first_claim = self._finish("twice_filed", "first", first)
        first.description = story(first.scam_type, 60)
        first.payee = Payee(first.payee.holder_name, account_number(self.rng.getrandbits(40)), BANK_CODES[0])
        return [first_claim, self._finish("twice_filed", "second", first, dishonest=True)]

    def _repeat_victim(self) -> list[SimulatedClaim]:
        """Two scams on one honest person, the first long before the second; both claims are filed now."""
        later = self._draft()
        length = later.reported_at - later.occurred_at
        begins = later.policy.effective_from + timedelta(days=self.terms.waiting_days)
        middle = begins + (later.occurred_at - begins) / 2
        earlier = self._draft(later.policy, middle) if middle - begins > max(length, timedelta(hours=2)) else None
        if earlier is None:
            return [self._finish("honest", "", later)]
        earlier.payee, earlier.device_id = later.payee, later.device_id
        return [self._finish("repeat_victim", which, draft) for which, draft in (("first", earlier), ("second", later))]

    def _outside_cover(self, number: int) -> SimulatedClaim:
        breaks = [rule for rule in OUTSIDE if rule != "scam_type_excluded" or self.terms.excluded_types]
        rule = breaks[number % len(breaks)]
        draft = self._draft()
        OUTSIDE[rule](self.rng, draft, self.terms)
        return self._finish("outside_cover", rule, draft)

    def _scheme(self, number: int) -> SimulatedClaim:
        scheme = tuple(SCHEMES)[number % len(SCHEMES)]
        draft = self._draft()
        SCHEMES[scheme](self.rng, draft, self.terms)
        return self._finish("scheme", scheme, draft, dishonest=True)


Edit = Callable[[Random, Draft, Terms], None]


def _move_loss(draft: Draft, to: datetime) -> None:
    """The loss, its discovery and its report move together; documents are as old as the report."""
    by = to - draft.occurred_at
    draft.occurred_at, draft.discovered_at, draft.reported_at = to, draft.discovered_at + by, draft.reported_at + by
    for document in draft.evidence:
        document["captured_at"] = draft.reported_at.isoformat()


def _not_in_force(rng: Random, draft: Draft, _terms: Terms) -> None:
    _move_loss(draft, draft.policy.effective_from - timedelta(hours=rng.uniform(5, 200)))


def _waiting_period(rng: Random, draft: Draft, terms: Terms) -> None:
    _move_loss(draft, draft.policy.effective_from + timedelta(days=terms.waiting_days) * rng.uniform(0.05, 0.9))


def _report_too_late(rng: Random, draft: Draft, terms: Terms) -> None:
    """The report's hour stays, the discovery moves back beyond the product's hours, but not before the cover began."""
    begins = draft.policy.effective_from + timedelta(days=terms.waiting_days, minutes=5)
    late = timedelta(hours=terms.report_within_hours * rng.uniform(1.05, 1.5))
    draft.discovered_at = max(begins + timedelta(minutes=5), draft.reported_at - late)
    draft.occurred_at = max(begins, draft.discovered_at - timedelta(hours=2))


def _scam_type_excluded(rng: Random, draft: Draft, terms: Terms) -> None:
    draft.scam_type = rng.choice(terms.excluded_types)
    draft.description = story(draft.scam_type, len(draft.description))


def _evidence_missing(rng: Random, draft: Draft, terms: Terms) -> None:
    missing = rng.choice(terms.required_evidence)
    draft.evidence = [document for document in draft.evidence if document["kind"] != missing]


def _fully_recovered(_rng: Random, draft: Draft, _terms: Terms) -> None:
    draft.recovered_fen = draft.amount_fen


OUTSIDE: Final[dict[str, Edit]] = {
    "not_in_force": _not_in_force,
    "waiting_period": _waiting_period,
    "report_too_late": _report_too_late,
    "evidence_missing": _evidence_missing,
    "fully_recovered": _fully_recovered,
    "scam_type_excluded": _scam_type_excluded,
}
"""By the code of the cover rule that such a claim breaks."""


def _staged(rng: Random, draft: Draft, terms: Terms) -> None:
    draft.amount_fen = max(100_000, round(terms.event_limit_fen * rng.uniform(0.75, 1.0) / 100_000) * 100_000)
    draft.description = draft.description[:30]
    draft.evidence = [
        each for each in draft.evidence if each["kind"] != "chat_record" or "chat_record" in terms.required_evidence
    ]


def _exaggeration(rng: Random, draft: Draft, _terms: Terms) -> None:
    draft.amount_fen = max(100_000, round(draft.amount_fen * rng.uniform(2.0, 5.0) / 100_000) * 100_000)


def _disguised_type(rng: Random, draft: Draft, _terms: Terms) -> None:
    draft.scam_type = "fake_customer_service"
    draft.description = story(draft.scam_type, len(draft.description))
    draft.evidence += evidence(rng, {"transfer_record": 6}, draft.discovered_at, draft.reported_at)


def _forged_evidence(rng: Random, draft: Draft, _terms: Terms) -> None:
    for document in draft.evidence[:2]:
        document["captured_at"] = (draft.occurred_at - timedelta(days=rng.uniform(2, 60))).isoformat()


def _identity_misuse(rng: Random, draft: Draft, terms: Terms) -> None:
    """A seller files in another's name: his own phone, his counter's handler id."""
    draft.phone = phone_ending(draft.phone, f"{rng.randrange(1000, 7000)}")
    draft.handler_id = "agent-900"
    draft.evidence = [
        each for each in draft.evidence if each["kind"] != "identity" or "identity" in terms.required_evidence
    ]


def _insider(rng: Random, draft: Draft, terms: Terms) -> None:
    _staged(rng, draft, terms)
    draft.handler_id = "agent-901"
    draft.device_id = "device-0000000009f1"


SCHEMES: Final[dict[str, Edit]] = {
    "staged_with_friend": _staged,
    "exaggeration": _exaggeration,
    "disguised_type": _disguised_type,
    "forged_or_reused_evidence": _forged_evidence,
    "identity_misuse": _identity_misuse,
    "insider": _insider,
}
"""Schemes that one claim shows by itself; double claims and velocity are the kinds twice_filed and ring."""
