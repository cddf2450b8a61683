"""Shows a person of the staff in clear what a case shows masked; who asked for what, and why, is kept."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from services.fraud_detection.claims.domain.errors import UnknownClaim
from services.fraud_detection.claims.store import claims, police, representatives, transfers
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.reviews.domain.errors import NothingToReveal
from shared.db import audit
from shared.db.transaction import Tx
from shared.values.ids import ClaimId

MaskedField: TypeAlias = Literal[
    "transfer_reference",
    "transfer_payee_name",
    "police_number",
    "police_officer",
    "representative_name",
    "representative_document_number",
    "representative_phone",
]


def reveal_field(
    tx: Tx,
    claim_id: ClaimId,
    field: MaskedField,
    line: int,
    *,
    reason: str,
    asked_by: str,
    personal_data: PersonalData,
    now: datetime,
) -> str:
    """The value of one field of a claim's transfer or paper of that line, or of who acts for the insured.

    Raises:
        UnknownClaim: there is none.
        NothingToReveal: nobody told it, or the person was erased.
    """
    if claims.find(tx, claim_id) is None:
        raise UnknownClaim(claim_id)
    sealed, context = _sealed(tx, claim_id, field, line)
    if not sealed:
        raise NothingToReveal(field, line)
    details: dict[str, str | int | None] = {"field": field, "line": line, "reason": reason}
    audit.record(tx, actor=asked_by, action="claim.field_revealed", subject=claim_id, details=details, now=now)
    return personal_data.open(tx, sealed, claim_id, context)


def _sealed(tx: Tx, claim_id: ClaimId, field: MaskedField, line: int) -> tuple[bytes | None, str]:
    """What is sealed, and under which name."""
    if field.startswith("representative_"):
        acting = representatives.many(tx, [claim_id]).get(claim_id)
        name = field.removeprefix("representative_")
        return getattr(acting, name) if acting is not None and line == 0 else None, f"representative:{name}"
    if field in ("transfer_reference", "transfer_payee_name"):
        kept = next((each for each in transfers.of_claim(tx, claim_id) if each.transfer.line == line), None)
        if field == "transfer_reference":
            return kept.reference if kept else None, f"reference:{line}"
        return kept.payee_name if kept else None, f"payee_name:{line}"
    paper = next((each for each in police.of_claim(tx, claim_id) if each.line == line), None)
    if field == "police_number":
        return paper.number if paper else None, f"police:number:{line}"
    return paper.officer if paper else None, f"police:officer:{line}"
