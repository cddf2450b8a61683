"""What becomes of a claim once its rules and its score are known. Never refuses: only a person does.

Where the thresholds come from is the fraud team's business: they stand with the promoted model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, assert_never

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.coverage.domain.cover import Product
from services.fraud_detection.decisions.domain.cover_rules import FailedRule, rule
from services.fraud_detection.decisions.domain.resembling import Repeated
from services.fraud_detection.models.domain.explanation import ScoreExplanation
from shared.values.money import Fen
from shared.values.payee_doubts import PayeeDoubt

Why: TypeAlias = (
    PayeeDoubt
    | Literal[
        "appeal",
        "split_off",
        "person_wanted",
        "amended_in_review",
        "passed_on_before",
        "police_overdue",
        "representative",
        "partly_refused",
        "no_model",
        "scorer_failed",
        "organization",
        "policy_erased",
        "related_claim",
        "resembles_earlier_claim",
        "reference_of_another_person",
        "score",
        "amount",
        "claimed_amount",
        "limit_contended",
        "sandbox",
    ]
)


STAYS_WITH_A_PERSON: Final[frozenset[Why]] = frozenset(
    {
        "amended_in_review",
        "passed_on_before",
        "partly_refused",
        "split_off",
        "related_claim",
        "resembles_earlier_claim",
        "reference_of_another_person",
        "score",
        "amount",
        "claimed_amount",
        "sandbox",
    }
)
"""Doubts about the claim itself. The others are of the account, of a paper that is late or of our own house, and end
when those are mended.
"""


@dataclass(frozen=True, slots=True)
class Approve:
    amount_fen: Fen


@dataclass(frozen=True, slots=True)
class Review:
    why: Why


@dataclass(frozen=True, slots=True)
class AskDocuments:
    failed: tuple[FailedRule, ...]


@dataclass(frozen=True, slots=True)
class ProposeRefusal:
    failed: tuple[FailedRule, ...]


@dataclass(frozen=True, slots=True)
class AwaitPayee:
    """Nothing is decided yet: payout has not announced the account, as it does moments after it is registered."""


Settled: TypeAlias = Approve | Review | AskDocuments | ProposeRefusal
"""What is told as a decision."""
Decision: TypeAlias = Settled | AwaitPayee


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What the promoted model says, and from where on the fraud team trusts it to approve alone."""

    model_id: str
    sha256: str
    probability: float
    explanation: ScoreExplanation
    approve_below: float
    auto_approve_limit_fen: Fen
    auto_approve_loss_limit_fen: Fen


@dataclass(frozen=True, slots=True)
class NoOpinion:
    """No model is promoted, the scorer failed, or the claim is of a kind that the model never learned: a person looks.

    The model was trained on residents: of an organization's claim, or one whose person is erased, it knows nothing.
    """

    why: Literal["no_model", "scorer_failed", "organization", "policy_erased"]


def decide(
    product: Product,
    claim: Claim,
    failed: tuple[FailedRule, ...],
    amount_fen: Fen,
    opinion: Opinion | NoOpinion,
    *,
    related: bool = False,
    payee_doubts: Sequence[PayeeDoubt] = (),
    repeats: Repeated | None = None,
    partly_refused: bool = False,
    passed_on: bool = False,
    mandate_open: bool = False,
) -> Decision:
    """Rules first, then who acts, the account, other claims, the amount and the score. An appeal always goes to a
    person, and so does what a person left open when the rest was approved.

    ``partly_refused``: a person did not accept some of its transfers, which no machine takes back. ``related``: another
    claim on the policy may be of the same event. ``mandate_open``: somebody acts for the insured, and no person found
    that they may, or the mandate ended. ``repeats``: the claim looks like an earlier one.
    ``payee_doubts`` are what speaks against the account, the weightiest first: money goes there by a person's decision
    alone, whatever the model or a sandbox value says. An account that is not known is waited for once; then a person
    looks. What was amended after it had been passed on to a person stays with one, and so does what was ``passed_on``
    for a doubt about the claim: else whoever waits would try which facts the machine lets pass.
    """
    by_rules = (
        _before_rules(product, claim, failed, partly_refused=partly_refused)
        or _by_rules(failed)
        or _by_mandate(claim, payee_doubts, mandate_open=mandate_open)
        or _by_payee(claim, payee_doubts)
    )
    if claim.amended_in_review and (by_rules is None or isinstance(by_rules, AskDocuments | AwaitPayee)):
        return Review("amended_in_review")
    decision = by_rules or _by_opinion(claim, amount_fen, opinion, related=related, repeats=repeats)
    return Review("passed_on_before") if passed_on and isinstance(decision, Approve) else decision


def _by_rules(failed: tuple[FailedRule, ...]) -> Decision | None:
    refusing = tuple(each for each in failed if each.remedy == "refuse")
    if refusing:
        return ProposeRefusal(refusing)
    return AskDocuments(failed) if failed else None


def _by_mandate(claim: Claim, doubts: Sequence[PayeeDoubt], *, mandate_open: bool) -> Decision | None:
    """Before the account is doubted, for a guardian's is not once the mandate holds; but not before it is known."""
    return Review("representative") if mandate_open and not _awaits_payee(claim, doubts) else None


def _by_payee(claim: Claim, doubts: Sequence[PayeeDoubt]) -> Decision | None:
    if not doubts:
        return None
    return AwaitPayee() if _awaits_payee(claim, doubts) else Review(doubts[0])


def _awaits_payee(claim: Claim, doubts: Sequence[PayeeDoubt]) -> bool:
    return bool(doubts) and doubts[0] == "payee_unknown" and claim.changed_why != "waiting_for_payee_over"


def _by_opinion(
    claim: Claim, amount_fen: Fen, opinion: Opinion | NoOpinion, *, related: bool, repeats: Repeated | None
) -> Decision:
    if claim.sandbox_value == "approve":
        return Approve(amount_fen) if repeats is None else Review(repeats)
    match opinion:
        case NoOpinion(why=why):
            return Review(why)
        case Opinion():
            doubt: Why | None = "related_claim" if related else repeats or _doubt(claim, amount_fen, opinion)
            return Approve(amount_fen) if doubt is None else Review(doubt)
    assert_never(opinion)


def _doubt(claim: Claim, amount_fen: Fen, opinion: Opinion) -> Why | None:
    """Why the machine does not approve alone."""
    if amount_fen > opinion.auto_approve_limit_fen:
        return "amount"
    if claim.amount_fen > opinion.auto_approve_loss_limit_fen:
        return "claimed_amount"
    return None if opinion.probability < opinion.approve_below else "score"


def _before_rules(
    product: Product, claim: Claim, failed: tuple[FailedRule, ...], *, partly_refused: bool
) -> Decision | None:
    """What goes to a person whatever the rules say, or what a sandbox value forces."""
    if claim.appealed:
        return Review("appeal")
    if claim.split_from is not None:
        return Review("split_off")
    if partly_refused:
        return Review("partly_refused")
    if claim.person_wanted:
        return Review("person_wanted")
    if claim.changed_why == "waiting_for_police_over":
        return Review("police_overdue")
    return _forced(product, claim, failed)


def _forced(product: Product, claim: Claim, failed: tuple[FailedRule, ...]) -> Decision | None:
    """By a sandbox value.

    A forced approval passes the model's doubt, never a failed rule or a loss that looks like one claimed before.
    """
    match claim.sandbox_value:
        case "review":
            return Review("sandbox")
        case "refusal_proposed":
            return ProposeRefusal((rule(product, "sandbox_refusal"), *failed))
        case "documents" if claim.round == 1:
            return AskDocuments((rule(product, "sandbox_documents", remedy="documents"),))
        case "duplicate":
            found = tuple(each for each in failed if each.code == "duplicate_loss")
            return ProposeRefusal(found or (rule(product, "duplicate_loss", zh={"claim": "sandbox"}),))
        case _:
            return None
