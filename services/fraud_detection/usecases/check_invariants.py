"""The invariants of fraud detection, by their numbers in docs/invariants.md. The audit chain (11) is shared's."""

from __future__ import annotations

from typing import Final

from services.fraud_detection.domain.claims import STEPS
from services.fraud_detection.store import invariants
from shared.db.invariants import Invariant
from shared.db.transaction import Tx


def _legal_steps(tx: Tx) -> list[str]:
    return invariants.illegal_steps(tx, STEPS)


INVARIANTS: Final = (
    Invariant(3, "approved never above the cover", invariants.limits_exceeded),
    Invariant(4, "each submission has exactly one decision", invariants.submissions_without_one_decision),
    Invariant(6, "no decision without rule version, features and model", invariants.decisions_without_origin),
    Invariant(7, "a refused claim is never paid", invariants.refused_but_paid),
    Invariant(10, "no illegal step of a claim", _legal_steps),
    Invariant(12, "of who was erased nothing is left", invariants.not_forgotten),
)
