"""What may be wrong with a product's liabilities and with its matrix of scam types.

A product with liabilities pays by their matrices, deductibles and percentages. Its own matrix then sums theirs up, so
that who reads it alone is told no lie; a deductible or percentage of its own would have no effect.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from services.enrollment.products.domain.product_terms import evidence_faults, limit_faults
from shared.events.products import Liability, ProductPublished, ScamCover
from shared.values.errors import InvalidField
from shared.values.scam_types import SCAM_TYPES


def scam_faults(matrix: Mapping[str, ScamCover], event_limit: int, pointer: str) -> Iterable[InvalidField]:
    """A matrix that does not name each scam type once, or limits one that it should not."""
    for missing in SCAM_TYPES:
        if missing not in matrix:
            yield InvalidField(
                f"{pointer}/{missing}", "The product does not say how it treats this scam type.", "Add it."
            )
    for code, treatment in matrix.items():
        if code not in SCAM_TYPES:
            yield InvalidField(f"{pointer}/{code}", "There is no such scam type.", f"Use {', '.join(SCAM_TYPES)}.")
        elif not _limit_fits(treatment, event_limit):
            yield InvalidField(
                f"{pointer}/{code}/limit_fen",
                "A limit stands with sub_limit alone, above 0 and at most event_limit_fen.",
                "Give or remove it, or change cover.",
            )


def liability_faults(terms: ProductPublished) -> Iterable[InvalidField]:
    if not terms.liabilities:
        return
    for place, liability in enumerate(terms.liabilities):
        yield from _faults_of(liability, terms, f"/liabilities/{place}")
    if (terms.event_deductible_fen, terms.pay_percent) != (0, 100):
        yield InvalidField(
            "/event_deductible_fen",
            "With liabilities, deductible and percentage are those of each liability.",
            "Send event_deductible_fen 0 and pay_percent 100 here.",
        )
    for code, treatment in terms.scam_types.items():
        widest = _widest(code, terms.liabilities)
        if code in SCAM_TYPES and treatment != widest:
            limit = "" if widest.limit_fen is None else f" with limit_fen {widest.limit_fen}"
            yield InvalidField(
                f"/scam_types/{code}",
                "The liabilities together treat this scam type otherwise.",
                f"Send {widest.cover}{limit} here, or change a liability.",
            )


def _faults_of(liability: Liability, terms: ProductPublished, pointer: str) -> Iterable[InvalidField]:
    yield from limit_faults(
        liability.event_limit_fen, liability.annual_limit_fen, liability.event_deductible_fen, pointer
    )
    for name in ("event_limit_fen", "annual_limit_fen"):
        if getattr(liability, name) > getattr(terms, name):
            yield InvalidField(f"{pointer}/{name}", "The limit is above the product's.", f"Send at most its {name}.")
    of_product = {each.code for each in terms.exclusions}
    for place, exclusion in enumerate(liability.exclusions):
        if exclusion.code in of_product:
            yield InvalidField(
                f"{pointer}/exclusions/{place}/code",
                "An exclusion of the product, which holds for each liability, has this code.",
                "Remove it here, or give it a code of its own.",
            )
    yield from evidence_faults(liability.required_evidence, f"{pointer}/required_evidence")
    if liability.scam_types:
        yield from scam_faults(liability.scam_types, liability.event_limit_fen, f"{pointer}/scam_types")


def _widest(code: str, liabilities: Sequence[Liability]) -> ScamCover:
    """How the liability that does most for it treats a scam type."""
    treatments = [each.scam_types[code] for each in liabilities if code in each.scam_types]
    if any(each.cover == "covered" for each in treatments):
        return ScamCover(cover="covered")
    limits = [each.limit_fen or 0 for each in treatments if each.cover == "sub_limit"]
    return ScamCover(cover="sub_limit", limit_fen=max(limits)) if limits else ScamCover(cover="excluded")


def _limit_fits(treatment: ScamCover, event_limit: int) -> bool:
    if treatment.cover != "sub_limit":
        return treatment.limit_fen is None
    return treatment.limit_fen is not None and treatment.limit_fen <= event_limit
