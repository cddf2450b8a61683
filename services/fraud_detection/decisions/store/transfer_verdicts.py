"""What a person said of each transfer of a claim that was approved or is proposed to be. Only an erasure changes it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import ClaimId, DecisionId
from shared.values.money import Fen


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferVerdictRow:
    """``occurred_at`` and ``amount_fen`` are the transfer's as it was told by then; ``clause`` is the ground of one
    that is not accepted. One that stays ``open`` is not accepted, and not refused: a claim of its own has it.

    Sealed are the words, as of a decision; empty once the person was erased.
    """

    decision_id: DecisionId
    claim_id: ClaimId
    line: int
    occurred_at: datetime
    amount_fen: Fen
    accepted: bool
    open: bool = False
    clause: str | None = None
    reasons: bytes | None = None
    reasons_en: bytes | None = None
    found_zh: bytes | None = None
    found_en: bytes | None = None


_ROW: Final = Columns(TransferVerdictRow)
_ADD: Final = f"INSERT INTO transfer_verdicts ({_ROW.names}) VALUES %s"
_OF_DECISIONS: Final = f"""
SELECT {_ROW} FROM transfer_verdicts WHERE decision_id = ANY(%s::uuid[]) ORDER BY decision_id, line"""


def add(tx: Tx, rows: Sequence[TransferVerdictRow]) -> None:
    if rows:
        tx.insert_many(_ADD, [tuple(_ROW.values(row).values()) for row in rows])


def of_decisions(tx: Tx, decision_ids: Sequence[DecisionId]) -> dict[DecisionId, list[TransferVerdictRow]]:
    """By decision or proposal, in the claim's order of transfers; those of which nothing was said are left out."""
    found: dict[DecisionId, list[TransferVerdictRow]] = defaultdict(list)
    for each in tx.all(_OF_DECISIONS, (list(decision_ids),), into=TransferVerdictRow) if decision_ids else ():
        found[each.decision_id].append(each)
    return dict(found)
