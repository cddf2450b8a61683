"""What a person decides as a row, in sealed words, with its place in the audit trail. What it is the callers say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.states import APPEALS
from services.fraud_detection.claims.domain.transfers import Transfer
from services.fraud_detection.claims.store import appeals
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.coverage.domain.cover import NO_FEN
from services.fraud_detection.decisions.domain.cover_rules import RULE_VERSION, FailedRule
from services.fraud_detection.decisions.domain.payable import NOTHING_PAYABLE, Payable
from services.fraud_detection.decisions.store.decisions import DecisionRow
from services.fraud_detection.decisions.store.transfer_verdicts import TransferVerdictRow
from services.fraud_detection.reviews.domain.verdicts import STILL_OPEN, OfTransfer, Verdict
from shared.db import audit
from shared.db.transaction import Tx
from shared.events.claims import Outcome
from shared.process.new_ids import new_id
from shared.values.ids import ClaimId, DecisionId
from shared.values.money import Fen
from shared.values.shapes import reshape


def persons_decision(
    claim: Claim,
    outcome: Outcome,
    *,
    by: str,
    now: datetime,
    before: DecisionRow | None,
    failures: tuple[FailedRule, ...] = (),
    why: str | None = None,
    taken: Payable = NOTHING_PAYABLE,
    clause: str | None = None,
    words: Mapping[str, bytes] | None = None,
    payable_from: datetime | None = None,
    decision_id: DecisionId | None = None,
    proposed_by: str | None = None,
    refused_fen: Fen = NO_FEN,
) -> DecisionRow:
    """The row of what the person ``by`` decides, with the model's word that the person had by the decision ``before``.

    ``words`` as sealed_words gives them; ``decision_id`` if it has one already; ``proposed_by`` is whose proposal
    ``by`` confirms.
    """
    said = words or {}
    return DecisionRow(
        decision_id=decision_id or DecisionId(new_id()),
        claim_id=claim.claim_id,
        round=claim.round,
        version=claim.version + 1,
        outcome=outcome,
        why=why,
        amount_fen=taken.amount_fen,
        deductible_fen=taken.deductible_fen,
        event_deductible_fen=taken.event_deductible_fen,
        failures=failures,
        rule_version=RULE_VERSION,
        model_id=before.model_id if before else None,
        model_sha256=before.model_sha256 if before else None,
        score=before.score if before else None,
        score_reasons=before.score_reasons if before else (),
        explanation=before.explanation if before else None,
        sandbox_value=None,
        by_person=True,
        decided_by=by,
        clause=clause,
        reasons=said.get("reasons"),
        reasons_en=said.get("reasons_en"),
        found_zh=said.get("found_zh"),
        found_en=said.get("found_en"),
        decided_at=now,
        payable_from=payable_from,
        proposed_by=proposed_by,
        refused_fen=refused_fen,
    )


def sealed_words(tx: Tx, personal_data: PersonalData, claim_id: ClaimId, verdict: Verdict) -> dict[str, bytes]:
    """What the person wrote, by the decision's columns."""
    finding = verdict.finding if verdict.outcome == "refuse" else None
    written = {
        "reasons": verdict.reasons_zh,
        "reasons_en": verdict.reasons_en,
        "found_zh": finding.found_zh if finding else None,
        "found_en": finding.found_en if finding else None,
    }
    return {
        field: personal_data.seal(tx, text.strip(), claim_id, field)
        for field, text in written.items()
        if text and text.strip()
    }


def sealed_transfers(
    tx: Tx, personal_data: PersonalData, told: Sequence[Transfer], decision_id: DecisionId, verdict: Verdict
) -> list[TransferVerdictRow]:
    """What the person said of each of the transfers ``told``, in sealed words; nothing where none was named."""
    said_of = {each.line: each for each in verdict.transfers}
    if not said_of:
        return []

    def row(transfer: Transfer, said: OfTransfer) -> TransferVerdictRow:
        def sealed(text: str | None, field: str) -> bytes | None:
            context = f"{field}:{said.line}:{decision_id}"
            return personal_data.seal(tx, text.strip(), transfer.claim_id, context) if text else None

        return reshape(
            transfer,
            TransferVerdictRow,
            decision_id=decision_id,
            accepted=said.accepted,
            open=said.open,
            clause=STILL_OPEN if said.open else said.as_refusal.ground,
            reasons=sealed(said.reasons_zh, "reasons"),
            reasons_en=sealed(said.reasons_en, "reasons_en"),
            found_zh=sealed(said.finding.found_zh, "found_zh") if said.finding else None,
            found_en=sealed(said.finding.found_en, "found_en") if said.finding else None,
        )

    return [row(transfer, said_of[transfer.line]) for transfer in told]


def over_at(tx: Tx, decision: DecisionRow, *, now: datetime) -> datetime | None:
    """When a claim is over by this decision: at once, if it refuses the last appeal; else as long as always."""
    last = decision.outcome == "refused" and appeals.count(tx, decision.claim_id) >= APPEALS
    return now if last else None


def audit_decision(tx: Tx, decision: DecisionRow, *, now: datetime) -> None:
    """That this person approved or refused."""
    audit.record(
        tx,
        actor=decision.decided_by,
        action=f"claim.{decision.outcome}",
        subject=decision.claim_id,
        details={
            "decision_id": decision.decision_id,
            "clause": decision.clause,
            "amount_fen": decision.amount_fen,
            **({"refused_fen": decision.refused_fen} if decision.refused_fen else {}),
            **({"proposed_by": decision.proposed_by} if decision.proposed_by else {}),
        },
        now=now,
    )
