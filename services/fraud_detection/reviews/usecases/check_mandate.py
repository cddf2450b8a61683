"""A person says whether who acts for an insured may do so, by the document that they looked at. Decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.fraud_detection.claims.domain.errors import PolicyErased
from services.fraud_detection.claims.domain.representatives import MANDATE
from services.fraud_detection.claims.store import claims, representatives
from services.fraud_detection.claims.store.representatives import MandateCheckRow
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.coverage.store import erased_policies
from services.fraud_detection.reviews.domain.errors import NoMandateShown, NoRepresentative
from services.fraud_detection.reviews.usecases.hold_case import keep, require_another_person, require_free
from services.fraud_detection.reviews.usecases.lock_case import lock_waiting
from shared.db import audit
from shared.db.transaction import Tx
from shared.values.errors import InvalidField
from shared.values.ids import ClaimId
from shared.values.names import normal_name


@dataclass(frozen=True, slots=True)
class Checked:
    """What a person found. ``document_sha256`` is what they looked at, None for the only one that there is."""

    holds: bool
    document_sha256: str | None
    reason: str


def check_mandate(
    tx: Tx,
    claim_id: ClaimId,
    said: Checked,
    *,
    reviewer: str,
    senior: bool,
    require_match: Callable[[int], None],
    personal_data: PersonalData,
    now: datetime,
) -> MandateCheckRow:
    """Keep it, of a claim that waits for a person. What was proposed before it stands no more; while a decision waits
    to take effect no word is taken.

    Who says it could decide the claim. The representative's name is compared under today's key from then on.

    Raises:
        UnknownClaim: there is none.
        VersionMismatch: by ``require_match``: the claim changed since the person read it.
        NoOpenReview: it waits for no person.
        PolicyErased: the insured was forgotten, and nothing about them is kept any more.
        NoRepresentative: nobody acts for the insured.
        AnotherPersonDecides, SeniorDecides: the person could not decide it.
        DecisionWaits, HeldByAnother, AssignedToAnother: somebody else works on it.
        NoMandateShown: it is said to hold, and there is no document.
        InvalidField: the claim has no such document, or several and none was named.
    """
    claim, before = lock_waiting(tx, claim_id, require_match)
    if erased_policies.is_over(tx, claim.policy_id):
        raise PolicyErased(claim.policy_id)
    acting = representatives.many(tx, [claim_id]).get(claim_id)
    if acting is None:
        raise NoRepresentative(claim_id)
    require_another_person(tx, claim_id, before, reviewer)
    require_free(tx, claim, reviewer, senior=senior, now=now)
    document = _looked_at(tx, claim_id, said)
    version = claims.touch(tx, claim)
    row = MandateCheckRow(
        claim_id=claim_id,
        version=version,
        holds=said.holds,
        document_sha256=document,
        reason=personal_data.seal(tx, said.reason, claim_id, f"mandate {version}"),
        checked_by=reviewer,
        checked_at=now,
    )
    representatives.add_check(tx, row)
    if acting.name:
        name = personal_data.open(tx, acting.name, claim_id, "representative:name")
        representatives.name_anew(tx, claim_id, personal_data.tokenizer.name(normal_name(name)))
    keep(tx, claim_id, reviewer, now=now)
    details: dict[str, str | int | None] = {"role": acting.role, "holds": said.holds, "document_sha256": document}
    audit.record(tx, actor=reviewer, action="claim.mandate_checked", subject=claim_id, details=details, now=now)
    return row


def _looked_at(tx: Tx, claim_id: ClaimId, said: Checked) -> str | None:
    """The hash of the document that the person looked at; None where there is none."""
    kept = _mandates(tx, claim_id)
    asked = said.document_sha256
    if not kept and asked is None:
        if said.holds:
            raise NoMandateShown(claim_id)
        return None
    if asked is None and len(kept) == 1:
        return kept[0]
    if asked is None or asked not in kept:
        fault = "The claim has several mandates." if asked is None else "The claim has no such mandate."
        raise InvalidField("/document_sha256", fault, "Send the hash of one of its documents of kind mandate.")
    return asked


def _mandates(tx: Tx, claim_id: ClaimId) -> list[str]:
    """The hashes of the claim's documents of kind mandate, in the order in which they came."""
    return [each.evidence.sha256 for each in claims.evidence(tx, [claim_id])[claim_id] if each.evidence.kind == MANDATE]
