"""The cover rules: which of them a claim fails, each with clause and sentence. What follows is decision_policy's.

Sources: the Insurance Law of the PRC, art. 21 (notice of loss), 22 (evidence asked for once and completely), 24 (a
refusal is written and reasoned), 56 (double cover); the rest is the product's own terms.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from services.fraud_detection.claims.domain.claims import Claim, OtherClaim
from services.fraud_detection.claims.domain.transfers import NO_TRANSFERS, HeldElsewhere, TransferFacts
from services.fraud_detection.coverage.domain.cover import (
    ALONE,
    Coverage,
    LimitUse,
    Product,
    Share,
    liability,
    listed_at,
)
from services.fraud_detection.decisions.domain.one_event import are_told_apart, is_of_another_part, is_same_loss
from services.fraud_detection.decisions.domain.payable import (
    annual_left,
    event_left,
    is_within_deductibles,
    payable,
    still_lost,
)
from services.fraud_detection.decisions.domain.sentences import sentence
from shared.values.evidence_kinds import EVIDENCE_NAMES
from shared.values.ids import ClaimId
from shared.values.rule_codes import RuleCode

RULE_VERSION: Final = "cover-10"
"""Grows when a rule's meaning changes; it stands on every decision."""

WAIVABLE: Final[frozenset[str]] = frozenset(
    {
        "not_the_insured",
        "report_too_late",
        "outside_look_back",
        "received_outside_term",
        "item_not_listed",
        "duplicate_loss",
        "evidence_missing",
        "sandbox_refusal",
        "sandbox_documents",
    }
)
"""What a person may pass with a reason: a late report for good cause, a repeat victim, a listed thing by another name.

Cover itself nobody can make.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedRule:
    """One rule that stands against a claim. ``remedy`` says what it leads to; ``claim_id`` names another claim."""

    code: str
    clause: str
    text_zh: str
    text_en: str
    remedy: Literal["refuse", "documents"] = "refuse"
    claim_id: ClaimId | None = None

    @property
    def waivable(self) -> bool:
        return self.code in WAIVABLE


def failed_rules(
    product: Product,
    coverage: Coverage,
    claim: Claim,
    *,
    evidence: frozenset[str],
    others: Iterable[OtherClaim],
    use: LimitUse,
    share: Share = ALONE,
    transfers: TransferFacts = NO_TRANSFERS,
    represented: bool = False,
) -> tuple[FailedRule, ...]:
    """All rules that the claim fails, none left out: a resident hears everything at once.

    ``evidence`` is the kinds handed in, ``others`` the other claims of the person and of the policies that share,
    ``transfers`` what is known of the claim's transfers beside theirs. ``represented``: somebody acts for the insured.
    """
    return (
        *_person(product, coverage, claim),
        *does_not_answer(product, coverage, claim),
        *_report(product, claim),
        *_received(product, coverage, claim),
        *_duplicate(product, claim, tuple(others), share, transfers),
        *_amount(product, claim, use, share),
        *_evidence(product, claim, evidence, represented=represented),
    )


def does_not_answer(product: Product, coverage: Coverage, claim: Claim) -> tuple[FailedRule, ...]:
    """Why such a loss is none of the policy's, whoever claims it and however late; nothing if it answers for it."""
    return (
        *_time(product, coverage, claim),
        *_territory(product, claim),
        *_liability(product, claim),
        *_item(product, coverage, claim),
    )


def rule(
    product: Product,
    code: RuleCode | Literal["sandbox_refusal", "sandbox_documents"],
    *,
    zh: dict[str, str] | None = None,
    en: dict[str, str] | None = None,
    remedy: Literal["refuse", "documents"] = "refuse",
    claim_id: ClaimId | None = None,
    said_as: str | None = None,
) -> FailedRule:
    """The failed rule ``code`` with the product's clause for it. ``said_as`` names a sentence other than the code's."""
    text_zh, text_en = sentence(said_as or code, zh, en)
    clause = product.clauses.get(code, code)
    return FailedRule(code=code, clause=clause, text_zh=text_zh, text_en=text_en, remedy=remedy, claim_id=claim_id)


def cover_begins(product: Product, coverage: Coverage) -> datetime:
    """When the waiting period is over: whole days of the product's zone after the person's first moment of cover."""
    return coverage.began.astimezone(ZoneInfo(product.zone)) + timedelta(days=product.waiting_days)


def retroactive_date(product: Product, coverage: Coverage) -> datetime:
    """With claims_made: acts before it are not covered. The policy's own; else by the product's days."""
    if coverage.retroactive_from is not None:
        return coverage.retroactive_from
    return coverage.began.astimezone(ZoneInfo(product.zone)) - timedelta(days=product.retroactive_days)


def reporting_ends(product: Product, coverage: Coverage) -> datetime:
    """With claims_made: until when a claim may be made and reported; the end of the extended reporting period."""
    return coverage.effective_to.astimezone(ZoneInfo(product.zone)) + timedelta(days=product.extended_reporting_days)


def answering_renewal(coverage: Coverage, claim: Claim) -> Coverage | None:
    """With claims_made: which renewal of the policy answers for a claim that was first made after the policy's term.

    The extended reporting period is for what would else be covered by nothing. So it yields to a renewal, but not where
    that one was canceled before it began, has a later retroactive date, or leaves out what the claim is about.
    """
    if claim.reported_at < coverage.effective_to:
        return None
    # The last one that answers: those before it yield to it in turn.
    answering = (
        each for each in reversed(coverage.renewals) if not does_not_answer(each.product, each.coverage, claim)
    )
    return next((each.coverage for each in answering), None)


def _day(moment: datetime, product: Product) -> str:
    return moment.astimezone(ZoneInfo(product.zone)).date().isoformat()


def _person(product: Product, coverage: Coverage, claim: Claim) -> Iterator[FailedRule]:
    if coverage.erased:
        return  # who was insured is forgotten; a person looks at what is still open
    if claim.person_token != coverage.person_token:
        yield rule(product, "not_the_insured")
    if coverage.birth_year <= 0:
        return
    # On the first day of cover, as at enrollment: who was accepted stays covered through birthdays. Only the year of
    # birth is known: the doubt of one year is the resident's benefit.
    oldest = coverage.effective_from.astimezone(ZoneInfo(product.zone)).year - coverage.birth_year
    if oldest < product.age_min or oldest - 1 > product.age_max:
        yield rule(product, "age_out_of_range", zh={"low": str(product.age_min), "high": str(product.age_max)})


def _time(product: Product, coverage: Coverage, claim: Claim) -> Iterator[FailedRule]:
    """What must lie in the term: the loss itself, or with claims_made the moment in which the claim was first made."""
    if product.trigger == "claims_made":
        yield from _claims_made(product, coverage, claim)
        return
    if not coverage.effective_from <= claim.occurred_at < coverage.effective_to:
        yield _not_in_force(product, coverage)
    elif claim.occurred_at < cover_begins(product, coverage):
        yield _waiting(product, coverage)


def _claims_made(product: Product, coverage: Coverage, claim: Claim) -> Iterator[FailedRule]:
    """First made in the term, or in the extended reporting period where no renewal answers for it; the act before the
    end and not before the retroactive date. Acts before inception are what that date is for: waiting days hold against
    the claim's making.
    """
    if coverage.effective_to <= coverage.effective_from:
        yield _not_in_force(product, coverage)  # canceled before it began: there is no term to be extended
        return
    start, latest = _day(coverage.effective_from, product), reporting_ends(product, coverage)
    renewal = answering_renewal(coverage, claim)
    if renewal is not None:
        days = {"end": _day(coverage.effective_to, product), "renewed": _day(renewal.effective_from, product)}
        yield rule(product, "made_outside_term", zh={"start": start, **days}, said_as="made_after_renewal")
    elif not coverage.effective_from <= claim.reported_at < latest:
        yield rule(product, "made_outside_term", zh={"start": start, "end": _day(latest, product)})
    elif claim.reported_at < cover_begins(product, coverage):
        yield _waiting(product, coverage)
    if claim.occurred_at < retroactive_date(product, coverage):
        oldest = _day(retroactive_date(product, coverage), product)
        yield rule(product, "act_before_retroactive_date", zh={"start": oldest})
    if claim.occurred_at >= coverage.effective_to:
        yield _not_in_force(product, coverage)


def _not_in_force(product: Product, coverage: Coverage) -> FailedRule:
    days = {"start": _day(coverage.effective_from, product), "end": _day(coverage.effective_to, product)}
    return rule(product, "not_in_force", zh=days)


def _waiting(product: Product, coverage: Coverage) -> FailedRule:
    return rule(product, "waiting_period", zh={"start": _day(cover_begins(product, coverage), product)})


def _territory(product: Product, claim: Claim) -> Iterator[FailedRule]:
    if product.territory and claim.territory not in product.territory:
        yield rule(product, "outside_territory", zh={"places": ", ".join(product.territory)})


def _liability(product: Product, claim: Claim) -> Iterator[FailedRule]:
    terms = liability(product, claim.liability)
    if terms is None:
        yield rule(product, "liability_not_covered")
        return
    if product.liabilities and not terms.scam_types:
        return  # this liability does not depend on a scam type
    treatment = terms.scam_types.get(claim.scam_type)
    if treatment is None or treatment.cover == "excluded":
        yield rule(product, "scam_type_excluded")


def _item(product: Product, coverage: Coverage, claim: Claim) -> Iterator[FailedRule]:
    """What the claim is about was listed at the time of the loss, or with claims_made of the act."""
    if product.scheduled_items is None or coverage.erased:
        return
    if claim.item_reference not in listed_at(coverage, claim.occurred_at):
        yield rule(
            product,
            "item_not_listed",
            zh={"items": product.scheduled_items.name_zh},
            en={"items": product.scheduled_items.name_en},
        )


def _report(product: Product, claim: Claim) -> Iterator[FailedRule]:
    if claim.reported_at - claim.discovered_at > timedelta(hours=product.report_within_hours):
        yield rule(product, "report_too_late", zh={"hours": str(product.report_within_hours)})
    # With claims_made, how old an act may be is the retroactive date's.
    looks_back = product.trigger == "occurrence"
    if looks_back and claim.reported_at - claim.occurred_at > timedelta(hours=product.look_back_hours):
        yield rule(product, "outside_look_back", zh={"hours": str(product.look_back_hours)})


def _received(product: Product, coverage: Coverage, claim: Claim) -> Iterator[FailedRule]:
    """With claims_made: when the insurer had the claim. When it was first reported is the claimant's own word, which a
    person may take where an earlier notice is documented.
    """
    if product.trigger != "claims_made" or answering_renewal(coverage, claim) is not None:
        return
    latest = reporting_ends(product, coverage)
    if claim.reported_at < latest <= claim.submitted_at:
        yield rule(product, "received_outside_term", zh={"end": _day(latest, product)})


def _duplicate(
    product: Product, claim: Claim, others: tuple[OtherClaim, ...], share: Share, transfers: TransferFacts
) -> Iterator[FailedRule]:
    """A transfer of the claim is claimed already; or, where not both claims tell theirs, what they tell is alike."""
    held = claimed_elsewhere(claim, others, share, transfers)
    first = held[0].holder if held else _like_an_earlier_one(product, claim, others, share, transfers)
    if first is not None:
        yield rule(product, "duplicate_loss", zh={"claim": first}, claim_id=first)


def claimed_elsewhere(
    claim: Claim, others: Iterable[OtherClaim], share: Share, transfers: TransferFacts
) -> tuple[HeldElsewhere, ...]:
    """The claim's transfers that another claim holds.

    Not where that one's policy shares the loss with this one's, or persons named the events of both, and otherwise.
    """
    apart = {other.claim_id for other in others if are_told_apart(claim, other)}
    return tuple(each for each in transfers.held if each.policy_id not in share.beside and each.holder not in apart)


def _like_an_earlier_one(
    product: Product, claim: Claim, others: Iterable[OtherClaim], share: Share, transfers: TransferFacts
) -> ClaimId | None:
    mine = (claim.submitted_at, claim.claim_id)
    # An approved one counts even if it was filed later: it was decided first, and one loss is paid once.
    earlier = [
        other
        for other in others
        if (other.approved or (other.submitted_at, other.claim_id) < mine)
        and other.by_claimant
        and other.claim_id not in transfers.both_told | transfers.told_apart | transfers.given_up
        and not is_of_another_part(claim, other, share)
        and is_same_loss(product, claim, other)
    ]
    return min(earlier, key=lambda other: (other.submitted_at, other.claim_id)).claim_id if earlier else None


def _amount(product: Product, claim: Claim, use: LimitUse, share: Share) -> Iterator[FailedRule]:
    if liability(product, claim.liability) is None:
        return
    if still_lost(claim) == 0:
        yield rule(product, "fully_recovered")
    elif annual_left(product, claim, use) == 0:
        yield rule(product, "limit_used_up")
    elif event_left(product, claim, share) == 0:
        yield rule(product, "event_limit_used_up")
    elif still_lost(claim) <= share.loss_paid_fen:
        yield rule(product, "loss_paid_already")
    elif payable(product, claim, use, share).amount_fen == 0:
        within = is_within_deductibles(product, claim, use, share)
        yield rule(product, "below_deductible", said_as="below_deductible" if within else "below_one_fen")


def _evidence(product: Product, claim: Claim, evidence: frozenset[str], *, represented: bool) -> Iterator[FailedRule]:
    terms = liability(product, claim.liability)
    required = [*(terms.required_evidence if terms else ()), *(("mandate",) if represented else ())]
    missing = [kind for kind in dict.fromkeys(required) if kind not in evidence]
    if missing:
        yield asks_for(product, missing)


def asks_for(product: Product, kinds: Iterable[str]) -> FailedRule:
    """That these kinds of evidence are missing, as the claimant reads it."""
    names = [EVIDENCE_NAMES.get(kind, (kind, kind)) for kind in kinds]
    return rule(
        product,
        "evidence_missing",
        zh={"kinds": "、".join(name[0] for name in names)},
        en={"kinds": ", ".join(name[1] for name in names)},
        remedy="documents",
    )
