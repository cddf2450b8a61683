"""What may be wrong with a product's clauses: each refusal names one (Insurance Law of the PRC, art. 24).

Which rules a claim is held against, and when it fails one, is fraud detection's to say; this knows which a product has.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from shared.events.products import ProductPublished
from shared.values.errors import InvalidField
from shared.values.rule_codes import RULE_CODES, RuleCode

_OF_EVERY_PRODUCT: Final[frozenset[RuleCode]] = frozenset(
    {
        "not_the_insured",
        "not_in_force",
        "report_too_late",
        "duplicate_loss",
        "fully_recovered",
        "below_deductible",
        "limit_used_up",
        "event_limit_used_up",
        "liability_not_covered",
    }
)


def clause_faults(terms: ProductPublished) -> Iterable[InvalidField]:
    """Clauses of rules that there are not, and rules of the product without a clause."""
    for code in terms.clauses:
        if code not in RULE_CODES:
            yield InvalidField(f"/clauses/{code}", "There is no such rule.", f"Use {', '.join(RULE_CODES)}.")
    rules = rules_of(terms)
    for rule in RULE_CODES:
        if rule in rules and rule not in terms.clauses:
            yield InvalidField(
                f"/clauses/{rule}",
                "A claim may fail this rule, and no clause stands behind it.",
                "Name the clause of the terms that says so.",
            )


def rules_of(terms: ProductPublished) -> frozenset[RuleCode]:
    """The rules that a claim under these terms may fail."""
    claims_made, matrices = terms.trigger == "claims_made", [each.scam_types for each in terms.liabilities]
    excluded = {each.cover == "excluded" for matrix in matrices or [terms.scam_types] for each in matrix.values()}
    evidence = [terms.required_evidence, *(each.required_evidence for each in terms.liabilities)]
    only_if: dict[RuleCode, bool] = {
        "waiting_period": terms.waiting_days > 0,
        "age_out_of_range": terms.insured_kind == "person",
        "scam_type_excluded": True in excluded,
        "item_not_listed": terms.scheduled_items is not None,
        "outside_look_back": not claims_made,
        "loss_paid_already": terms.stacking == "pro_rata",
        "outside_territory": bool(terms.territory),
        "made_outside_term": claims_made,
        "received_outside_term": claims_made,
        "act_before_retroactive_date": claims_made,
        "evidence_missing": any(evidence),
    }
    return _OF_EVERY_PRODUCT | {code for code, holds in only_if.items() if holds}
