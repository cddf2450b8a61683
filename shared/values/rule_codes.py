"""The cover rules that a claim may fail, by their codes. When it fails one is claims'; its clause is the product's."""

from __future__ import annotations

from typing import Final, Literal, get_args

RuleCode = Literal[
    "not_the_insured",
    "not_in_force",
    "waiting_period",
    "age_out_of_range",
    "scam_type_excluded",
    "item_not_listed",
    "report_too_late",
    "outside_look_back",
    "duplicate_loss",
    "fully_recovered",
    "below_deductible",
    "limit_used_up",
    "event_limit_used_up",
    "loss_paid_already",
    "liability_not_covered",
    "outside_territory",
    "made_outside_term",
    "received_outside_term",
    "act_before_retroactive_date",
    "evidence_missing",
]

RULE_CODES: Final[tuple[RuleCode, ...]] = get_args(RuleCode)
