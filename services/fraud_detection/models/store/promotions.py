"""SQL of promotions that take two persons: policies, proposals with their gates, and the history of all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from services.fraud_detection.models.domain.gates import Gate, GateBounds
from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import ModelId
from shared.values.money import Fen

Ending = Literal["gates_failed", "confirmed", "rejected"]
What = Literal["proposed", "gates_failed", "confirmed", "rejected", "rolled_back"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRow(GateBounds):
    """Bounds in force from ``set_at`` until the next row's. A proposal is open for ``proposal_hours``."""

    number: int
    proposal_hours: int
    reason: str
    set_by: str
    set_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPolicy(GateBounds):
    """A policy before it has a number."""

    proposal_hours: int
    reason: str
    set_by: str
    set_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionProposal:
    """``ending`` is None while it waits for a second person, or has expired."""

    proposal_id: str
    model_id: ModelId
    sha256: str
    registry_version: int
    policy_number: int
    approve_below: float
    auto_approve_limit_fen: Fen
    auto_approve_loss_limit_fen: Fen
    acknowledged: list[str]
    reason: str
    proposed_by: str
    proposed_at: datetime
    expires_at: datetime
    ending: Ending | None
    ended_by: str | None
    ended_at: datetime | None
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """One step of one person; ``model_before`` was champion until then."""

    what: What
    model_id: ModelId
    proposal_id: str | None
    model_before: ModelId | None
    approve_below: float
    auto_approve_limit_fen: Fen
    auto_approve_loss_limit_fen: Fen
    person: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedHistory(HistoryRow):
    """As it is read."""

    number: int


_NEW_POLICY: Final = Columns(NewPolicy)
_SET_POLICY: Final = f"INSERT INTO promotion_policies ({_NEW_POLICY.names}) VALUES ({_NEW_POLICY.places})"
_POLICY: Final = f"SELECT {Columns(PolicyRow)} FROM promotion_policies ORDER BY number DESC LIMIT 1"
_POLICIES: Final = f"""
SELECT {Columns(PolicyRow)} FROM promotion_policies
WHERE %(before)s::bigint IS NULL OR number < %(before)s ORDER BY number DESC LIMIT %(limit)s
"""
_PROPOSE: Final = """
INSERT INTO promotion_proposals (
    proposal_id, model_id, sha256, registry_version, policy_number, approve_below, auto_approve_limit_fen,
    auto_approve_loss_limit_fen, acknowledged, reason, proposed_by, proposed_at, expires_at, ending, ended_by, ended_at
) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, to_jsonb(%s::text[]), %s, %s, %s, %s, %s, %s, %s)
"""
_ADD_GATE: Final = "INSERT INTO promotion_gates (proposal_id, name, passed, told) VALUES (%s, %s, %s, %s)"
_GATES: Final = "SELECT name, passed, told FROM promotion_gates WHERE proposal_id = %s ORDER BY name"
_PROPOSAL: Final = f"SELECT {Columns(PromotionProposal)} FROM promotion_proposals WHERE proposal_id = %s"
_PROPOSALS: Final = f"""
SELECT {Columns(PromotionProposal)} FROM promotion_proposals
WHERE %(before)s::uuid IS NULL OR proposal_id < %(before)s ORDER BY proposal_id DESC LIMIT %(limit)s
"""
_END: Final = """
UPDATE promotion_proposals SET ending = %s, ended_by = %s, ended_at = %s, note = %s
WHERE proposal_id = %s AND ending IS NULL
"""
_HISTORY: Final = Columns(HistoryRow)
_TELL: Final = f"INSERT INTO promotion_history ({_HISTORY.names}) VALUES ({_HISTORY.places})"
_TOLD: Final = f"""
SELECT {Columns(NumberedHistory)} FROM promotion_history
WHERE %(before)s::bigint IS NULL OR number < %(before)s ORDER BY number DESC LIMIT %(limit)s
"""
_REGISTRY_VERSION: Final = "SELECT version FROM model_registry"


def set_policy(tx: Tx, policy: NewPolicy) -> None:
    """It holds from now on; the one before stays to be read."""
    tx.execute(_SET_POLICY, _NEW_POLICY.values(policy))


def policy(tx: Tx) -> PolicyRow:
    """The one in force."""
    return tx.the(_POLICY, into=PolicyRow)


def policies(tx: Tx, *, before: int | None, limit: int) -> list[PolicyRow]:
    """From the newest on."""
    return tx.all(_POLICIES, {"before": before, "limit": limit}, into=PolicyRow)


def propose(tx: Tx, proposal: PromotionProposal, gates: Iterable[Gate]) -> None:
    each = proposal
    limits = (each.approve_below, each.auto_approve_limit_fen, each.auto_approve_loss_limit_fen)
    ids = (each.proposal_id, each.model_id, each.sha256, each.registry_version, each.policy_number)
    by = (each.acknowledged, each.reason, each.proposed_by, each.proposed_at, each.expires_at)
    tx.execute(_PROPOSE, (*ids, *limits, *by, each.ending, each.ended_by, each.ended_at))
    for gate in gates:
        tx.execute(_ADD_GATE, (each.proposal_id, gate.name, gate.passed, gate.told))


def proposal(tx: Tx, proposal_id: str) -> PromotionProposal | None:
    return tx.one(_PROPOSAL, (proposal_id,), into=PromotionProposal)


def proposals(tx: Tx, *, before: str | None, limit: int) -> list[PromotionProposal]:
    """From the newest on."""
    return tx.all(_PROPOSALS, {"before": before, "limit": limit}, into=PromotionProposal)


def gates(tx: Tx, proposal_id: str) -> list[Gate]:
    """By name."""
    return tx.all(_GATES, (proposal_id,), into=Gate)


def end(tx: Tx, proposal_id: str, ending: Ending, *, by: str, note: str | None, now: datetime) -> bool:
    """False if it has ended before."""
    return tx.execute(_END, (ending, by, now, note, proposal_id)) == 1


def tell(tx: Tx, row: HistoryRow) -> None:
    """Add to the history."""
    tx.execute(_TELL, _HISTORY.values(row))


def history(tx: Tx, *, before: int | None, limit: int) -> list[NumberedHistory]:
    """From the newest on."""
    return tx.all(_TOLD, {"before": before, "limit": limit}, into=NumberedHistory)


def registry_version(tx: Tx) -> int:
    """Grows with each promotion and rollback."""
    return tx.the(_REGISTRY_VERSION, into=int)
