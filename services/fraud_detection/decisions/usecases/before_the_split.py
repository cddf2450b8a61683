"""What was decided on a claim before this one was split off it. Who may say what because of it is others'."""

from __future__ import annotations

from collections.abc import Iterator

from services.fraud_detection.claims.store import claims
from services.fraud_detection.decisions.store import decisions
from services.fraud_detection.decisions.store.decisions import DecisionRow
from shared.db.transaction import Tx
from shared.values.ids import ClaimId


def before_the_split(tx: Tx, claim_id: ClaimId) -> Iterator[DecisionRow]:
    """Of the claims that this one is a part of, what was decided while it was."""
    claim = claims.find(tx, claim_id)
    while claim is not None and claim.split_from is not None:
        made = decisions.of_claim(tx, claim.split_from)
        split_at = next((each.version for each in made if each.decision_id == claim.split_by), 0)
        yield from (each for each in made if each.version < split_at)
        claim = claims.find(tx, claim.split_from)
