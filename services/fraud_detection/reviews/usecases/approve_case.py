"""A person approves a case, all of its transfers or some: it is paid, or proposed where it takes two persons."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.transfers import Transfer
from services.fraud_detection.claims.store import transfers
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.coverage.domain.cover import NO_FEN
from services.fraud_detection.decisions.domain.accepted_part import refused_fen
from services.fraud_detection.decisions.domain.authority import Authority
from services.fraud_detection.decisions.domain.payable import Payable
from services.fraud_detection.decisions.store import transfer_verdicts
from services.fraud_detection.decisions.store.decisions import DecisionRow
from services.fraud_detection.decisions.usecases.case_file import CaseFile
from services.fraud_detection.decisions.usecases.record_decision import payable_from, record
from services.fraud_detection.reviews.domain.errors import LimitUsedUp
from services.fraud_detection.reviews.domain.verdicts import Verdict
from services.fraud_detection.reviews.store import notes
from services.fraud_detection.reviews.store.proposals import ProposalRow
from services.fraud_detection.reviews.usecases.persons_decision import (
    audit_decision,
    persons_decision,
    sealed_transfers,
    sealed_words,
)
from services.fraud_detection.reviews.usecases.propose_approval import propose_approval
from services.fraud_detection.reviews.usecases.split_claim import split_claim
from services.fraud_detection.reviews.usecases.take_limits import TRIES, take, would_pay
from shared.db.transaction import Tx
from shared.process.new_ids import new_id
from shared.values.ids import DecisionId
from shared.values.money import Fen


@dataclass(frozen=True, slots=True)
class Approval:
    """What a person said, with their authority, and the decision that they had before them."""

    verdict: Verdict
    reviewer: str
    authority: Authority
    before: DecisionRow


def approve_case(
    tx: Tx,
    case: CaseFile,
    said: Approval,
    *,
    personal_data: PersonalData,
    now: datetime,
    decision_id: DecisionId | None = None,
) -> DecisionRow | ProposalRow:
    """Of a locked claim that waits for a person; the words were looked at. ``decision_id`` if it has one already.

    Raises:
        MandateOpen, PayeeIsAgent, PayeeMayBeAgent, PayeeUnknown, CoverRuleStands, LimitUsedUp, TransferPaid: as
            decide_review.
    """
    claim, verdict = case.claim, said.verdict
    told = told_transfers(tx, claim)
    refused, still_open = verdict.refused_lines, verdict.open_lines
    paying = case.without(told, refused, still_open) if verdict.transfers else case
    left_out = refused_fen(claim, told, refused, still_open) if refused else NO_FEN
    alone = not same_reference(tx, claim, refused | still_open)
    transfers.hold(tx, claim.claim_id)
    payable, within = _take(tx, paying, said.authority, whole=case, alone=alone)
    decision_id = decision_id or DecisionId(new_id())
    words = sealed_words(tx, personal_data, claim.claim_id, verdict)
    transfer_verdicts.add(tx, sealed_transfers(tx, personal_data, told, decision_id, verdict))
    if not within:
        return propose_approval(
            tx,
            claim,
            payable,
            proposal_id=decision_id,
            refused_fen=left_out,
            clause=verdict.ground,
            words=words,
            proposed_by=said.reviewer,
            now=now,
        )
    row = persons_decision(
        claim,
        "approved",
        by=said.reviewer,
        now=now,
        before=said.before,
        taken=payable,
        clause=verdict.ground,
        words=words,
        payable_from=payable_from(case.product, claim.reported_at, now=now),
        decision_id=decision_id,
        refused_fen=left_out,
    )
    settle_approval(tx, case, paying, row, still_open, personal_data=personal_data, now=now)
    return row


def settle_approval(
    tx: Tx,
    case: CaseFile,
    paying: CaseFile,
    row: DecisionRow,
    still_open: Collection[int],
    *,
    personal_data: PersonalData,
    now: datetime,
) -> None:
    """Write down what a person, or two, approved; what stays open is a claim of its own from then on.

    ``paying``: the case without the transfers that are not accepted.
    """
    # What the case is while it waits for a person, which it does no more once the decision is recorded.
    handed_on = notes.escalated(tx, [row.claim_id]).get(row.claim_id) if still_open else None
    transfers.refuse(tx, row.claim_id, paying.transfers.refused)
    record(tx, [(paying, row)], now=now)
    audit_decision(tx, row, now=now)
    if still_open:
        split_claim(tx, case.claim, row, still_open, handed_on=handed_on, personal_data=personal_data, now=now)


def told_transfers(tx: Tx, claim: Claim) -> tuple[Transfer, ...]:
    """Those that the claim tells one by one, in their order."""
    return tuple(each.transfer for each in transfers.of_claim(tx, claim.claim_id) if each.transfer.told)


def same_reference(tx: Tx, claim: Claim, left_out: Collection[int]) -> tuple[int, ...]:
    """The lines to be paid that somebody told apart from a transfer of the same reference: a second person confirms
    that, whatever the authority of the first one.
    """
    return tuple(line for line in transfers.apart_by_word(tx, claim.claim_id) if line not in left_out)


def is_within(authority: Authority, pays_fen: Fen, whole: CaseFile) -> bool:
    """Whether an approval of ``pays_fen`` on the ``whole`` claim is within the person's authority.

    What a claim was split into counts together, so that nobody approves in parts what takes two persons.
    """
    return authority.covers(
        pays_fen=Fen(pays_fen + sum(each.approved_fen for each in whole.parts)),
        claimed_fen=Fen(whole.claim.amount_fen + sum(each.amount_fen for each in whole.parts)),
    )


def _take(tx: Tx, case: CaseFile, authority: Authority, *, whole: CaseFile, alone: bool) -> tuple[Payable, bool]:
    """Hold the claim against the rules once more, and take the limit if the person may approve it alone; whether so.

    ``whole``: the case with what is not accepted. ``alone``: whether one person approves it at all.
    """
    for _ in range(TRIES):
        payable, _use = would_pay(tx, case)
        if not (alone and is_within(authority, payable.amount_fen, whole)):
            return payable, False
        if take(tx, case, payable):
            return payable, True
    raise LimitUsedUp(case.claim.policy_id)
