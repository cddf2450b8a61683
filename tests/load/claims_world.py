"""A fraud_detection that holds many policies and past claims, and claims that wait to be decided; made in its database.

Policies and claims are copies of one policy that was announced and of one claim that was filed and decided by the
service's own code, with other ids, persons, phones, payees, devices and amounts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812  # psycopg2 names its class in lower case

from deploy.simulator import people
from deploy.simulator.people import Person
from services.fraud_detection.claims.domain.claims import Claim, Evidence
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.coverage.store import coverage_rows
from services.fraud_detection.coverage.store.products import Terms
from services.fraud_detection.decisions.store import limits
from services.fraud_detection.decisions.usecases.follow_payout import follow_payout
from services.fraud_detection.filing.domain.filing import Claimant, Filing
from services.fraud_detection.filing.usecases.file_claim import Filed, file_claims
from shared.db.pool import Database
from shared.events.claims import ClaimSubmitted
from shared.events.payouts import PayoutChanged
from shared.events.policies import PoliciesEnrolled, PolicyColumns
from shared.messaging import outbox
from shared.process.new_ids import new_id
from shared.values.ids import ClaimId, PolicyId, TokenHex
from shared.values.money import Fen

PRODUCT: Final = "resident-anti-fraud"
SEED: Final = 23
DAYS_COVERED: Final = 100

_MORE_POLICIES: Final = """
INSERT INTO coverage
SELECT new.* FROM coverage AS one, generate_series(%(first)s, %(last)s) AS number,
     LATERAL jsonb_populate_record(one, jsonb_build_object(
         'policy_id', uuidv7(), 'person_token', '\\x01' || md5('person' || %(salt)s || number),
         'phone_token', '\\x01' || md5('phone' || %(salt)s || number))) AS new
WHERE one.policy_id = %(policy)s"""

# Each on a policy of its own, of which nothing was claimed before.
_MADE: Final = """
CREATE TEMPORARY TABLE made (claim_id uuid, policy_id uuid, person_token text, phone_token text, number integer)"""
_MAKE: Final = f"""
WITH added AS ({_MORE_POLICIES} RETURNING policy_id, person_token, phone_token)
INSERT INTO made
SELECT uuidv7(), policy_id, encode(person_token, 'hex'), encode(phone_token, 'hex'), row_number() OVER () FROM added"""

_COPY_CLAIMS: Final = """
INSERT INTO claims
SELECT new.* FROM claims AS one, made, LATERAL jsonb_populate_record(one, jsonb_build_object(
    'claim_id', made.claim_id, 'policy_id', made.policy_id, 'person_token', made.person_token,
    'phone_token', made.phone_token, 'payee_token', '01' || md5('payee' || made.number || %(salt)s),
    'device_token', '01' || md5('device' || made.number || %(salt)s),
    'occurred_at', one.occurred_at - made.number %% %(days)s * interval '1 day',
    'discovered_at', one.discovered_at - made.number %% %(days)s * interval '1 day',
    'reported_at', one.reported_at - made.number %% %(days)s * interval '1 day',
    'submitted_at', one.submitted_at - made.number %% %(days)s * interval '1 day',
    'amount_fen', 100000 + made.number %% 1500 * 1000)) AS new
WHERE one.claim_id = %(template)s"""

_PAYEES: Final = """
INSERT INTO payees (payee_token, version, name_tokens, holder_masked, account_masked, bank_code, announced_at)
SELECT payee_token, 1, ARRAY[%s], '*', '*', 'ICBC', now() FROM ({of}) AS named (payee_token)"""
_OF_MADE: Final = "SELECT '01' || md5('payee' || number || %s) FROM made"
_WHY: Final = "SELECT outcome, why, score, explanation::text FROM decisions WHERE claim_id = %s"
_NAME: Final = TokenHex("01" + "f" * 32)
"""Everybody has one name, and so every account is its claimant's."""

_COPY_OF_CLAIMS: Final = """
INSERT INTO {table}
SELECT new.* FROM {table} AS one, made,
     LATERAL jsonb_populate_record(one, jsonb_build_object('claim_id', made.claim_id {own})) AS new
WHERE one.claim_id = %(template)s"""
_OWN: Final = {
    "evidence": ", 'sha256', encode(sha256((one.sha256 || made.claim_id)::bytea), 'hex')",
    # Each of a sum and at a moment of its own, as in life.
    "transfers": """, 'person_token', '01' || md5('person of transfers' || made.claim_id),
        'amount_fen', 100000 + made.number %% 1500 * 1000,
        'occurred_at', one.occurred_at - made.number * interval '1 second',
        'same_until', one.same_until - made.number * interval '1 second'""",
    "decisions": ", 'decision_id', uuidv7()",
    "reservations": """, 'policy_id', made.policy_id,
        'decision_id', (SELECT decision_id FROM decisions WHERE claim_id = made.claim_id)""",
}
_GUARDED: Final = ("claims", "claim_steps")
"""Their triggers keep and hold the steps of one claim; these copies bring theirs along."""


@dataclass
class World:
    """The database of fraud_detection in a running stack, and what is made in it."""

    database: Database
    owner_url: str
    personal_data: PersonalData
    now: datetime

    def insure(self, persons: Sequence[Person]) -> list[PolicyId]:
        """A policy for each, as enrollment would announce them."""
        policies = [PolicyId(new_id()) for _ in persons]
        begins = self.now - timedelta(days=DAYS_COVERED)
        tokens = self.personal_data.tokenizer
        for start in range(0, len(persons), 1000):
            some = persons[start : start + 1000]
            chunk = PoliciesEnrolled(
                chunk_id=new_id(),
                partner_id="telecom-east",
                product_code=PRODUCT,
                product_version=1,
                premium_fen=1200,
                currency="CNY",
                enrolled_at=begins,
                policies=PolicyColumns.of(
                    policy_id=policies[start : start + 1000],
                    person_token=[tokens.person(each.document_type, each.document_number) for each in some],
                    phone_token=[tokens.phone(each.phone) for each in some],
                    birth_year=[1989] * len(some),
                    name_token=[_NAME] * len(some),
                    effective_from=[begins],
                    effective_to=[begins + timedelta(days=365)],
                ),
            )
            with self.database.transaction() as tx:
                coverage_rows.keep(tx, [chunk])
        return policies

    def file(self, person: Person, policy: PolicyId, *, silently: bool = False) -> Claim:
        """By the service's own code; ``silently``: nobody is told, so that it stays as it is."""
        with self.database.transaction() as tx:
            (claim,) = file_claims(
                tx,
                [Filed(_filing(person, policy, self.now), "mobile-backend")],
                personal_data=self.personal_data,
                terms=Terms(),
                sandbox=True,
                now=self.now,
            )
            assert isinstance(claim, Claim)
            if silently:
                tx.execute("DELETE FROM outbox WHERE subject = %s", (claim.claim_id,))
            return claim

    def pay(self, claim: Claim) -> None:
        """An approved one, as payout would tell of it: what was claimed in the past is over."""
        with self.database.transaction() as tx:
            held = limits.standing(tx, claim.claim_id)
            if held is None:
                why = tx.all(_WHY, (claim.claim_id,))
                raise SystemExit(f"the claim that past ones are copies of was not approved: {why}")
            paid = PayoutChanged(
                payout_id=new_id(),
                version=1,
                state="paid",
                claim_id=claim.claim_id,
                decision_id=held.decision_id,
                policy_id=claim.policy_id,
                partner_id="telecom-east",
                amount_fen=held.amount_fen,
                currency="CNY",
                changed_at=self.now,
            )
            follow_payout(tx, paid)

    @contextmanager
    def _owner(self) -> Iterator[Cursor]:
        with closing(psycopg2.connect(self.owner_url)) as connection, connection, connection.cursor() as cursor:
            yield cursor

    def multiply_policies(self, policy: PolicyId, count: int) -> None:
        """``count`` more policies like this one, each of somebody else."""
        for first in range(1, count + 1, 500_000):
            values = {"first": first, "last": min(count, first + 499_999), "salt": new_id(), "policy": policy}
            with self._owner() as cursor:
                cursor.execute(_MORE_POLICIES, values)

    def multiply_claim(self, claim: Claim, count: int, *, days: int = 1) -> list[ClaimId]:
        """``count`` claims like this one, at its stage, on policies of other persons, filed in ``days``; their ids."""
        values = {"first": 1, "last": count, "salt": new_id(), "policy": claim.policy_id}
        with self._owner() as cursor:
            for table in _GUARDED:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(_MADE)
            cursor.execute(_MAKE, values)
            cursor.execute(_COPY_CLAIMS, values | {"days": days, "template": claim.claim_id})
            cursor.execute(_PAYEES.format(of=_OF_MADE), (_NAME, values["salt"]))
            for table in ("claim_steps", "evidence", "transfers", "claim_features", "decisions", "reservations"):
                copied = _COPY_OF_CLAIMS.format(table=table, own=_OWN.get(table, ""))
                cursor.execute(copied, {"template": claim.claim_id})
            for table in _GUARDED:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            cursor.execute("SELECT claim_id::text FROM made")
            return [ClaimId(row[0]) for row in cursor.fetchall()]

    def announce(self, payees: Sequence[TokenHex]) -> None:
        """Accounts, as payout would."""
        with self._owner() as cursor:
            cursor.execute(_PAYEES.format(of="SELECT unnest(%s)"), (_NAME, list(payees)))

    def analyze(self) -> None:
        """What autovacuum would know by the time that so many rows had come."""
        with self._owner() as cursor:
            cursor.execute("ANALYZE")

    def submit(self, claim_ids: Sequence[ClaimId]) -> None:
        """Say of each that it waits to be decided."""
        for start in range(0, len(claim_ids), 1000):
            events: list[tuple[Any, str]] = [
                (ClaimSubmitted(claim_id=each, round=1, policy_id=new_id(), submitted_at=self.now), each)
                for each in claim_ids[start : start + 1000]
            ]
            with self.database.transaction() as tx:
                outbox.add_many(tx, events, now=self.now)


def _filing(person: Person, policy: PolicyId, now: datetime) -> Filing:
    return Filing(
        policy_id=policy,
        claimant=Claimant(
            document_type=person.document_type, document_number=person.document_number, phone=person.phone
        ),
        **loss(now),
        recovered_fen=Fen(0),
        other_insurance_fen=Fen(0),
        evidence=papers("template"),
        payee_token=payee(policy),
        device_id="template",
        handler_id=None,
    )


def payee(policy: PolicyId) -> TokenHex:
    """The account of whoever has this policy."""
    return TokenHex("01" + hashlib.md5(policy.encode(), usedforsecurity=False).hexdigest())


def loss(now: datetime) -> dict[str, Any]:
    """An honest loss of the day before, in the afternoon; the demo's model approves it, as it does most."""
    occurred = now.replace(hour=7, minute=0, second=0, microsecond=0) - timedelta(days=2)
    return {
        "scam_type": "fake_customer_service",
        "occurred_at": occurred,
        "discovered_at": occurred + timedelta(hours=2),
        "reported_at": occurred + timedelta(hours=3),
        "amount_fen": Fen(640_000),
        "description": "对方自称平台客服，说订单有问题要退款，让我下载会议软件并共享屏幕，随后我的银行卡里的钱被转走，"
        "发现后我马上打了 110 并联系了银行，银行说已经无法止付，聊天记录和转账记录都保存了。",
    }


def papers(of: str) -> tuple[Evidence, ...]:
    kinds = ("police_receipt", "transfer_record", "chat_record")
    return tuple(Evidence(kind=kind, sha256=f"{abs(hash((of, kind))):064x}") for kind in kinds)  # type: ignore[arg-type]


def everybody(count: int, now: datetime) -> list[Person]:
    made = people.make(SEED, count, on=now.date())
    return [made[index] for index in range(count)]
