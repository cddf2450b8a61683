"""What a claimant changes of a claim that is filed: withdraws it, tells of money that came back, names another account,
asks for a person. What a step leads to elsewhere is decisions'.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.errors import IllegalStep, PolicyErased
from services.fraud_detection.claims.domain.states import State, legal_after
from services.fraud_detection.claims.store import claims, recoveries, splits
from services.fraud_detection.claims.store.recoveries import Recovery, RecoveryKind
from services.fraud_detection.claims.usecases.submit import file_anew, submit
from services.fraud_detection.coverage.store import coverage, erased_policies
from services.fraud_detection.decisions.domain.accepted_part import among_parts
from services.fraud_detection.decisions.store import limits, reviews
from services.fraud_detection.decisions.usecases.settle_recoveries import settle_recoveries
from services.fraud_detection.decisions.usecases.stop_approval import give_up, say_stopped
from services.fraud_detection.filing.domain.filing import CLOCKS_APART
from services.fraud_detection.filing.usecases.complete_claim import own
from shared.db.transaction import Tx
from shared.process.new_ids import new_id
from shared.values.errors import InvalidField
from shared.values.ids import ClaimId, TokenHex
from shared.values.money import Fen

_BEFORE_PAYMENT: Final[tuple[State, ...]] = ("approved", "recovery_wait")
_PAID: Final[tuple[State, ...]] = ("paid", "recovered", "closed")
"""Where something is held still, for a claim is closed unpaid too."""
_TAKES_ANOTHER_PAYEE: Final[tuple[State, ...]] = (
    "waiting_for_policy",
    "waiting_for_payee",
    "documents_requested",
    "waiting_for_police",
    "in_review",
    "payment_failed",
)
_BEFORE_DECISION: Final[tuple[State, ...]] = ("filed", "waiting_for_policy", "waiting_for_payee")
TAKES_A_PERSON: Final[tuple[State, ...]] = ("in_review", "appealed", "documents_requested", *_BEFORE_DECISION)
"""Of these a person decides where the claimant wants one."""


def withdraw(tx: Tx, claim_id: ClaimId, *, tenant: str, now: datetime) -> None:
    """Take the claim back. An approved one is stopped first; if the money had left, it is paid.

    Raises:
        UnknownClaim: it is none of this tenant's.
        IllegalStep: it is paid, refused or over.
    """
    claim = own(tx, claim_id, tenant)
    if claim.state in _BEFORE_PAYMENT:
        _stop(tx, claim, by=tenant, why="withdrawn", now=now)
        return
    if claim.state == "stopping":
        # Whether the money had left, payout says: until then nothing is given back.
        if claim.changed_why == "withdrawn":
            return
        raise IllegalStep(claim_id, claim.state, "withdrawn", "what it is once payout has answered")
    withdrawn = claims.step(tx, claim, "withdrawn", now=now, by=tenant, why="withdrawn")
    reviews.close(tx, claim_id, now=now)
    give_up(tx, withdrawn, "withdrawn", now=now)


@dataclass(frozen=True, slots=True)
class CameBack:
    """Money that came back of a loss."""

    kind: RecoveryKind
    amount_fen: Fen
    came_at: datetime


def tell_recovery(tx: Tx, claim_id: ClaimId, back: CameBack, *, tenant: str, now: datetime) -> None:
    """Before payment less is payable: what was approved is decided anew. Afterwards it is the insurer's, up to what it
    paid. What an insurer of the claim's other covers pays is told apart from what came back, and is of all parts of a
    claim that was split, whichever it is told of.

    Raises:
        UnknownClaim: it is none of this tenant's.
        PolicyErased: the insured was forgotten, and what is approved stays so.
        InvalidField: more came back than was lost, or at no time that can be.
    """
    parts = splits.lock_parts(tx, claim_id) if back.kind == "other_insurance" else []
    claim = own(tx, claim_id, tenant)
    if not claim.occurred_at <= back.came_at <= now + CLOCKS_APART:
        raise InvalidField(
            "/came_at", "This is before the loss, or in the future.", "Send when the money came, with its zone."
        )
    of_others = back.kind == "other_insurance" and bool(claim.other_covers)
    told_of = parts if of_others else [claim]
    before = sum(each.other_insurance_fen if of_others else each.recovered_fen for each in told_of)
    lost = sum(each.amount_fen for each in told_of)
    if before + back.amount_fen > lost:
        raise InvalidField(
            "/amount_fen",
            f"With the {before} fen told before, more came back than was lost ({lost} fen).",
            "Send what came back this time." if of_others else _what_to_send(tx, claim),
        )
    if {each.state for each in told_of} & {*_BEFORE_PAYMENT} and erased_policies.is_over(tx, claim.policy_id):
        raise PolicyErased(claim.policy_id)
    if not of_others:
        _tell(tx, claim, back, claims.tell_recovery, tenant=tenant, now=now)
        return
    for part, fen in zip(parts, among_parts(parts, back.amount_fen), strict=True):
        if fen:
            _tell(tx, part, replace(back, amount_fen=fen), claims.tell_paid_elsewhere, tenant=tenant, now=now)


def _tell(
    tx: Tx, claim: Claim, back: CameBack, tell: Callable[[Tx, Claim, Fen], Claim], *, tenant: str, now: datetime
) -> None:
    """Of one claim, and what follows from it."""
    recovery = Recovery(
        recovery_id=new_id(),
        claim_id=claim.claim_id,
        kind=back.kind,
        amount_fen=back.amount_fen,
        insurers_fen=Fen(0),
        came_at=back.came_at,
        told_at=now,
        told_by=tenant,
    )
    recoveries.add(tx, recovery)
    claim = tell(tx, claim, back.amount_fen)
    if claim.state in _BEFORE_PAYMENT:
        _stop(tx, claim, by=tenant, why="recovered", now=now)
        return
    held = limits.standing(tx, claim.claim_id)
    if claim.state in _PAID and held is not None:
        came_back = settle_recoveries(tx, claim, held)
        if came_back and claim.state != "recovered":
            claims.step(tx, claim, "recovered", now=now, by=tenant, why=back.kind)


def _what_to_send(tx: Tx, claim: Claim) -> str:
    if claim.split_from is None and not splits.off(tx, [claim.claim_id]):
        return "Send what came back this time."
    return "Tell each claim of split_from and split_into what came back this time of its own transfers."


def name_payee(tx: Tx, claim_id: ClaimId, payee_token: TokenHex, *, tenant: str, now: datetime) -> None:
    """Name another account: before the decision, or after a payment failed, which is then decided anew.

    Raises:
        UnknownClaim: it is none of this tenant's.
        IllegalStep: it is about to be decided, approved, or over.
        PolicyErased: the insured asked to be forgotten.
    """
    claim = own(tx, claim_id, tenant)
    if claim.state not in _TAKES_ANOTHER_PAYEE:
        raise IllegalStep(claim_id, claim.state, "filed with another account", ", ".join(legal_after(claim.state)))
    cover = coverage.find(tx, claim.policy_id)
    if cover is not None and cover.erased:
        raise PolicyErased(claim.policy_id)
    before = claim.state
    claim = claims.change_payee(tx, claim, payee_token)
    if before == "payment_failed":
        claim = claims.step(tx, claim, "filed", now=now, by=tenant, why="another_account", new_round=True)
        give_up(tx, claim, "another_account", now=now)
        submit(tx, claim, now=now)
    elif before == "waiting_for_payee":
        file_anew(tx, claim, by=tenant, why="another_account", now=now, new_round=False)


def want_person(tx: Tx, claim_id: ClaimId, *, tenant: str, now: datetime) -> None:
    """Have a person decide (Personal Information Protection Law of the PRC, art. 24). One who decided already stays.

    Raises:
        UnknownClaim: it is none of this tenant's.
        IllegalStep: it is decided, or over.
    """
    claim = own(tx, claim_id, tenant)
    if claim.state in ("in_review", "appealed"):
        return
    if claim.state == "documents_requested":
        claim = claims.want_person(tx, claim)
        file_anew(tx, claim, by=tenant, why="person_wanted", now=now)
    elif claim.state in _BEFORE_DECISION:
        claims.want_person(tx, claim)
    else:
        raise IllegalStep(claim_id, claim.state, "in_review", ", ".join(legal_after(claim.state)))


def _stop(tx: Tx, claim: Claim, *, by: str, why: str, now: datetime) -> None:
    held = limits.standing(tx, claim.claim_id)
    stopping = claims.step(tx, claim, "stopping", now=now, by=by, why=why)
    if held is not None:
        say_stopped(tx, stopping, held.decision_id, "withdrawn" if why == "withdrawn" else "recovered", now=now)
