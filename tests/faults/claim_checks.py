"""What must hold of claims once nothing moves: by the databases, the topic, the bank's book and a partner's server."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from deploy.demo import clocks
from deploy.demo.paying import bank_book, books
from deploy.demo.users import SERVICES
from deploy.local.stack import Stack
from deploy.simulator.claims import EnrolledPolicy
from shared.events.claims import ClaimDecided
from tests.faults.batch_rounds import Topic, rows_of, until
from tests.faults.claim_lives import Life
from tests.services.enrollment.webhooks.receiver import Receiver

PAID: Final = ("paid", "recovered")
HOLDS: Final = (*PAID, "payment_failed")
"""At rest, of these an approval stands."""
LAST_WORDS: Final = ("approved", "refused")

_MOVING: Final = """
SELECT claim_id::text FROM claims
WHERE state IN ('filed', 'appealed', 'waiting_for_policy', 'waiting_for_payee', 'approved', 'recovery_wait', 'paying',
                'stopping')
  AND (state <> 'recovery_wait' OR due_at <= %s)"""
_SENDING: Final = """
SELECT claim_id::text, state FROM payouts WHERE state IN ('sending', 'in_doubt', 'accepted')
   OR (state = 'scheduled' AND payable_from <= %s)"""
_CAME_BACK: Final = "SELECT payout_id::text FROM claim_payouts WHERE state = 'returned'"
_NOT_LOOKED_AT: Final = "SELECT count(*) FROM claims WHERE state IN ('filed', 'appealed', 'waiting_for_payee')"
_OUTBOX: Final = "SELECT count(*) FROM outbox"

_CLAIMS: Final = "SELECT claim_id::text, state, policy_id::text FROM claims WHERE policy_id = ANY(%s::uuid[])"
_DECISIONS: Final = """
SELECT decision_id::text, claim_id::text, version, outcome, amount_fen, round, by_person
FROM decisions WHERE claim_id = ANY(%s::uuid[])"""
_KNOWN: Final = """
SELECT decision_id::text, claim_id::text, version, outcome, amount_fen FROM decisions
WHERE claim_id = ANY(%s::uuid[]) AND outcome NOT IN ('stopped', 'given_up')"""
_HELD: Final = "SELECT policy_id::text, reserved_fen, annual_limit_fen FROM limit_use WHERE policy_id = ANY(%s::uuid[])"
_PAYOUTS: Final = """
SELECT payout_id::text, claim_id::text, decision_id::text, amount_fen, state FROM payouts
WHERE claim_id = ANY(%s::uuid[])"""
_TOLD_PAYOUTS: Final = """
SELECT payout_id::text, claim_id::text, decision_id::text, amount_fen, state FROM claim_payouts
WHERE claim_id = ANY(%s::uuid[])"""
_POLICIES: Final = """
SELECT policy_id::text, encode(person_token, 'hex'), effective_from, effective_to FROM {}
WHERE policy_id = ANY(%s::uuid[])"""
_FILES: Final = "SELECT tenant, sha256, count(*) FROM evidence_files WHERE sha256 = ANY(%s) GROUP BY tenant, sha256"


@dataclass
class Told:
    """What was said of decisions outside the databases: on the topic, and to the partner."""

    topic: Topic
    receiver: Receiver
    events: dict[str, ClaimDecided] = field(default_factory=dict)

    def read(self) -> None:
        """All that was published since, each event once by its id."""
        for message in self.topic.news():
            headers = dict(message.headers)
            if headers["ce_type"].decode() == ClaimDecided.TYPE:
                event = msgspec.json.decode(message.value, type=ClaimDecided)
                known = self.events.setdefault(headers["ce_id"].decode(), event)
                assert known == event, "one id, two events"

    def by_webhook(self) -> set[tuple[str, int]]:
        """Claims and versions that the partner heard of."""
        data = [each.message["data"] for each in list(self.receiver.received)]
        return {(each["claim_id"], each["version"]) for each in data}


def looked_at(system: Stack) -> bool:
    """Whether the machine has nothing more to say of any claim for now."""
    return bool(rows_of(system.database_url("fraud_detection"), _NOT_LOOKED_AT)[0][0] == 0)


@dataclass(frozen=True)
class Motion:
    """What is still under way at the present time of the sandbox."""

    claims: frozenset[str]
    at_the_bank: frozenset[str]
    """Claims whose money the bank took and has not moved yet."""
    came_back: frozenset[str]
    """Transfers that the bank gave back, of which fraud detection has not heard yet."""
    messages: int
    """Payouts and events that are to be sent."""

    @property
    def over(self) -> bool:
        return not (self.claims or self.at_the_bank or self.came_back or self.messages)

    @property
    def bank_is_late(self) -> bool:
        """Nothing moves before time has passed at the bank."""
        return self.messages == 0 and bool(self.at_the_bank) and self.claims <= self.at_the_bank


def motion(system: Stack) -> Motion:
    now = clocks.now(system)
    # First of all: whoever hears of it meanwhile counts below, as a claim that moves or an event that is to be sent.
    given_back = frozenset(str(each["reference"]) for each in bank_book(system) if each["status"] == "returned")
    heard = frozenset(payout for (payout,) in rows_of(system.database_url("fraud_detection"), _CAME_BACK))
    payouts = rows_of(system.database_url("payout"), _SENDING, (now,))
    accepted = frozenset(claim for claim, state in payouts if state == "accepted")
    waiting = sum(rows_of(system.database_url(service), _OUTBOX)[0][0] for service in SERVICES)
    moving = rows_of(system.database_url("fraud_detection"), _MOVING, (now,))
    messages = waiting + len(payouts) - len(accepted)
    return Motion(frozenset(claim for (claim,) in moving), accepted, given_back - heard, messages)


def agree(
    system: Stack, policies: Sequence[EnrolledPolicy], lives: Sequence[Life], told: Told, income_fen: int
) -> Counter[str]:
    """The claims' states, by number; raises AssertionError where something is lost, doubled or told otherwise."""
    ids = [each.policy_id for each in policies]
    of_policies = rows_of(system.database_url("fraud_detection"), _CLAIMS, (ids,))
    states = {claim_id: state for claim_id, state, _ in of_policies}
    assert set(states) == {life.claim_id for life in lives}, "not each filing is one claim"
    _decided_once(system, list(states), told)
    _paid_once(system, states, lives)
    _limits(system, ids, of_policies)
    _known_alike(system, ids, income_fen)
    _files_once(system, lives)
    for service in SERVICES:
        done = system.run(service, "verify")
        assert done.returncode == 0, f"{service} verify:\n{done.stdout}{done.stderr}"
    return Counter(states.values())


def _decided_once(system: Stack, claims: list[str], told: Told) -> None:
    """Each claim and round has one decision of the machine, or of a person, and all are told of the same ones."""
    stored = rows_of(system.database_url("fraud_detection"), _DECISIONS, (claims,))
    last_words = Counter((claim, number) for _, claim, _, outcome, _, number, _ in stored if outcome in LAST_WORDS)
    by_machine = Counter((claim, number) for _, claim, *_, number, by_person in stored if not by_person)
    twice = [place for counts in (last_words, by_machine) for place, times in counts.items() if times > 1]
    assert not twice, f"decided twice in one round: {twice}"
    decided = {row[:5] for row in stored}
    told.read()
    events = Counter(
        (event.decision_id, event.claim_id, event.version, event.outcome, event.amount_fen)
        for event in told.events.values()
    )
    ours = set(claims)
    events = Counter({event: times for event, times in events.items() if event[1] in ours})
    assert set(events) == decided, f"the topic tells otherwise: {set(events) ^ decided}"
    assert set(events.values()) <= {1}, "a decision was announced by two events"
    versions = {(claim, version) for _, claim, version, *_ in decided}
    until("the partner was not told of each decision", lambda: versions <= told.by_webhook())
    foreign = {each for each in told.by_webhook() - versions if each[0] in ours}
    assert not foreign, f"the partner was told what was not decided: {foreign}"
    payouts = set(rows_of(system.database_url("payout"), _KNOWN, (claims,)))
    assert payouts == decided, f"payout knows other decisions: {payouts ^ decided}"


def _paid_once(system: Stack, states: Mapping[str, str], lives: Iterable[Life]) -> None:
    """One credit of each paid claim and none of another, in the bank's own book; of one loss one claim at most."""
    payouts = rows_of(system.database_url("payout"), _PAYOUTS, (list(states),))
    heard = rows_of(system.database_url("fraud_detection"), _TOLD_PAYOUTS, (list(states),))
    assert sorted(payouts) == sorted(heard), f"payouts are heard of otherwise: {set(payouts) ^ set(heard)}"
    amounts = {payout: (claim, amount) for payout, claim, _, amount, _ in payouts}
    kept = [each for each in books(system).bank if each["status"] == "done" and each["reference"] in amounts]
    wrong = [each["reference"] for each in kept if each["amount_fen"] != amounts[str(each["reference"])][1]]
    assert not wrong, f"the bank paid other amounts: {wrong}"
    credited = Counter(amounts[str(each["reference"])][0] for each in kept)
    owed = Counter(claim for claim, state in states.items() if state in PAID)
    assert credited == owed, f"not one credit a paid claim: too many {credited - owed}, too few {owed - credited}"
    by_loss: defaultdict[str, list[str]] = defaultdict(list)
    for life in lives:
        by_loss[life.loss].append(life.claim_id)
    twice = {loss: claims for loss, claims in by_loss.items() if sum(states[each] in HOLDS for each in claims) > 1}
    assert not twice, f"one transfer is approved in two claims: {twice}"


def _limits(system: Stack, policies: list[str], claims: Iterable[tuple[str, str, str]]) -> None:
    """What is held of each limit is what its claims that stand were approved for, by their states alone."""
    url = system.database_url("fraud_detection")
    policy_of = {claim: policy for claim, state, policy in claims if state in HOLDS}
    newest: dict[str, tuple[int, int]] = {}
    for _, claim, version, outcome, amount, *_ in rows_of(url, _DECISIONS, (list(policy_of),)):
        if outcome == "approved":
            newest[claim] = max(newest.get(claim, (0, 0)), (version, amount))
    expected: Counter[str] = Counter()
    for claim, (_, amount) in newest.items():
        expected[policy_of[claim]] += amount
    held = rows_of(url, _HELD, (policies,))
    assert {policy: fen for policy, fen, _ in held if fen} == dict(expected), "limits hold other than what is owed"
    assert all(fen <= limit for _, fen, limit in held), "more is held than there is"


def _known_alike(system: Stack, policies: list[str], income_fen: int) -> None:
    """The policies as enrollment has them, in the other services' eyes."""
    own, seen = (
        sorted(rows_of(system.database_url(service), _POLICIES.format(table), (policies,)))
        for service, table in (("enrollment", "policies"), ("fraud_detection", "coverage"))
    )
    assert own == seen, f"fraud detection knows other policies: {sorted(set(own) ^ set(seen))[:4]}"
    assert books(system).balance("premium_income") == income_fen, "payout booked another premium"


def _files_once(system: Stack, lives: Iterable[Life]) -> None:
    """Each file that a channel was told is kept, is, once."""
    sent = {(life.channel, sha) for life in lives for sha in life.named}
    found = rows_of(system.database_url("fraud_detection"), _FILES, ([sha for _, sha in sent],))
    assert {(tenant, sha): times for tenant, sha, times in found} == dict.fromkeys(sent, 1), "files are lost or doubled"
