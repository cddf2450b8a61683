"""A fraud detection service with a covered person in it, and what that person files."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask.testing import FlaskClient

from services.fraud_detection.claims.domain.claims import Claim, Evidence
from services.fraud_detection.claims.store import claims, payees
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.coverage.store import coverage, coverage_rows, products
from services.fraud_detection.coverage.store.products import Terms
from services.fraud_detection.decisions.domain.authority import Authority
from services.fraud_detection.decisions.store.decisions import DecisionRow
from services.fraud_detection.decisions.usecases.adjudicate import Adjudicator, adjudicate
from services.fraud_detection.decisions.usecases.opinions import FindChampion
from services.fraud_detection.decisions.usecases.run_timers import run_timers
from services.fraud_detection.erasure.consumers.policies import POLICIES
from services.fraud_detection.filing.domain.filing import Claimant, Filing
from services.fraud_detection.filing.usecases.file_claim import Filed, file_claims
from services.fraud_detection.models.domain.explanation import Reason, ScoreExplanation
from services.fraud_detection.reviews.domain.verdicts import Finding, Verdict
from services.fraud_detection.reviews.usecases.ask_claimant import ask_claimant
from services.fraud_detection.reviews.usecases.decide_review import decide_review
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.events.claims import ClaimSubmitted, Outcome
from shared.events.envelope import Envelope, Event
from shared.events.payouts import PayeeAnnounced
from shared.events.policies import PoliciesEnrolled, PolicyCanceled, PolicyColumns
from shared.messaging.failures import malformed_is_poison
from shared.privacy.keys import KeyRing
from shared.privacy.masking import mask_name
from shared.privacy.sealed import Sealer
from shared.privacy.tokens import Tokenizer
from shared.process.new_ids import new_id
from shared.values.documents import check_digit
from shared.values.errors import FangzhaError
from shared.values.evidence_kinds import EvidenceKind
from shared.values.ids import ClaimId, EventId, PolicyId, TokenHex
from shared.values.money import Fen
from shared.values.names import normal_name
from tests.rules.fraud_detection.builders import LOSS, START, product

NOW = LOSS + timedelta(hours=30)
KEYS = KeyRing({1: b"k" * 32})
ELSEWHERE = TokenHex("01" + "d" * 32)
"""An account that payout never announced."""

UNBOUNDED = Authority(pays_up_to_fen=Fen(10**12), claims_up_to_fen=Fen(10**12))
"""Of a reviewer who approves alone whatever there is."""

_numbers = itertools.count(1)


def simulated_id(number: int) -> str:
    """A valid resident's number of the simulated region, born 1989."""
    first = f"00{number // 100 % 10000:04d}19890{1 + number % 9}0{1 + number % 8}{number % 1000:03d}"
    return first + check_digit(first)


@dataclass(frozen=True)
class Person:
    """Somebody with one policy."""

    policy_id: PolicyId
    document_number: str
    phone: str
    name: str = "张小明"


def own_account(person: Person) -> TokenHex:
    """The token of an account of this person."""
    return Tokenizer(KEYS).payee(person.document_number)


class Doubt:
    """A champion that gives one probability, as the real one is asked."""

    model_id = "0190163d-8694-739b-aea5-000000000001"
    sha256 = "ab" * 32
    approve_below = 0.3
    auto_approve_limit_fen = 5_000_000
    auto_approve_loss_limit_fen = 50_000_000

    def __init__(self, probability: float) -> None:
        self._probability = probability

    def score(self, vectors: Sequence[tuple[float, ...]], /) -> Sequence[Doubt]:
        return [self] * len(vectors)

    @property
    def probability(self) -> float:
        return self._probability

    @property
    def explanation(self) -> ScoreExplanation:
        reasons = (Reason("log_amount_yuan", 14_400.0, 0.5), Reason("hour_of_loss", None, -0.125))
        return ScoreExplanation(raw=-2.0, base=-2.5, reasons=reasons, others=0.125)


def champion(probability: float = 0.05) -> FindChampion:
    return lambda _tx: Doubt(probability)


def adjudicator(by: FindChampion | None = None) -> Adjudicator:
    return Adjudicator(by or champion(), Terms())


def no_champion(_tx: Tx) -> None:
    return None


def evidence(kind: EvidenceKind, text: str | None = None) -> Evidence:
    unique = text or f"file {next(_numbers)}"
    return Evidence(kind=kind, sha256=hashlib.sha256(unique.encode()).hexdigest())


def complete() -> tuple[Evidence, ...]:
    return evidence("police_receipt"), evidence("transfer_record")


def finding(exclusion: str) -> Finding:
    """That an exclusion holds."""
    return Finding(
        exclusion=exclusion, found_zh="聊天记录显示其本人参与。", found_en="The chats show the claimant's part."
    )


def refusal(exclusion: str = "own_crime", reasons_zh: str = "与条款不符。") -> dict[str, Any]:
    """The body of a refusal on an exclusion, over HTTP."""
    said = finding(exclusion)
    return {
        "outcome": "refuse",
        "finding": {"exclusion": said.exclusion, "found_zh": said.found_zh, "found_en": said.found_en},
        "reasons_zh": reasons_zh,
        "reasons_en": "It does not agree with the terms.",
    }


def filing(person: Person, **changes: Any) -> Filing:
    """What this person files, as most tests want it."""
    values: dict[str, Any] = {
        "policy_id": person.policy_id,
        "claimant": Claimant(document_type="resident_id", document_number=person.document_number, phone=person.phone),
        "scam_type": "fake_customer_service",
        "occurred_at": LOSS,
        "discovered_at": LOSS + timedelta(hours=2),
        "reported_at": LOSS + timedelta(hours=5),
        "amount_fen": Fen(1_440_000),
        "recovered_fen": Fen(0),
        "other_insurance_fen": Fen(0),
        "description": "对方自称平台客服。",
        "evidence": complete(),
        "payee_token": own_account(person),
        "device_id": "device-1",
        "handler_id": None,
    }
    return Filing(**{**values, **changes})


@dataclass(frozen=True)
class Then:
    """A clock that stands still."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


class World:
    """One service's database, with what a test does to it in a word each."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.personal_data = PersonalData(Tokenizer(KEYS), Sealer(KEYS))

    def publish(self, **terms: Any) -> None:
        with self.database.transaction() as tx:
            products.keep(tx, product(**terms))

    def chunk(self, persons: Sequence[Person], **changes: Any) -> PoliciesEnrolled:
        tokens = self.personal_data.tokenizer
        values: dict[str, Any] = {
            "chunk_id": new_id(),
            "partner_id": "telecom-east",
            "product_code": "resident-anti-fraud",
            "product_version": 1,
            "premium_fen": 1200,
            "currency": "CNY",
            "enrolled_at": START,
        }
        columns: dict[str, Any] = {
            "policy_id": [person.policy_id for person in persons],
            "person_token": [tokens.person("resident_id", person.document_number) for person in persons],
            "phone_token": [tokens.phone(person.phone) for person in persons],
            "birth_year": [1989 for _ in persons],
            "effective_from": [START for _ in persons],
            "effective_to": [START + timedelta(days=365) for _ in persons],
            "name_token": [self.name_token(person) for person in persons],
        }
        for name in columns.keys() & changes.keys():
            columns[name] = changes.pop(name)
        return PoliciesEnrolled(**{**values, **changes}, policies=PolicyColumns.of(**columns))

    def name_token(self, person: Person) -> TokenHex:
        return self.personal_data.tokenizer.name(normal_name(person.name))

    def person(self, phone_ends: str = "0000") -> Person:
        """Somebody new, not yet covered, who has an account in their own name."""
        number = next(_numbers)
        person = Person(PolicyId(new_id()), simulated_id(number), f"1390{number % 1000:03d}{phone_ends}")
        self.announce_payee(person)
        return person

    def covered(self, phone_ends: str = "0000", **terms: Any) -> Person:
        """Somebody with a policy under the usual product."""
        self.publish(**terms)
        person = self.person(phone_ends)
        with self.database.transaction() as tx:
            coverage_rows.keep(tx, [self.chunk([person])])
        return person

    def announce_payee(self, person: Person, account: TokenHex | None = None, **changes: Any) -> TokenHex:
        """What payout says of an account of this person; their own, unless another one is given."""
        facts: dict[str, Any] = {
            "payee_token": account or own_account(person),
            "version": 1,
            "name_tokens": [self.name_token(person)],
            "holder_masked": mask_name(person.name),
            "account_masked": "************0001",
            "bank_code": "ICBC",
            "announced_at": NOW,
        }
        with self.database.transaction() as tx:
            payees.keep(tx, PayeeAnnounced(**(facts | changes)))
        return TokenHex((facts | changes)["payee_token"])

    def file(self, person: Person, *, tenant: str = "mobile-backend", now: datetime = NOW, **changes: Any) -> Claim:
        with self.database.transaction() as tx:
            (found,) = file_claims(
                tx,
                [Filed(filing(person, **changes), tenant)],
                personal_data=self.personal_data,
                terms=Terms(),
                sandbox=True,
                now=now,
            )
            if isinstance(found, FangzhaError):
                raise found
            return found

    def decide(
        self, claim: Claim, *, by: FindChampion | None = None, claim_round: int = 1, now: datetime = NOW
    ) -> Outcome | None:
        """What the consumer of claims.submitted does."""
        submitted = ClaimSubmitted(
            claim_id=claim.claim_id, round=claim_round, policy_id=claim.policy_id, submitted_at=now
        )
        with self.database.transaction() as tx:
            return adjudicate(tx, [submitted], by=adjudicator(by), now=now).get(claim.claim_id)

    def review(
        self,
        claim_id: ClaimId,
        outcome: str,
        *,
        reviewer: str = "reviewer-li",
        senior: bool = False,
        clause: str | None = None,
        found: str | None = None,
        reasons: str | None = "与条款不符。",
        now: datetime = NOW,
    ) -> Outcome:
        """``found`` is an exclusion's code; a refusal that names neither it nor a clause finds ``own_crime``."""
        excluded = found or ("own_crime" if outcome == "refuse" and clause is None else None)
        with self.database.transaction() as tx:
            row = decide_review(
                tx,
                claim_id,
                Verdict(
                    outcome=outcome,  # type: ignore[arg-type]
                    clause=clause,
                    reasons_zh=reasons,
                    reasons_en=None if reasons is None else "It does not agree with the terms.",
                    finding=None if excluded is None else finding(excluded),
                ),
                reviewer=reviewer,
                senior=senior,
                lowest=UNBOUNDED,
                require_match=lambda _version: None,
                personal_data=self.personal_data,
                now=now,
            )
            assert isinstance(row, DecisionRow), "a second person is to confirm it"
            return row.outcome

    def ask(
        self,
        claim_id: ClaimId,
        *kinds: EvidenceKind,
        reviewer: str = "reviewer-li",
        due_at: datetime | None = None,
    ) -> None:
        """A person asks the claimant for these documents."""
        with self.database.transaction() as tx:
            ask_claimant(
                tx,
                claim_id,
                kinds,
                due_at=due_at,
                reviewer=reviewer,
                require_match=lambda _version: None,
                now=NOW,
            )

    def run_timers(self, now: datetime = NOW) -> None:
        """What the worker's job does at that moment."""
        while run_timers(self.database, Then(now)):
            pass

    def claim(self, claim_id: ClaimId) -> Claim:
        with self.database.transaction() as tx:
            found = claims.find(tx, claim_id)
        assert found is not None
        return found

    def events(self, kind: str) -> list[dict[str, Any]]:
        """What is on its way out, of one type, oldest first."""
        with self.database.transaction() as tx:
            return [row[0] for row in tx.all("SELECT body::jsonb FROM outbox WHERE type = %s ORDER BY id", (kind,))]

    def rows_gone(self, table: str) -> None:
        with self.database.transaction() as tx:
            tx.execute(f"DELETE FROM {table}")

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.database.transaction() as tx:
            return tx.all(sql)

    def cancel(self, person: Person, effective_to: datetime, version: int = 2) -> None:
        with self.database.transaction() as tx:
            coverage.keep_end(tx, cancellation(person, effective_to, version))


def take(world: World, data: Event) -> None:
    """What the consumer does with one event of enrollment's."""
    envelope = Envelope(
        id=EventId(new_id()), type=data.TYPE, source="enrollment", time=NOW, subject="policies", data=data
    )
    with malformed_is_poison(), world.database.transaction() as tx:
        POLICIES.handlers[type(data)](tx, envelope)


def cancellation(person: Person, effective_to: datetime, version: int = 2) -> PolicyCanceled:
    return PolicyCanceled(
        policy_id=person.policy_id,
        version=version,
        partner_id="telecom-east",
        canceled_at=effective_to,
        effective_to=effective_to,
        refund_fen=0,
        currency="CNY",
        reason="opt_out",
    )


@dataclass
class Caller:
    """Somebody with a token, calling the application in this process."""

    client: FlaskClient
    token: str

    def get(self, path: str) -> Any:
        return self.client.get(path, headers={"Authorization": f"Bearer {self.token}"})

    def post(self, path: str, body: object, *, key: str | None = None, headers: dict[str, str] | None = None) -> Any:
        given = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": key or new_id(), **(headers or {})}
        return self.client.post(path, json=body, headers=given)

    def delete(self, path: str) -> Any:
        return self.client.delete(path, headers={"Authorization": f"Bearer {self.token}"})

    def patch(self, path: str, body: object, *, version: int | None = None) -> Any:
        matches = {} if version is None else {"If-Match": f'"{version}"'}
        return self.client.patch(path, json=body, headers={"Authorization": f"Bearer {self.token}", **matches})

    def put(self, path: str, body: object, *, headers: dict[str, str] | None = None) -> Any:
        given = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        return self.client.put(path, json=body, headers=given)


def claim_body(person: Person, **changes: Any) -> dict[str, Any]:
    """What files a claim over HTTP."""
    loss = {
        "scam_type": "fake_customer_service",
        "occurred_at": LOSS.isoformat(),
        "discovered_at": (LOSS + timedelta(hours=2)).isoformat(),
        "reported_at": (LOSS + timedelta(hours=5)).isoformat(),
        "amount_fen": 1_440_000,
        "description": "对方自称平台客服。",
    }
    request: dict[str, Any] = {
        "policy_id": person.policy_id,
        "claimant": {
            "document_type": "resident_id",
            "document_number": person.document_number,
            "phone": person.phone,
        },
        "loss": loss | changes.pop("loss", {}),
        "evidence": [{"kind": each.kind, "sha256": each.sha256} for each in complete()],
        "payee_token": own_account(person),
        "device_id": "device-1",
    }
    return request | changes
