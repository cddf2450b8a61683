"""Claims, their steps and their evidence. A change names the version it was read at; legal steps are domain's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.fraud_detection.claims.domain.claims import Claim, Evidence, State
from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import ClaimId

_CLAIM: Final = Columns(Claim)
_ADD: Final = f"INSERT INTO claims ({_CLAIM.names}, description) VALUES ({_CLAIM.places}, %(description)s)"

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
UPDATE claims SET state = %(to)s, version = version + 1, round = %(round)s, appealed = %(appealed)s
WHERE claim_id = %(claim_id)s AND state = %(from)s AND version = %(version)s"""

_STEP: Final = "INSERT INTO claim_steps (claim_id, version, from_state, to_state, at) VALUES (%s, %s, %s, %s, %s)"

_CHANGE_MANY: Final = """
WITH changed AS (
    UPDATE claims SET state = asked.to_state, version = claims.version + 1
    FROM unnest(%(claims)s::uuid[], %(from)s::text[], %(to)s::text[], %(versions)s::integer[])
         AS asked (claim_id, from_state, to_state, version)
    WHERE claims.claim_id = asked.claim_id AND claims.state = asked.from_state AND claims.version = asked.version
    RETURNING claims.claim_id, claims.version, asked.from_state, asked.to_state)
INSERT INTO claim_steps (claim_id, version, from_state, to_state, at)
SELECT claim_id, version, from_state, to_state, %(at)s FROM changed"""

_TOUCH: Final = "UPDATE claims SET version = version + 1 WHERE claim_id = %s AND version = %s"

_NAME_EVENT: Final = """
UPDATE claims SET event_reference = %s, event_named = true, version = version + 1
WHERE claim_id = %s AND version = %s"""

_ADD_EVIDENCE: Final = """
INSERT INTO evidence (claim_id, sha256, kind, captured_at, added_at) VALUES %s
ON CONFLICT (claim_id, sha256) DO NOTHING"""

_KINDS: Final = """
SELECT claim_id, kind, count(*) FROM evidence WHERE claim_id = ANY(%s::uuid[]) GROUP BY claim_id, kind ORDER BY kind"""

_DESCRIPTION: Final = "SELECT description FROM claims WHERE claim_id = %s"


class ClaimChanged(Exception):
    """A claim was changed between reading and writing it, although its row was locked."""


@dataclass(frozen=True, slots=True)
class KeptEvidence:
    """One document of a claim, and how many other claims hold the same file."""

    evidence: Evidence
    added_at: datetime
    other_claims: int


@dataclass(frozen=True, slots=True)
class _Kept:
    claim_id: ClaimId
    kept: KeptEvidence


_OTHER_CLAIMS: Final = """(SELECT count(*) FROM evidence AS other
    WHERE other.sha256 = evidence.sha256 AND other.claim_id <> evidence.claim_id)"""
_EVIDENCE: Final = f"""
SELECT {Columns(_Kept, kept={"evidence": {}, "other_claims": _OTHER_CLAIMS})}
FROM evidence WHERE claim_id = ANY(%s::uuid[]) ORDER BY claim_id, added_at, sha256"""


@dataclass(frozen=True, slots=True)
class StepRow:
    version: int
    from_state: State | None
    to_state: State
    at: datetime


_STEPS: Final = f"SELECT {Columns(StepRow)} FROM claim_steps WHERE claim_id = %s ORDER BY version"


def add(tx: Tx, claim: Claim, *, description: bytes | None) -> None:
    """Store a new claim and its first step."""
    tx.execute(_ADD, {**_CLAIM.values(claim), "description": description})
    tx.execute(_STEP, (claim.claim_id, claim.version, None, claim.state, claim.submitted_at))


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


def step(
    tx: Tx, claim: Claim, to: State, *, now: datetime, new_round: bool = False, appealed: bool | None = None
) -> int:
    """Move a locked claim to another state; its new version."""
    values: dict[str, object] = {
        "claim_id": claim.claim_id,
        "from": claim.state,
        "to": to,
        "version": claim.version,
        "round": claim.round + new_round,
        "appealed": claim.appealed if appealed is None else appealed,
    }
    if tx.execute(_CHANGE, values) != 1:
        raise ClaimChanged(claim.claim_id)
    tx.execute(_STEP, (claim.claim_id, claim.version + 1, claim.state, to, now))
    return claim.version + 1


def step_many(tx: Tx, steps: Sequence[tuple[Claim, State]], *, now: datetime) -> None:
    """Move each of these locked claims to its state, in the same round.

    Raises:
        ClaimChanged: one of them is not as it was read. The caller's transaction must not commit.
    """
    values: dict[str, object] = {
        "claims": [claim.claim_id for claim, _ in steps],
        "from": [claim.state for claim, _ in steps],
        "to": [to for _, to in steps],
        "versions": [claim.version for claim, _ in steps],
        "at": now,
    }
    if tx.execute(_CHANGE_MANY, values) != len(steps):
        raise ClaimChanged(", ".join(claim.claim_id for claim, _ in steps))


def touch(tx: Tx, claim: Claim) -> int:
    """Count a change that is no step, so that who read the claim before notices; its new version."""
    if tx.execute(_TOUCH, (claim.claim_id, claim.version)) != 1:
        raise ClaimChanged(claim.claim_id)
    return claim.version + 1


def name_event(tx: Tx, claim: Claim, event_reference: str) -> int:
    """Keep what a person calls the locked claim's event; its new version."""
    if tx.execute(_NAME_EVENT, (event_reference, claim.claim_id, claim.version)) != 1:
        raise ClaimChanged(claim.claim_id)
    return claim.version + 1


def add_evidence(tx: Tx, claim_id: ClaimId, evidence: Iterable[Evidence], *, now: datetime) -> None:
    """Attach documents; one that the claim has already changes nothing."""
    rows: Sequence[Sequence[object]] = [
        (claim_id, sha256, each.kind, each.captured_at, now)
        for sha256, each in {each.sha256: each for each in evidence}.items()
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
