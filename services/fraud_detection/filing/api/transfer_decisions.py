"""What was said of each transfer of a claim that is approved, as its resident and staff read it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.decisions.store import transfer_verdicts
from services.fraud_detection.decisions.store.transfer_verdicts import TransferVerdictRow
from services.fraud_detection.filing.api.reason_view import ReasonView, reason
from shared.db.transaction import Tx
from shared.values.ids import DecisionId
from shared.web.models import ReplyModel


class TransferDecisionView(ReplyModel):
    """One transfer of the claim: whether it is paid for, and if not, why; or why it stays open."""

    line: int
    occurred_at: datetime
    amount_fen: int
    accepted: bool
    open: bool
    """Neither accepted nor refused: it is decided in the claim that was split off."""
    reasons: list[ReasonView]
    """Empty where it is accepted."""


def transfer_decisions(
    tx: Tx, decision_ids: Sequence[DecisionId], personal_data: PersonalData
) -> dict[DecisionId, list[TransferDecisionView]]:
    """By decision or proposal; those in which a person said nothing of single transfers are left out."""
    return {
        decision_id: [
            TransferDecisionView.of(each, reasons=[] if each.accepted else _reasons(tx, each, personal_data))
            for each in verdicts
        ]
        for decision_id, verdicts in transfer_verdicts.of_decisions(tx, decision_ids).items()
    }


def _reasons(tx: Tx, said: TransferVerdictRow, personal_data: PersonalData) -> list[ReasonView]:
    clause = said.clause or ""
    if not (said.reasons and said.reasons_en):  # the person was erased, and with it what was written to that person
        return [reason("reasons_erased", clause)]

    def opened(sealed: bytes, field: str) -> str:
        return personal_data.open(tx, sealed, said.claim_id, f"{field}:{said.line}:{said.decision_id}")

    text_zh, text_en = opened(said.reasons, "reasons"), opened(said.reasons_en, "reasons_en")
    if said.open:
        return [ReasonView(code=clause, clause="", text_zh=text_zh, text_en=text_en)]
    reasons = [ReasonView(code="refused_by_person", clause=clause, text_zh=text_zh, text_en=text_en)]
    if said.found_zh and said.found_en:
        found_zh, found_en = opened(said.found_zh, "found_zh"), opened(said.found_en, "found_en")
        reasons.append(ReasonView(code="exclusion_found", clause=clause, text_zh=found_zh, text_en=found_en))
    return reasons
