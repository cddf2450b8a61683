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

from services.fraud_detection.domain.claims import Claim, OtherClaim
from services.fraud_detection.domain.cover import Coverage, LimitUse, Product
from services.fraud_detection.domain.payable import annual_left, payable
from services.fraud_detection.domain.sentences import EVIDENCE_NAMES, RuleCode, sentence
from shared.values.ids import ClaimId

RULE_VERSION: Final = "cover-1"
"""Grows when a rule's meaning changes; it stands on every decision."""

WAIVABLE: Final[frozenset[str]] = frozenset(
    {
        "not_the_insured",
        "report_too_late",
        "outside_look_back",
        "duplicate_loss",
        "evidence_missing",
        "sandbox_refusal",
        "sandbox_documents",
    }
)
"""What a person may pass with a reason: a late report for good cause, a repeat victim. Cover itself nobody can make."""


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
) -> tuple[FailedRule, ...]:
    """All rules that the claim fails, none left out: a resident hears everything at once.

    ``evidence`` is the kinds handed in, ``others`` the same person's other claims.
    """
    return (
        *_person(product, coverage, claim),
        *_time(product, coverage, claim),
        *_scam_type(product, claim),
        *_report(product, claim),
        *_duplicate(product, claim, others),
        *_amount(product, claim, use),
        *_evidence(product, evidence),
    )


def rule(
    product: Product,
    code: RuleCode | Literal["sandbox_documents"],
    *,
    zh: dict[str, str] | None = None,
    en: dict[str, str] | None = None,
    remedy: Literal["refuse", "documents"] = "refuse",
    claim_id: ClaimId | None = None,
) -> FailedRule:
    """The failed rule ``code`` with the product's clause for it."""
    text_zh, text_en = sentence(code, zh, en)
    clause = product.clauses.get(code, code)
    return FailedRule(code=code, clause=clause, text_zh=text_zh, text_en=text_en, remedy=remedy, claim_id=claim_id)


def cover_begins(product: Product, coverage: Coverage) -> datetime:
    """When the waiting period is over: whole days of the product's zone after the policy's first moment."""
    return coverage.effective_from.astimezone(ZoneInfo(product.zone)) + timedelta(days=product.waiting_days)


def _day(moment: datetime, product: Product) -> str:
    return moment.astimezone(ZoneInfo(product.zone)).date().isoformat()


def _person(product: Product, coverage: Coverage, claim: Claim) -> Iterator[FailedRule]:
    if claim.person_token != coverage.person_token:
        yield rule(product, "not_the_insured")
    if coverage.birth_year <= 0:
        return
    oldest = claim.occurred_at.astimezone(ZoneInfo(product.zone)).year - coverage.birth_year
    # Only the year of birth is known: the doubt of one year is the resident's benefit.
    if oldest < product.age_min or oldest - 1 > product.age_max:
        yield rule(product, "age_out_of_range", zh={"low": str(product.age_min), "high": str(product.age_max)})


def _time(product: Product, coverage: Coverage, claim: Claim) -> Iterator[FailedRule]:
    if not coverage.effective_from <= claim.occurred_at < coverage.effective_to:
        days = {"start": _day(coverage.effective_from, product), "end": _day(coverage.effective_to, product)}
        yield rule(product, "not_in_force", zh=days)
    elif claim.occurred_at < cover_begins(product, coverage):
        yield rule(product, "waiting_period", zh={"start": _day(cover_begins(product, coverage), product)})


def _scam_type(product: Product, claim: Claim) -> Iterator[FailedRule]:
    treatment = product.scam_types.get(claim.scam_type)
    if treatment is None or treatment.cover == "excluded":
        yield rule(product, "scam_type_excluded")


def _report(product: Product, claim: Claim) -> Iterator[FailedRule]:
    if claim.reported_at - claim.discovered_at > timedelta(hours=product.report_within_hours):
        yield rule(product, "report_too_late", zh={"hours": str(product.report_within_hours)})
    if claim.reported_at - claim.occurred_at > timedelta(hours=product.look_back_hours):
        yield rule(product, "outside_look_back", zh={"hours": str(product.look_back_hours)})


def is_same_loss(claim: Claim, other: OtherClaim) -> bool:
    """Whether both tell of one loss: their times overlap, and so does what was lost, to whom, how or by what proof.

    Overlapping times alone are not enough: a genuine repeat victim may be in two scams at once.
    """
    overlap = claim.occurred_at <= other.discovered_at and other.occurred_at <= claim.discovered_at
    alike = claim.scam_type == other.scam_type or claim.amount_fen == other.amount_fen or other.shares_evidence
    return overlap and alike


def _duplicate(product: Product, claim: Claim, others: Iterable[OtherClaim]) -> Iterator[FailedRule]:
    mine = (claim.submitted_at, claim.claim_id)
    # An approved one counts even if it was filed later: it was decided first, and one loss is paid once.
    earlier = [
        other
        for other in others
        if (other.approved or (other.submitted_at, other.claim_id) < mine) and is_same_loss(claim, other)
    ]
    if earlier:
        first = min(earlier, key=lambda other: (other.submitted_at, other.claim_id))
        yield rule(product, "duplicate_loss", zh={"claim": first.claim_id}, claim_id=first.claim_id)


def _amount(product: Product, claim: Claim, use: LimitUse) -> Iterator[FailedRule]:
    if claim.amount_fen <= claim.recovered_fen + claim.other_insurance_fen:
        yield rule(product, "fully_recovered")
    elif annual_left(product, use) == 0:
        yield rule(product, "limit_used_up")
    elif payable(product, claim, use).amount_fen == 0:
        yield rule(product, "below_deductible")


def _evidence(product: Product, evidence: frozenset[str]) -> Iterator[FailedRule]:
    missing = [kind for kind in product.required_evidence if kind not in evidence]
    if missing:
        names = [EVIDENCE_NAMES.get(kind, (kind, kind)) for kind in missing]
        yield rule(
            product,
            "evidence_missing",
            zh={"kinds": "、".join(name[0] for name in names)},
            en={"kinds": ", ".join(name[1] for name in names)},
            remedy="documents",
        )
