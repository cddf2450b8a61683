"""Decisions and the features behind them. Never changed once written; the unique keys make a decision happen once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from services.fraud_detection.coverage.domain.cover import NO_FEN
from services.fraud_detection.decisions.domain.cover_rules import FailedRule
from services.fraud_detection.decisions.domain.decision_policy import STAYS_WITH_A_PERSON
from services.fraud_detection.decisions.domain.payable import AmongInsurers
from services.fraud_detection.models.domain.explanation import ScoreExplanation
from services.fraud_detection.models.domain.features import FEATURES, SPECIFICATION, monitored
from services.fraud_detection.models.domain.snapshot import Snapshot
from shared.db.columns import Columns
from shared.db.copy_format import copy_rows, doubles, integer, jsonb, texts, timestamptz, uuid
from shared.db.transaction import Tx
from shared.events.claims import Outcome
from shared.values.ids import ClaimId, DecisionId
from shared.values.money import Fen

MACHINE: Final = "rules_and_model"


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """One decision. ``explanation`` is why it scored so; older ones have ``score_reasons`` instead: some features with
    what each added.

    ``refused_fen`` is what of the loss an approval does not accept; ``proposed_by``, who proposed what another person,
    ``decided_by``, confirmed.
    Sealed are a person's words: ``reasons`` in Chinese and ``reasons_en``; of an exclusion, what was found in both.
    """

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
    sandbox_value: str | None
    by_person: bool
    decided_by: str
    clause: str | None
    reasons: bytes | None
    decided_at: datetime
    payable_from: datetime | None
    reasons_en: bytes | None = None
    found_zh: bytes | None = None
    found_en: bytes | None = None
    proposed_by: str | None = None
    refused_fen: Fen = NO_FEN
    among_insurers: AmongInsurers | None = None
    """Of an approval of a loss that other insurers bear their parts of."""
    score_reasons: tuple[tuple[str, float], ...] = ()
    explanation: ScoreExplanation | None = None

    @property
    def is_last_word(self) -> bool:
        """Whether it approves or refuses; the others wait for somebody."""
        return self.outcome in ("approved", "refused")

    @property
    def deciders(self) -> frozenset[str]:
        """The persons by whose word the claim was approved or refused: one, or two; none where the machine did."""
        if not (self.by_person and self.is_last_word):
            return frozenset()
        return frozenset({self.decided_by} | ({self.proposed_by} if self.proposed_by else set()))


@dataclass(frozen=True, slots=True, kw_only=True)
class FeaturesRow:
    """What was known in one round, and the vector that came of it: NaN where a feature is missing.

    ``specification`` is the version of the features' declarations; None of what was computed before there were any.
    """

    round: int
    computed_at: datetime
    specification: str | None
    snapshot: dict[str, str | int | bool | None]
    names: tuple[str, ...]
    vector: tuple[float, ...]

    @property
    def values(self) -> dict[str, float | None]:
        """By name, as JSON has them: None where one is missing."""
        return {name: None if math.isnan(value) else value for name, value in zip(self.names, self.vector, strict=True)}


_DECISION: Final = Columns(DecisionRow)
_ADD: Final = f"INSERT INTO decisions ({_DECISION.names}) {_DECISION.rows('decisions')}"

_OF_CLAIM: Final = f"SELECT {_DECISION} FROM decisions WHERE claim_id = %s ORDER BY version"

_LATEST: Final = f"""
SELECT DISTINCT ON (claim_id) {_DECISION} FROM decisions
WHERE claim_id = ANY(%s::uuid[]) ORDER BY claim_id, version DESC"""

_LATEST_BY_MACHINE: Final = f"""
SELECT DISTINCT ON (claim_id) {_DECISION} FROM decisions
WHERE claim_id = ANY(%s::uuid[]) AND NOT by_person ORDER BY claim_id, version DESC"""


def add(tx: Tx, made: Sequence[DecisionRow]) -> None:
    tx.execute(_ADD, (_DECISION.json(made),))


def of_claim(tx: Tx, claim_id: ClaimId) -> list[DecisionRow]:
    """All decisions on a claim, the first one first."""
    return tx.all(_OF_CLAIM, (claim_id,), into=DecisionRow)


_PAYABLE_FROM: Final = "SELECT payable_from FROM decisions WHERE decision_id = %s"


_DECIDED_AT: Final = "SELECT decided_at FROM decisions WHERE decision_id = %s"


def decided_at(tx: Tx, decision_id: DecisionId) -> datetime:
    return tx.the(_DECIDED_AT, (decision_id,), into=datetime)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What an approval left to others: what of the loss it did not accept, and how other insurers bear theirs."""

    refused_fen: Fen
    among_insurers: AmongInsurers | None


_SHARED: Final = f"SELECT {Columns(Shared)} FROM decisions WHERE decision_id = %s"


def shared(tx: Tx, decision_id: DecisionId) -> Shared:
    return tx.the(_SHARED, (decision_id,), into=Shared)


def payable_from(tx: Tx, decision_id: str) -> datetime | None:
    """When the recovery wait of an approval is over; None of what approves nothing."""
    return tx.one(_PAYABLE_FROM, (decision_id,), into=datetime)


_DOUBTS: Final = ", ".join(f"'{why}'" for why in sorted(STAYS_WITH_A_PERSON))
PASSED_ON: Final = f"""(outcome IN ('refusal_proposed', 'refused') OR refused_fen > 0
    OR by_person AND outcome = 'documents_requested' OR why IN ({_DOUBTS}))"""
"""A condition on a row of decisions: by it a person has to look at the claim, or did, for what the claim itself is."""
_PASSED_ON: Final = f"SELECT DISTINCT claim_id FROM decisions WHERE claim_id = ANY(%s::uuid[]) AND {PASSED_ON}"


def passed_on(tx: Tx, claim_ids: Sequence[ClaimId]) -> set[ClaimId]:
    """Those of these claims that were with a person before for a doubt about the claim, or for what a person asked."""
    return set(tx.all(_PASSED_ON, (list(claim_ids),), into=ClaimId)) if claim_ids else set()


def latest(tx: Tx, claim_ids: Sequence[ClaimId]) -> dict[ClaimId, DecisionRow]:
    """The newest decision of each of these claims that has one."""
    if not claim_ids:
        return {}
    return {row.claim_id: row for row in tx.all(_LATEST, (list(claim_ids),), into=DecisionRow)}


def latest_by_machine(tx: Tx, claim_ids: Sequence[ClaimId]) -> dict[ClaimId, DecisionRow]:
    """What the machine last said of each of these claims: its score, its reasons, the rules that failed."""
    return {row.claim_id: row for row in tx.all(_LATEST_BY_MACHINE, (list(claim_ids),), into=DecisionRow)}


_LATEST_SNAPSHOTS: Final = """
SELECT DISTINCT ON (claim_id) claim_id, snapshot FROM claim_features
WHERE claim_id = ANY(%s::uuid[]) ORDER BY claim_id, round DESC"""

_FEATURES: Final = f"SELECT {Columns(FeaturesRow)} FROM claim_features WHERE claim_id = %s ORDER BY round"


def latest_snapshots(tx: Tx, claim_ids: Sequence[ClaimId]) -> dict[ClaimId, dict[str, str | int | bool | None]]:
    """What was known of each of these claims when it was last decided by the machine."""
    return dict(tx.all(_LATEST_SNAPSHOTS, (list(claim_ids),)))


@dataclass(frozen=True, slots=True)
class KnownRow:
    """What was known of a claim in one round, and the vector that came of it."""

    claim_id: ClaimId
    round: int
    snapshot: Snapshot
    vector: tuple[float, ...]


_ADD_FEATURES: Final = """
COPY claim_features (claim_id, round, computed_at, names, specification, snapshot, vector, monitored)
FROM STDIN (FORMAT binary)"""


def add_features(tx: Tx, known: Sequence[KnownRow], *, now: datetime) -> None:
    """By binary COPY: of fifty numbers a row, everything else costs a multiple."""
    same = (timestamptz(now), _NAMES, SPECIFICATION.encode())
    copy_rows(
        tx,
        _ADD_FEATURES,
        [
            (
                uuid(each.claim_id),
                integer(each.round),
                *same,
                jsonb(msgspec.json.encode(each.snapshot)),
                doubles(each.vector),
                jsonb(msgspec.json.encode(monitored(each.snapshot))),
            )
            for each in known
        ],
    )


_NAMES: Final = texts(FEATURES)


def features(tx: Tx, claim_id: ClaimId) -> list[FeaturesRow]:
    return tx.all(_FEATURES, (claim_id,), into=FeaturesRow)
