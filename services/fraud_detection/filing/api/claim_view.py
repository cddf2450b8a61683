"""A claim as its resident may see it: state, sentences, amount, payout. Never a score, never who reviewed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.clocks import Reached, decide_by
from services.fraud_detection.claims.domain.states import State
from services.fraud_detection.claims.domain.transfers import HeldElsewhere
from services.fraud_detection.claims.store import courses, payees, payouts, representatives, splits, transfers
from services.fraud_detection.claims.store.payees import PayeeRow
from services.fraud_detection.claims.store.payouts import PayoutRow
from services.fraud_detection.claims.store.representatives import RepresentativeRow
from services.fraud_detection.claims.store.splits import SplitOff
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.coverage.store import coverage
from services.fraud_detection.decisions.domain.sentences import sentence, sums
from services.fraud_detection.decisions.store import decisions
from services.fraud_detection.decisions.store.decisions import DecisionRow
from services.fraud_detection.filing.api.reason_view import ReasonView, reason
from services.fraud_detection.filing.api.representatives import RepresentativeView
from services.fraud_detection.filing.api.transfer_decisions import TransferDecisionView, transfer_decisions
from services.fraud_detection.filing.domain.status import Actor, status, why_not_paid
from shared.db.transaction import Tx
from shared.events.claims import Outcome
from shared.values.ids import ClaimId, DecisionId, PolicyId, TokenHex
from shared.web.models import ReplyModel


class DecisionView(ReplyModel):
    """The newest decision; what the machine proposes to a person is none."""

    decision_id: str
    outcome: Outcome
    amount_fen: int
    reasons: list[ReasonView]
    transfers: list[TransferDecisionView]
    """Where only some of the claim's transfers are paid for: each, and of the others why."""
    decided_at: datetime
    payable_from: datetime | None
    """When the recovery wait is over and the money is sent; null unless approved."""


class PayoutView(ReplyModel):
    """The payment, as the payout service last told it."""

    payout_id: str
    state: Literal["scheduled", "paid", "rejected", "returned"]
    amount_fen: int
    changed_at: datetime
    why_zh: str | None
    """Why it failed, if it did."""
    why_en: str | None


class AccountView(ReplyModel):
    """The account to be paid to, as far as its holder needs it to know it again."""

    holder_masked: str
    account_masked: str


class StatusWords(ReplyModel):
    """The state in plain words, to be shown as they are."""

    now_zh: str
    now_en: str
    next_zh: str
    """What comes next, who does it and by when."""
    next_en: str
    acts: Actor
    """Who acts next; `you` is the claimant."""
    by: datetime | None
    """By when; in `recovery_wait` it is not before. Null where there is no date."""


class StatusView(StatusWords):
    """The state in plain words, to be shown as they are."""

    missing: list[ReasonView]
    """What was asked for and has not come. `payee_unknown`, also in `in_review`: the account to be paid to is unknown.
    Register it with payout (`POST /v1/payees`) and name it by `PUT /v1/claims/{claim_id}/payee`.
    """


class SplitFromView(ReplyModel):
    """The claim that this one was split off, whose undisputed part was paid first."""

    claim_id: str
    text_zh: str
    text_en: str
    transfers: list[TransferDecisionView]
    """Those that stayed open, and why; by when they are decided, `status` of this claim says."""


class SplitIntoView(ReplyModel):
    """A claim of the transfers that stayed open when the rest of this one was approved."""

    claim_id: str
    state: State
    amount_fen: int
    """What is claimed in it."""
    by: datetime | None
    """By when it is decided, while a person has to."""
    transfers: list[TransferDecisionView]
    """Those that stayed open, and why; also once this claim is decided anew."""


class OtherCoverView(ReplyModel):
    """Another insurer's cover of the loss, as it was told."""

    insurer: str
    """Empty once the person was erased."""
    sum_insured_fen: int
    paid_fen: int


class ClaimView(ReplyModel):
    """One claim."""

    claim_id: str
    version: int
    state: State
    """While a person has to decide it is `in_review`, whatever the machine proposes."""
    status: StatusView
    policy_id: str
    liability: str
    amount_fen: int
    """What was claimed."""
    currency: str
    submitted_at: datetime
    other_covers: list[OtherCoverView]
    """Other insurers' covers of the loss, as you told them."""
    duplicate_of: str | None
    """The claim that has one of this one's transfers already; null where none has."""
    representative: RepresentativeView | None
    """Null where nobody acts for the insured."""
    split_from: SplitFromView | None
    """Null but for a claim that was split off another one."""
    split_into: list[SplitIntoView]
    account: AccountView | None
    """Null until the payout service has told of it."""
    decision: DecisionView | None
    payout: PayoutView | None


def view(tx: Tx, claim: Claim, personal_data: PersonalData) -> ClaimView:
    return views(tx, [claim], personal_data)[0]


@dataclass(frozen=True, slots=True)
class _Around:
    """What stands around several claims, by claim, and by token for accounts."""

    decided: Mapping[ClaimId, DecisionRow]
    paid: Mapping[ClaimId, PayoutRow]
    steps: Mapping[ClaimId, tuple[Reached, ...]]
    """Of those that wait for a person's decision."""
    accounts: Mapping[TokenHex, PayeeRow]
    erased: frozenset[PolicyId]
    """Of those whose account is not known: who asked to be forgotten names no other one."""
    held: Mapping[ClaimId, tuple[HeldElsewhere, ...]]
    by_transfer: Mapping[DecisionId, list[TransferDecisionView]]
    acting: Mapping[ClaimId, RepresentativeRow]
    off: Mapping[ClaimId, tuple[SplitOff, ...]]


def views(tx: Tx, found: Sequence[Claim], personal_data: PersonalData) -> list[ClaimView]:
    """Several at once, by ten queries for all at the most; by three where all were just filed."""
    ids = [claim.claim_id for claim in found]
    # What was decided, and what came after it, has a later version.
    later = [claim.claim_id for claim in found if claim.version > 1]
    decided, off = decisions.latest(tx, later), splits.off(tx, later)
    of_others = [part for parts in off.values() for part in parts]
    splitting = {part.split_by for part in of_others} | {claim.split_by for claim in found if claim.split_by}
    in_part = [each.decision_id for each in decided.values() if each.refused_fen]
    states = {each.claim_id: each.state for each in found} | {each.claim_id: each.state for each in of_others}
    accounts = payees.find(tx, {claim.payee_token for claim in found})
    around = _Around(
        decided,
        payouts.of_claims(tx, later),
        courses.of_claims(tx, [claim_id for claim_id, state in states.items() if state in {"in_review", "appealed"}]),
        accounts,
        _erased(tx, [each.policy_id for each in found if _wants_an_account(each, accounts)]),
        transfers.held_by_others(tx, ids),
        transfer_decisions(tx, [*in_part, *splitting], personal_data),
        representatives.many(tx, ids),
        off,
    )
    return [_view(tx, each, around, personal_data) for each in found]


def _view(tx: Tx, claim: Claim, around: _Around, personal_data: PersonalData) -> ClaimView:
    newest, payout = around.decided.get(claim.claim_id), around.paid.get(claim.claim_id)
    asked = (
        newest is not None
        and newest.outcome == "documents_requested"
        and claim.state in {"documents_requested", "waiting_for_police"}
    )
    decision = None if newest is None or newest.outcome in _PROPOSED else newest
    account_unknown = _wants_an_account(claim, around.accounts) and claim.policy_id not in around.erased
    missing = told(tx, newest, personal_data) if newest is not None and asked else []
    return ClaimView.of(
        claim,
        status=StatusView.of(
            status(claim.state, by=_by(claim, around), account_unknown=account_unknown),
            missing=[*missing, reason("payee_unknown")] if account_unknown else missing,
        ),
        representative=around.acting.get(claim.claim_id),
        account=around.accounts.get(claim.payee_token),
        decision=None
        if decision is None
        else DecisionView.of(
            decision,
            reasons=told(tx, decision, personal_data, splits=_has_split(decision, around)),
            transfers=around.by_transfer.get(decision.decision_id, []),
        ),
        payout=None if payout is None else _payout(payout),
        duplicate_of=next((other.holder for other in around.held.get(claim.claim_id, ())), None),
        split_from=_split_from(claim, around),
        split_into=[
            SplitIntoView.of(
                each,
                by=None if (steps := around.steps.get(each.claim_id)) is None else decide_by(steps),
                transfers=_stayed_open(each.split_by, around),
            )
            for each in around.off.get(claim.claim_id, ())
        ],
    )


def _has_split(decision: DecisionRow, around: _Around) -> bool:
    return any(each.split_by == decision.decision_id for each in around.off.get(decision.claim_id, ()))


def _split_from(claim: Claim, around: _Around) -> SplitFromView | None:
    if claim.split_from is None or claim.split_by is None:
        return None
    text_zh, text_en = sentence("split_off")
    stayed = _stayed_open(claim.split_by, around)
    return SplitFromView(claim_id=claim.split_from, text_zh=text_zh, text_en=text_en, transfers=stayed)


def _stayed_open(split_by: DecisionId, around: _Around) -> list[TransferDecisionView]:
    return [each for each in around.by_transfer.get(split_by, ()) if each.open]


def _by(claim: Claim, around: _Around) -> datetime | None:
    steps = around.steps.get(claim.claim_id)
    return claim.due_at if steps is None else decide_by(steps)


def _erased(tx: Tx, policy_ids: Sequence[PolicyId]) -> frozenset[PolicyId]:
    """Those whose insured asked to be forgotten."""
    covers = coverage.many(tx, policy_ids) if policy_ids else {}
    return frozenset(policy_id for policy_id, cover in covers.items() if cover.erased)


def _wants_an_account(claim: Claim, accounts: Mapping[TokenHex, PayeeRow]) -> bool:
    return claim.state in _NEEDS_THE_ACCOUNT and claim.payee_token not in accounts


_NEEDS_THE_ACCOUNT: Final[frozenset[State]] = frozenset({"waiting_for_payee", "in_review"})
"""Of these nothing is approved before the account is known."""
_PROPOSED: Final[frozenset[Outcome]] = frozenset({"review", "refusal_proposed"})
"""What the machine says to a person, and to nobody else."""


def _payout(payout: PayoutRow) -> PayoutView:
    failed = payout.state in {"rejected", "returned"}
    why_zh, why_en = why_not_paid(payout.reason or "") if failed else (None, None)
    return PayoutView.of(payout, why_zh=why_zh, why_en=why_en)


def told(tx: Tx, decision: DecisionRow, personal_data: PersonalData, *, splits: bool = False) -> list[ReasonView]:
    """What the resident is told of a decision; ``splits``: transfers stay open, in a claim that it split off."""
    match decision.outcome:
        case "approved" if splits:
            return [reason("approved_undisputed_part"), *_shared(decision)]
        case "approved":
            return [reason("approved_in_part" if decision.refused_fen else "approved"), *_shared(decision)]
        case "review" | "refusal_proposed":
            return [reason("under_review")]
        case "refused":
            return _told_by_person(tx, decision, personal_data)
        case "documents_requested":
            return [ReasonView.of(each) for each in decision.failures]


def _shared(decision: DecisionRow) -> list[ReasonView]:
    """How other insurers bear their parts of the loss, where they do."""
    among = decision.among_insurers
    return [] if among is None else [reason("shared_with_insurers", **sums(among))]


def _told_by_person(tx: Tx, decision: DecisionRow, personal_data: PersonalData) -> list[ReasonView]:
    """The reasons of a refusal, and of an exclusion what was found."""
    clause = decision.clause or ""
    if not decision.reasons:  # the person was erased, and with it what was written to that person
        return [reason("reasons_erased", clause)]

    def opened(sealed: bytes, field: str) -> str:
        return personal_data.open(tx, sealed, decision.claim_id, field)

    text_zh = opened(decision.reasons, "reasons")
    # Refusals of before both languages were asked for have one text.
    text_en = opened(decision.reasons_en, "reasons_en") if decision.reasons_en else text_zh
    reasons = [ReasonView(code="refused_by_person", clause=clause, text_zh=text_zh, text_en=text_en)]
    if decision.found_zh and decision.found_en:
        found_zh, found_en = opened(decision.found_zh, "found_zh"), opened(decision.found_en, "found_en")
        reasons.append(ReasonView(code="exclusion_found", clause=clause, text_zh=found_zh, text_en=found_en))
    return reasons
