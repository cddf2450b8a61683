"""Split a claim: its undisputed part is approved, and the transfers that stay open are a claim of its own.

Source: the Insurance Law of the PRC, art. 25: what can be determined is paid ahead within 60 days, while the rest is
still determined. The second claim goes the way of any other, and always waits for a person.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import dropwhile
from typing import Final

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.store import appeals, claims, police, representatives, splits, transfers
from services.fraud_detection.claims.store.police import PaperRow
from services.fraud_detection.claims.store.representatives import MandateCheckRow, RepresentativeRow
from services.fraud_detection.claims.store.transfers import KeptTransfer
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.claims.usecases.submit import submit
from services.fraud_detection.decisions.domain.accepted_part import in_two
from services.fraud_detection.decisions.store.decisions import DecisionRow
from services.fraud_detection.reviews.store import leases, notes
from services.fraud_detection.reviews.store.leases import LeaseRow
from services.fraud_detection.reviews.store.notes import EscalationRow
from services.fraud_detection.reviews.usecases.hold_case import HELD_FOR
from shared.db import audit
from shared.db.transaction import Tx
from shared.process.new_ids import new_id
from shared.values.ids import ClaimId

FIRST_VERSION: Final = 1
SPLIT_OFF: Final = "split_off"
"""Why the new claim's last step was taken, and why a person looks."""


def split_claim(
    tx: Tx,
    claim: Claim,
    row: DecisionRow,
    still_open: Collection[int],
    *,
    handed_on: EscalationRow | None,
    personal_data: PersonalData,
    now: datetime,
) -> None:
    """Move the lines ``still_open`` of the locked ``claim``, as it was before ``row`` approved the rest, to a new one.

    Its steps are the first one's until then, so that its clocks began when the loss was claimed. It is the person's who
    split it, for as long as after any act; afterwards it is whose the first one was: of a senior person, where it was
    ``handed_on`` or is the last appeal.
    """
    kept = transfers.of_claim(tx, claim.claim_id)
    first, second = in_two(claim, [each.transfer for each in kept if each.transfer.told], still_open)
    splits.leave(tx, first, row.version)
    sealed = _Resealing(tx, personal_data, claim.claim_id, ClaimId(new_id()))
    off = _file(tx, second, row, sealed)
    splits.copy_evidence(tx, claim.claim_id, off.claim_id)
    police.add(tx, [sealed.paper(each) for each in police.of_claim(tx, claim.claim_id)])
    _represent(tx, sealed)
    for each in appeals.of_claim(tx, claim.claim_id):
        appeals.add(tx, off.claim_id, each.round, sealed.text(each.reason, "appeal") or b"", now=each.filed_at)
    if handed_on is not None:
        notes.escalate(tx, sealed.escalation(handed_on, off.round))
    moved = [sealed.transfer(each) for each in kept if each.transfer.line in still_open]
    transfers.move(tx, claim.claim_id, moved)
    submit(tx, claims.step(tx, off, "filed", now=now, by=row.decided_by, why=SPLIT_OFF), now=now)
    leases.take(tx, LeaseRow(claim_id=off.claim_id, held_by=row.decided_by, expires_at=now + HELD_FOR), now=now)
    audit.record(
        tx,
        actor=row.decided_by,
        action="claim.split",
        subject=claim.claim_id,
        details={"decision_id": row.decision_id, "split_into": off.claim_id, "amount_fen": off.amount_fen},
        now=now,
    )


@dataclass(frozen=True, slots=True)
class _Resealing:
    """What is sealed is bound to its claim: it is opened as of the claim that it ``was`` in and sealed for the one that
    it goes ``to``.

    What is empty stays so: the person was erased.
    """

    tx: Tx
    personal_data: PersonalData
    was: ClaimId
    to: ClaimId

    def text(self, sealed: bytes | None, field: str, there: str | None = None) -> bytes | None:
        """``there`` is what the field is called in the claim that it goes to, where that is something else."""
        if not sealed:
            return sealed
        clear = self.personal_data.open(self.tx, sealed, self.was, field)
        return self.personal_data.seal(self.tx, clear, self.to, there or field)

    def transfer(self, kept: KeptTransfer) -> KeptTransfer:
        line = kept.transfer.line
        return replace(
            kept,
            transfer=replace(kept.transfer, claim_id=self.to),
            reference=self.text(kept.reference, f"reference:{line}"),
            payee_name=self.text(kept.payee_name, f"payee_name:{line}"),
            different_reason=self.text(kept.different_reason, f"different:{line}"),
        )

    def paper(self, paper: PaperRow) -> PaperRow:
        return replace(
            paper,
            claim_id=self.to,
            number=self.text(paper.number, f"police:number:{paper.line}") or b"",
            unit=self.text(paper.unit, f"police:unit:{paper.line}") or b"",
            officer=self.text(paper.officer, f"police:officer:{paper.line}"),
        )

    def representative(self, acting: RepresentativeRow) -> RepresentativeRow:
        return replace(
            acting,
            claim_id=self.to,
            name=self.text(acting.name, "representative:name") or b"",
            document_number=self.text(acting.document_number, "representative:document_number") or b"",
            phone=self.text(acting.phone, "representative:phone"),
        )

    def check(self, check: MandateCheckRow) -> MandateCheckRow:
        """As of the claim's first version: it was checked before there was this claim."""
        reason = self.text(check.reason, f"mandate {check.version}", f"mandate {FIRST_VERSION}") or b""
        return replace(check, claim_id=self.to, version=FIRST_VERSION, reason=reason)

    def escalation(self, row: EscalationRow, in_round: int) -> EscalationRow:
        """As of the round in which the new claim begins."""
        reason = self.text(row.reason, f"escalation {row.round}", f"escalation {in_round}") or b""
        return replace(row, claim_id=self.to, round=in_round, reason=reason)


def _represent(tx: Tx, sealed: _Resealing) -> None:
    """Who acts for the insured acts in both, by the mandate that a person looked at last."""
    acting = representatives.many(tx, [sealed.was]).get(sealed.was)
    if acting is None:
        return
    representatives.add(tx, [sealed.representative(acting)])
    for check in representatives.checks(tx, sealed.was)[-1:]:
        representatives.add_check(tx, sealed.check(check))


def _file(tx: Tx, second: Claim, row: DecisionRow, sealed: _Resealing) -> Claim:
    """The new claim with the amounts of ``second``, by the way that the first one came before it was decided."""
    steps = [each for each in claims.steps(tx, row.claim_id) if each.version < row.version]
    begins, *follows = dropwhile(lambda each: each.to_state == "draft", steps)
    off = replace(
        second,
        claim_id=sealed.to,
        version=FIRST_VERSION,
        state=begins.to_state,
        due_at=None,
        changed_at=begins.at,
        changed_by=begins.by_whom,
        changed_why=begins.why,
        split_from=row.claim_id,
        split_root=second.split_root or row.claim_id,
        split_by=row.decision_id,
    )
    description = sealed.text(claims.description(tx, row.claim_id), "description")
    claims.add(tx, [off], descriptions={} if description is None else {off.claim_id: description})
    version = splits.follow(tx, off, follows)
    return replace(off, version=version, state=(follows or [begins])[-1].to_state)
