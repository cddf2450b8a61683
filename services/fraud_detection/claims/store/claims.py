"""Claims, their steps and their evidence. A change names the version it was read at; legal steps are domain's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from services.fraud_detection.claims.domain.claims import Claim, Evidence, OtherCover
from services.fraud_detection.claims.domain.errors import IllegalStep
from services.fraud_detection.claims.domain.representatives import MANDATE
from services.fraud_detection.claims.domain.states import GIVEN_UP, STEPS, WAITS, State, legal_after
from services.fraud_detection.claims.store import transfers
from services.fraud_detection.webhooks.domain.status_facts import ClaimStatusChanged
from services.fraud_detection.webhooks.usecases.tell import tell_statuses
from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import ClaimId, TokenHex
from shared.values.money import Fen
from shared.values.scam_types import ScamType
from shared.values.shapes import reshape

_CLAIM: Final = Columns(Claim)
_ADD: Final = f"INSERT INTO claims ({_CLAIM.names}, description) VALUES %s"

_FIND: Final = f"SELECT {_CLAIM} FROM claims WHERE claim_id = %s"
_LOCK: Final = f"{_FIND} FOR UPDATE"
# In one order, so that no two who lock several wait for each other.
_LOCK_MANY: Final = f"SELECT {_CLAIM} FROM claims WHERE claim_id = ANY(%s::uuid[]) ORDER BY claim_id FOR UPDATE"

_MANY: Final = f"SELECT {_CLAIM} FROM claims WHERE claim_id = ANY(%s::uuid[])"

_LIST: Final = f"""
SELECT {_CLAIM} FROM claims
WHERE tenant = %(tenant)s AND (%(before)s::uuid IS NULL OR claim_id < %(before)s::uuid)
ORDER BY claim_id DESC LIMIT %(limit)s"""

_CHANGE: Final = """
UPDATE claims
SET state = asked.to_state, version = claims.version + 1, round = asked.round, appealed = asked.appealed,
    due_at = asked.due_at, changed_at = %(at)s, changed_by = asked.by_whom, changed_why = asked.why
FROM unnest(%(claims)s::uuid[], %(from)s::text[], %(to)s::text[], %(versions)s::integer[], %(rounds)s::integer[],
            %(appealed)s::boolean[], %(by)s::text[], %(why)s::text[], %(due)s::timestamptz[])
     AS asked (claim_id, from_state, to_state, version, round, appealed, by_whom, why, due_at)
WHERE claims.claim_id = asked.claim_id AND claims.state = asked.from_state AND claims.version = asked.version"""

_TOUCH: Final = "UPDATE claims SET version = version + 1 WHERE claim_id = %s AND version = %s"

_NAME_EVENT: Final = """
UPDATE claims SET event_reference = %s, event_named = true, version = version + 1
WHERE claim_id = %s AND version = %s"""

_ADD_EVIDENCE: Final = """
INSERT INTO evidence (claim_id, sha256, kind, also_mandate, captured_at, added_at) VALUES %s
ON CONFLICT (claim_id, sha256) DO UPDATE
SET also_mandate = true, kind = CASE evidence.kind WHEN 'mandate' THEN excluded.kind ELSE evidence.kind END
WHERE NOT evidence.also_mandate
  AND (excluded.also_mandate OR (evidence.kind = 'mandate') <> (excluded.kind = 'mandate'))"""
DOCUMENTS: Final = """(
    SELECT claim_id, sha256, captured_at, added_at,
           unnest(CASE WHEN also_mandate THEN ARRAY[kind, 'mandate'] ELSE ARRAY[kind] END) AS kind
    FROM evidence)"""
"""A table: the documents of claims, one that is the mandate too under both kinds."""

_KINDS: Final = f"""
SELECT claim_id, kind, count(*) FROM {DOCUMENTS} AS evidence
WHERE claim_id = ANY(%s::uuid[]) GROUP BY claim_id, kind ORDER BY kind"""

_DESCRIPTION: Final = "SELECT description FROM claims WHERE claim_id = %s"


class ClaimChanged(Exception):
    """A claim was changed between reading and writing it, although its row was locked."""


@dataclass(frozen=True, slots=True)
class KeptEvidence:
    """One document of a claim, and how many other claims hold the same file; none of a mandate, which is used again
    by nature. ``other_claims_before`` had it no later than this one: whoever uses it again later changes nothing there.
    """

    evidence: Evidence
    added_at: datetime
    other_claims: int
    other_claims_before: int


@dataclass(frozen=True, slots=True)
class _Kept:
    claim_id: ClaimId
    kept: KeptEvidence


# The parts of a claim that was split have their documents in common.
_OTHER_CLAIMS: Final = """(
    SELECT count(*) AS ever, count(*) FILTER (WHERE other.added_at <= evidence.added_at) AS before
    FROM evidence AS other
    JOIN claims AS theirs ON theirs.claim_id = other.claim_id JOIN claims AS mine ON mine.claim_id = evidence.claim_id
    WHERE other.sha256 = evidence.sha256 AND other.claim_id <> evidence.claim_id
      AND 'mandate' NOT IN (other.kind, evidence.kind)
      AND coalesce(theirs.split_root, theirs.claim_id) <> coalesce(mine.split_root, mine.claim_id))"""
_EVIDENCE: Final = f"""
SELECT {
    Columns(_Kept, kept={"evidence": {}, "other_claims": "elsewhere.ever", "other_claims_before": "elsewhere.before"})
}
FROM {DOCUMENTS} AS evidence CROSS JOIN LATERAL {_OTHER_CLAIMS} AS elsewhere
WHERE claim_id = ANY(%s::uuid[]) ORDER BY claim_id, added_at, sha256, kind"""


@dataclass(frozen=True, slots=True)
class StepRow:
    version: int
    from_state: State | None
    to_state: State
    at: datetime
    by_whom: str
    why: str | None


_STEPS: Final = f"SELECT {Columns(StepRow)} FROM claim_steps WHERE claim_id = %s ORDER BY version"


def add(tx: Tx, claims: Sequence[Claim], *, descriptions: Mapping[ClaimId, bytes]) -> None:
    """Store new claims, with sealed descriptions where they have one; the database keeps their first steps."""
    tx.insert_many(_ADD, [(*_CLAIM.values(claim).values(), descriptions.get(claim.claim_id)) for claim in claims])


def find(tx: Tx, claim_id: ClaimId) -> Claim | None:
    return tx.one(_FIND, (claim_id,), into=Claim)


def lock(tx: Tx, claim_id: ClaimId) -> Claim | None:
    """The claim, and nobody else changes it before this transaction ends."""
    return tx.one(_LOCK, (claim_id,), into=Claim)


def lock_many(tx: Tx, claim_ids: Sequence[ClaimId]) -> dict[ClaimId, Claim]:
    """Those of these claims that there are, locked as by ``lock``."""
    return {claim.claim_id: claim for claim in tx.all(_LOCK_MANY, (list(claim_ids),), into=Claim)}


def many(tx: Tx, claim_ids: Sequence[ClaimId]) -> dict[ClaimId, Claim]:
    return {claim.claim_id: claim for claim in tx.all(_MANY, (list(claim_ids),), into=Claim)}


def of_tenant(tx: Tx, tenant: str, *, before: ClaimId | None, limit: int) -> list[Claim]:
    """The tenant's claims, newest first (ids grow with time)."""
    return tx.all(_LIST, {"tenant": tenant, "before": before, "limit": limit}, into=Claim)


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a locked claim. ``by`` is a person's subject or what did it, ``why`` a code.

    ``due_at`` is, unless given, by states.WAITS.
    """

    claim: Claim
    to: State
    by: str
    why: str | None = None
    due_at: datetime | None = None
    new_round: bool = False
    appealed: bool | None = None
    """Whether its round is an appeal; None leaves it as it was."""
    needs: tuple[str, ...] = ()
    """Codes of what the claimant is asked for."""

    def taken(self, now: datetime) -> Claim:
        """The claim as it is then.

        Raises:
            IllegalStep: there is no such step.
        """
        claim, to = self.claim, self.to
        if (claim.state, to) not in STEPS:
            raise IllegalStep(claim.claim_id, claim.state, to, ", ".join(legal_after(claim.state)))
        wait = WAITS.get(to)
        return replace(
            claim,
            state=to,
            version=claim.version + 1,
            round=claim.round + self.new_round,
            appealed=claim.appealed if self.appealed is None else self.appealed,
            due_at=self.due_at or (None if wait is None else now + wait),
            changed_at=now,
            changed_by=self.by,
            changed_why=self.why,
        )


def step(
    tx: Tx,
    claim: Claim,
    to: State,
    *,
    now: datetime,
    by: str,
    why: str | None = None,
    due_at: datetime | None = None,
    new_round: bool = False,
    appealed: bool | None = None,
) -> Claim:
    """Move one locked claim to another state; the claim as it is then. Otherwise as step_many."""
    return step_many(tx, [Step(claim, to, by, why, due_at, new_round, appealed)], now=now)[0]


def step_many(tx: Tx, steps: Sequence[Step], *, now: datetime) -> list[Claim]:
    """Move each of these locked claims to its state; the claims as they are then. The database keeps each step, and the
    claims' backends are told.

    A claim that is given up leaves its transfers to whoever claimed them after it.

    Raises:
        IllegalStep: there is no such step.
        ClaimChanged: one of them is not as it was read. The caller's transaction must not commit.
    """
    taken = [each.taken(now) for each in steps]
    values: dict[str, object] = {
        "claims": [each.claim_id for each in taken],
        "from": [each.claim.state for each in steps],
        "to": [each.state for each in taken],
        "versions": [each.claim.version for each in steps],
        "rounds": [each.round for each in taken],
        "appealed": [each.appealed for each in taken],
        "by": [each.changed_by for each in taken],
        "why": [each.changed_why for each in taken],
        "due": [each.due_at and each.due_at.isoformat() for each in taken],
        "at": now,
    }
    if tx.execute(_CHANGE, values) != len(steps):
        raise ClaimChanged(", ".join(each.claim_id for each in taken))
    for each in steps:
        if each.to in GIVEN_UP:
            transfers.release(tx, each.claim.claim_id)
        elif each.claim.state in GIVEN_UP and each.to != "closed":
            transfers.hold_again(tx, each.claim.claim_id)
    tell_statuses(tx, [_told(claim, each) for claim, each in zip(taken, steps, strict=True)], at=now)
    return taken


def _told(claim: Claim, step: Step) -> tuple[str, ClaimStatusChanged]:
    """Whose claim it is, and what its backend is told of the step."""
    return claim.tenant, reshape(
        claim, ClaimStatusChanged, needs=step.needs, by=claim.due_at and claim.due_at.astimezone(UTC)
    )


_TAKE_DUE: Final = f"""
SELECT {_CLAIM} FROM claims WHERE due_at <= %s ORDER BY due_at, claim_id LIMIT %s FOR UPDATE SKIP LOCKED"""


def take_due(tx: Tx, *, now: datetime, limit: int) -> list[Claim]:
    """Claims whose date has passed, locked; those that another worker has in hand are passed over."""
    return tx.all(_TAKE_DUE, (now, limit), into=Claim)


# What waits so is due within days, so that the index of dates finds it among millions of claims that do not.
_TAKE_WITH_POLICY: Final = f"""
SELECT {_CLAIM} FROM claims
WHERE due_at <= %s AND state = 'waiting_for_policy'
  AND EXISTS (SELECT FROM coverage JOIN products USING (product_code, product_version)
              WHERE coverage.policy_id = claims.policy_id)
ORDER BY due_at, claim_id LIMIT %s FOR UPDATE SKIP LOCKED"""


def take_with_policy(tx: Tx, *, now: datetime, limit: int) -> list[Claim]:
    """Claims that wait for a policy that is known by now with its terms, locked as in take_due."""
    return tx.all(_TAKE_WITH_POLICY, (now + WAITS["waiting_for_policy"], limit), into=Claim)


_TAKE_REVIEWED_WITH_POLICY: Final = f"""
SELECT {_CLAIM} FROM claims
WHERE claim_id IN (SELECT claim_id FROM reviews WHERE closed_at IS NULL) AND changed_why = 'waiting_for_policy_over'
  AND EXISTS (SELECT FROM coverage JOIN products USING (product_code, product_version)
              WHERE coverage.policy_id = claims.policy_id)
ORDER BY claim_id LIMIT %s FOR UPDATE SKIP LOCKED"""


def take_reviewed_with_policy(tx: Tx, *, limit: int) -> list[Claim]:
    """Claims that went to a person for want of a policy that is known by now, locked as in take_due."""
    return tx.all(_TAKE_REVIEWED_WITH_POLICY, (limit,), into=Claim)


_TAKE_WITH_PAYEE: Final = f"""
SELECT {_CLAIM} FROM claims
WHERE due_at <= %s AND state = 'waiting_for_payee'
  AND EXISTS (SELECT FROM payees WHERE payees.payee_token = claims.payee_token)
ORDER BY due_at, claim_id LIMIT %s FOR UPDATE SKIP LOCKED"""


def take_with_payee(tx: Tx, *, now: datetime, limit: int) -> list[Claim]:
    """Claims that wait for an account that is known by now, locked as in take_due."""
    return tx.all(_TAKE_WITH_PAYEE, (now + WAITS["waiting_for_payee"], limit), into=Claim)


_TELL_RECOVERY: Final = """
UPDATE claims SET recovered_fen = recovered_fen + %s, version = version + 1 WHERE claim_id = %s AND version = %s"""
_TELL_PAID_ELSEWHERE: Final = """
UPDATE claims
SET other_insurance_fen = other_insurance_fen + %s, version = version + 1 WHERE claim_id = %s AND version = %s"""
_CHANGE_PAYEE: Final = """
UPDATE claims SET payee_token = %s, version = version + 1 WHERE claim_id = %s AND version = %s"""
_CORRECT_SCAM_TYPE: Final = """
UPDATE claims
SET scam_type = %s, told_scam_type = coalesce(told_scam_type, nullif(scam_type, %s)), version = version + 1
WHERE version = %s AND claim_id = %s"""
_WANT_PERSON: Final = """
UPDATE claims SET person_wanted = true, version = version + 1 WHERE claim_id = %s AND version = %s"""


def tell_recovery(tx: Tx, claim: Claim, amount_fen: Fen) -> Claim:
    """Add to what came back of the locked claim's loss; the claim as it is then."""
    _change(tx, claim, _TELL_RECOVERY, amount_fen)
    return replace(claim, recovered_fen=Fen(claim.recovered_fen + amount_fen), version=claim.version + 1)


def tell_paid_elsewhere(tx: Tx, claim: Claim, amount_fen: Fen) -> Claim:
    """Add to what other insurers paid of the locked claim's loss; the claim as it is then."""
    _change(tx, claim, _TELL_PAID_ELSEWHERE, amount_fen)
    return replace(claim, other_insurance_fen=Fen(claim.other_insurance_fen + amount_fen), version=claim.version + 1)


def correct_scam_type(tx: Tx, claim: Claim, scam_type: ScamType) -> Claim:
    """What kind of scam it was by the police; the locked claim as it is then, with what the claimant told beside it."""
    told = claim.told_scam_type or (claim.scam_type if claim.scam_type != scam_type else None)
    if tx.execute(_CORRECT_SCAM_TYPE, (scam_type, scam_type, claim.version, claim.claim_id)) != 1:
        raise ClaimChanged(claim.claim_id)
    return replace(claim, scam_type=scam_type, told_scam_type=told, version=claim.version + 1)


def change_payee(tx: Tx, claim: Claim, payee_token: TokenHex) -> Claim:
    """Name another account for the locked claim; the claim as it is then."""
    _change(tx, claim, _CHANGE_PAYEE, payee_token)
    return replace(claim, payee_token=payee_token, version=claim.version + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amended:
    """What a claim says once it is amended."""

    occurred_at: datetime
    amount_fen: Fen
    recovered_fen: Fen
    other_insurance_fen: Fen
    other_covers: tuple[OtherCover, ...]
    phone_token: TokenHex
    amended_in_review: bool


_AMENDED: Final = Columns(Amended)
_AMEND: Final = f"""
UPDATE claims SET ({_AMENDED.names}, version) = ROW ({_AMENDED.places}, version + 1)
WHERE claim_id = %(claim_id)s AND version = %(version)s"""


def amend(tx: Tx, claim: Claim, amended: Amended) -> Claim:
    """Keep what the locked claim says now; the claim as it is then."""
    named = {**_AMENDED.values(amended), "claim_id": claim.claim_id, "version": claim.version}
    if tx.execute(_AMEND, named) != 1:
        raise ClaimChanged(claim.claim_id)
    return replace(
        claim,
        occurred_at=amended.occurred_at,
        amount_fen=amended.amount_fen,
        recovered_fen=amended.recovered_fen,
        other_insurance_fen=amended.other_insurance_fen,
        other_covers=amended.other_covers,
        phone_token=amended.phone_token,
        amended_in_review=amended.amended_in_review,
        version=claim.version + 1,
    )


def want_person(tx: Tx, claim: Claim) -> Claim:
    """Keep that a person is to decide the locked claim; the claim as it is then."""
    _change(tx, claim, _WANT_PERSON)
    return replace(claim, person_wanted=True, version=claim.version + 1)


def _change(tx: Tx, claim: Claim, statement: str, *values: object) -> None:
    if tx.execute(statement, (*values, claim.claim_id, claim.version)) != 1:
        raise ClaimChanged(claim.claim_id)


def touch(tx: Tx, claim: Claim) -> int:
    """Count a change that is no step, so that who read the claim before notices; its new version."""
    _change(tx, claim, _TOUCH)
    return claim.version + 1


def name_event(tx: Tx, claim: Claim, event_reference: str) -> int:
    """Keep what a person calls the locked claim's event; its new version."""
    _change(tx, claim, _NAME_EVENT, event_reference)
    return claim.version + 1


def add_evidence(tx: Tx, evidence: Mapping[ClaimId, Iterable[Evidence]], *, now: datetime) -> None:
    """Attach documents to claims; one that a claim has already changes nothing, unless it is the mandate too. Of other
    kinds one file has one: the last.
    """
    rows: list[Sequence[object]] = []
    for claim_id, documents in evidence.items():
        mandates = {each.sha256: each for each in documents if each.kind == MANDATE}
        others = {each.sha256: each for each in documents if each.kind != MANDATE}
        rows += [
            (claim_id, sha256, each.kind, sha256 in mandates and sha256 in others, each.captured_at, now)
            for sha256, each in (mandates | others).items()
        ]
    if rows:
        tx.insert_many(_ADD_EVIDENCE, rows)


def evidence(tx: Tx, claim_ids: Sequence[ClaimId]) -> dict[ClaimId, tuple[KeptEvidence, ...]]:
    """The documents of each of these claims, in the order in which they came."""
    found: dict[ClaimId, list[KeptEvidence]] = {claim_id: [] for claim_id in claim_ids}
    for each in tx.all(_EVIDENCE, (list(claim_ids),), into=_Kept):
        found[each.claim_id].append(each.kept)
    return {claim_id: tuple(kept) for claim_id, kept in found.items()}


def evidence_kinds(tx: Tx, claim_ids: Sequence[ClaimId]) -> dict[ClaimId, dict[str, int]]:
    """How many documents of which kind each of these claims has."""
    kinds: dict[ClaimId, dict[str, int]] = {}
    for claim_id, kind, number in tx.all(_KINDS, (list(claim_ids),)):
        kinds.setdefault(claim_id, {})[kind] = number
    return kinds


def steps(tx: Tx, claim_id: ClaimId) -> list[StepRow]:
    return tx.all(_STEPS, (claim_id,), into=StepRow)


def description(tx: Tx, claim_id: ClaimId) -> bytes | None:
    """What the resident told, sealed."""
    return tx.one(_DESCRIPTION, (claim_id,), into=bytes)
