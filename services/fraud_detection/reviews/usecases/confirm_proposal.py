"""A second person confirms what another one proposed to approve, or sends it back with a note."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.store import claims, transfers
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.coverage.store.products import Terms
from services.fraud_detection.decisions.domain.authority import Authority
from services.fraud_detection.decisions.domain.payable import Payable
from services.fraud_detection.decisions.store import transfer_verdicts
from services.fraud_detection.decisions.store.decisions import DecisionRow
from services.fraud_detection.decisions.usecases.case_file import CaseFile, collect, hold
from services.fraud_detection.decisions.usecases.record_decision import payable_from
from services.fraud_detection.reviews.domain.errors import (
    AboveAuthority,
    AnotherPersonConfirms,
    NoProposal,
    ProposalOutdated,
)
from services.fraud_detection.reviews.store import authorities, leases, proposals
from services.fraud_detection.reviews.store.proposals import ProposalRow
from services.fraud_detection.reviews.usecases.act import count
from services.fraud_detection.reviews.usecases.approve_case import is_within, settle_approval, told_transfers
from services.fraud_detection.reviews.usecases.hold_case import (
    require_another_person,
    require_free,
    require_nobody_elses,
)
from services.fraud_detection.reviews.usecases.lock_case import lock_waiting
from services.fraud_detection.reviews.usecases.persons_decision import persons_decision
from services.fraud_detection.reviews.usecases.take_limits import take
from shared.db import audit
from shared.db.transaction import Tx
from shared.values.ids import ClaimId


def confirm_proposal(
    tx: Tx,
    claim_id: ClaimId,
    proposal_id: str,
    *,
    reviewer: str,
    senior: bool = False,
    lowest: Authority,
    require_match: Callable[[int], None],
    personal_data: PersonalData,
    now: datetime,
) -> DecisionRow:
    """The approval, by ``reviewer`` on the other person's proposal. It pays what was proposed, to the fen, or nothing.

    It takes effect at once: two persons have thought already.

    Raises:
        UnknownClaim: there is none.
        VersionMismatch: by ``require_match``: the claim changed since the person read it.
        NoOpenReview, NoProposal: nothing of the kind waits.
        AnotherPersonConfirms: it is the person's own proposal.
        AnotherPersonDecides: the person decided on this claim before.
        DecisionWaits, HeldByAnother, AssignedToAnother, SeniorDecides: by ``require_free``.
        AboveAuthority: it is above the person's own authority too.
        ProposalOutdated: something else would be paid by now.
        MandateOpen, PayeeIsAgent, PayeeMayBeAgent, PayeeUnknown, CoverRuleStands, LimitUsedUp, TransferPaid: as
            an approval of one person.
    """
    claim, before = lock_waiting(tx, claim_id, require_match)
    proposal = _standing(tx, claim, proposal_id)
    if proposal.proposed_by == reviewer:
        raise AnotherPersonConfirms(claim_id)
    require_another_person(tx, claim_id, before, reviewer, proposal.proposed_by)
    require_free(tx, claim, reviewer, senior=senior, now=now)
    whole = collect(tx, hold(tx, [claim]), Terms())[claim_id]
    if not is_within(authorities.of_person(tx, reviewer, lowest), proposal.amount_fen, whole):
        raise AboveAuthority(claim_id)
    leases.give_back(tx, claim_id)
    case, still_open = _as_proposed(tx, whole, proposal)
    agreed = Payable(proposal.amount_fen, proposal.deductible_fen, proposal.event_deductible_fen)
    transfers.hold(tx, claim_id)
    if not take(tx, case, agreed):
        raise ProposalOutdated(claim_id)
    row = persons_decision(
        claim,
        "approved",
        by=reviewer,
        now=now,
        before=before[-1],
        taken=agreed,
        clause=proposal.clause,
        words={name: text for name in ("reasons", "reasons_en") if (text := getattr(proposal, name))},
        payable_from=payable_from(case.product, claim.reported_at, now=now),
        decision_id=proposal.proposal_id,
        proposed_by=proposal.proposed_by,
        refused_fen=proposal.refused_fen,
    )
    settle_approval(tx, whole, case, row, still_open, personal_data=personal_data, now=now)
    proposals.end(tx, proposal, "confirmed", by=reviewer, now=now)
    count(row)
    return row


def send_back(
    tx: Tx,
    claim_id: ClaimId,
    proposal_id: str,
    note: str,
    *,
    reviewer: str,
    require_match: Callable[[int], None],
    personal_data: PersonalData,
    now: datetime,
) -> ProposalRow:
    """The case waits for a person as before, with the note; whoever proposed may take it back so too.

    Raises:
        UnknownClaim, VersionMismatch, NoOpenReview, NoProposal, HeldByAnother, AssignedToAnother: as confirm_proposal.
    """
    claim, _ = lock_waiting(tx, claim_id, require_match)
    proposal = _standing(tx, claim, proposal_id)
    require_nobody_elses(tx, claim_id, reviewer, now=now)
    leases.give_back(tx, claim_id)
    claims.touch(tx, claim)
    sealed = personal_data.seal(tx, note, claim_id, f"proposal {proposal_id}")
    proposals.end(tx, proposal, "sent_back", by=reviewer, now=now, note=sealed)
    details = {"decision_id": proposal.proposal_id, "proposed_by": proposal.proposed_by}
    audit.record(tx, actor=reviewer, action="claim.proposal_sent_back", subject=claim_id, details=details, now=now)
    return next(each for each in proposals.of_claim(tx, claim_id) if each.proposal_id == proposal_id)


def _as_proposed(tx: Tx, case: CaseFile, proposal: ProposalRow) -> tuple[CaseFile, frozenset[int]]:
    """Without the transfers that the first person did not accept; and the lines of those that stay open."""
    verdicts = transfer_verdicts.of_decisions(tx, [proposal.proposal_id]).get(proposal.proposal_id, ())
    refused = frozenset(each.line for each in verdicts if not (each.accepted or each.open))
    still_open = frozenset(each.line for each in verdicts if each.open)
    return (case.without(told_transfers(tx, case.claim), refused, still_open) if verdicts else case), still_open


def _standing(tx: Tx, claim: Claim, proposal_id: str) -> ProposalRow:
    proposal = proposals.standing(tx, [claim.claim_id]).get(claim.claim_id)
    if proposal is None or proposal.proposal_id != proposal_id:
        raise NoProposal(claim.claim_id)
    return proposal
