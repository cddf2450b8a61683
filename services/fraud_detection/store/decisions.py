"""Decisions and the features behind them. Never changed once written; the unique keys make a decision happen once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from services.fraud_detection.domain.cover_rules import FailedRule
from services.fraud_detection.domain.features import Snapshot
from shared.db.transaction import Row, Tx
from shared.events.claims import Outcome
from shared.values.ids import ClaimId, DecisionId
from shared.values.money import Fen

_COLUMNS: Final = """decision_id, claim_id, round, version, outcome, why, amount_fen, deductible_fen, failures,
rule_version, model_id, model_sha256, score, score_reasons, sandbox_value, by_person, decided_by, clause, reasons,
decided_at, payable_from, event_deductible_fen"""

_ADD: Final = f"""
INSERT INTO decisions ({_COLUMNS})
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"""

_OF_CLAIM: Final = f"SELECT {_COLUMNS} FROM decisions WHERE claim_id = %s ORDER BY version"

_LATEST: Final = f"""
SELECT DISTINCT ON (claim_id) {_COLUMNS} FROM decisions
WHERE claim_id = ANY(%s::uuid[]) ORDER BY claim_id, version DESC"""

_LATEST_BY_MACHINE: Final = f"""
SELECT DISTINCT ON (claim_id) {_COLUMNS} FROM decisions
WHERE claim_id = ANY(%s::uuid[]) AND NOT by_person ORDER BY claim_id, version DESC"""

_LATEST_SNAPSHOTS: Final = """
SELECT DISTINCT ON (claim_id) claim_id, snapshot::text FROM claim_features
WHERE claim_id = ANY(%s::uuid[]) ORDER BY claim_id, round DESC"""

_ADD_FEATURES: Final = """
INSERT INTO claim_features (claim_id, round, computed_at, snapshot, names, vector) VALUES (%s, %s, %s, %s, %s, %s)"""

_FEATURES: Final = """
SELECT round, computed_at, snapshot::text, names, vector FROM claim_features WHERE claim_id = %s ORDER BY round"""

MACHINE: Final = "rules_and_model"


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """One decision. ``reasons`` is the person's own words, sealed; ``score_reasons`` are (feature, contribution)."""

    decision_id: DecisionId
    claim_id: ClaimId
    round: int
    version: int
    outcome: Outcome
    why: str | None
    amount_fen: Fen
    deductible_fen: Fen
    event_deductible_fen: Fen
    failures: tuple[FailedRule, ...]
    rule_version: str
    model_id: str | None
    model_sha256: str | None
    score: float | None
    score_reasons: tuple[tuple[str, float], ...]
    sandbox_value: str | None
    by_person: bool
    decided_by: str
    clause: str | None
    reasons: bytes | None
    decided_at: datetime
    payable_from: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeaturesRow:
    """What was known in one round, and the vector that came of it."""

    round: int
    computed_at: datetime
    snapshot: dict[str, str | int | bool]
    names: tuple[str, ...]
    vector: tuple[float, ...]


def add(tx: Tx, decision: DecisionRow) -> None:
    tx.execute(
        _ADD,
        (
            decision.decision_id,
            decision.claim_id,
            decision.round,
            decision.version,
            decision.outcome,
            decision.why,
            decision.amount_fen,
            decision.deductible_fen,
            json.dumps([asdict(each) for each in decision.failures], ensure_ascii=False),
            decision.rule_version,
            decision.model_id,
            decision.model_sha256,
            decision.score,
            json.dumps(decision.score_reasons),
            decision.sandbox_value,
            decision.by_person,
            decision.decided_by,
            decision.clause,
            decision.reasons,
            decision.decided_at,
            decision.payable_from,
            decision.event_deductible_fen,
        ),
    )


def of_claim(tx: Tx, claim_id: ClaimId) -> list[DecisionRow]:
    """All decisions on a claim, the first one first."""
    return [_decision(row) for row in tx.all(_OF_CLAIM, (claim_id,))]


def latest(tx: Tx, claim_ids: Sequence[ClaimId]) -> dict[ClaimId, DecisionRow]:
    """The newest decision of each of these claims that has one."""
    return {row[1]: _decision(row) for row in tx.all(_LATEST, (list(claim_ids),))}


def latest_by_machine(tx: Tx, claim_ids: Sequence[ClaimId]) -> dict[ClaimId, DecisionRow]:
    """What the machine last said of each of these claims: its score, its reasons, the rules that failed."""
    return {row[1]: _decision(row) for row in tx.all(_LATEST_BY_MACHINE, (list(claim_ids),))}


def latest_snapshots(tx: Tx, claim_ids: Sequence[ClaimId]) -> dict[ClaimId, dict[str, str | int | bool]]:
    """What was known of each of these claims when it was last decided by the machine."""
    return {row[0]: json.loads(row[1]) for row in tx.all(_LATEST_SNAPSHOTS, (list(claim_ids),))}


def add_features(
    tx: Tx,
    claim_id: ClaimId,
    claim_round: int,
    *,
    snapshot: Snapshot,
    names: Sequence[str],
    vector: Sequence[float],
    now: datetime,
) -> None:
    document = msgspec.json.encode(snapshot).decode()
    tx.execute(_ADD_FEATURES, (claim_id, claim_round, now, document, list(names), list(vector)))


def features(tx: Tx, claim_id: ClaimId) -> list[FeaturesRow]:
    return [
        FeaturesRow(
            round=row[0],
            computed_at=row[1],
            snapshot=json.loads(row[2]),
            names=tuple(row[3]),
            vector=tuple(row[4]),
        )
        for row in tx.all(_FEATURES, (claim_id,))
    ]


def _decision(row: Row) -> DecisionRow:
    failures: list[dict[str, Any]] = row[8]
    return DecisionRow(
        decision_id=DecisionId(row[0]),
        claim_id=ClaimId(row[1]),
        round=row[2],
        version=row[3],
        outcome=row[4],
        why=row[5],
        amount_fen=Fen(row[6]),
        deductible_fen=Fen(row[7]),
        event_deductible_fen=Fen(row[21]),
        failures=tuple(FailedRule(**each) for each in failures),
        rule_version=row[9],
        model_id=row[10],
        model_sha256=row[11],
        score=row[12],
        score_reasons=tuple((name, weight) for name, weight in row[13]),
        sandbox_value=row[14],
        by_person=row[15],
        decided_by=row[16],
        clause=row[17],
        reasons=row[18],
        decided_at=row[19],
        payable_from=row[20],
    )
