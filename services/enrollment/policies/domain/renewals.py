"""Whether a policy may be followed by another one without a gap, and what is said where it may not. Pure.

Continuity means that waiting days count from the first policy. It is there only where the new term begins the moment
the old one ends; whose cover lapsed or was canceled is enrolled anew and waits anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.enrollment.partners.domain.partners import Contract
from services.enrollment.people.domain.opt_outs import OptOut
from services.enrollment.people.domain.policies import PolicyState
from services.enrollment.policies.domain.named_policies import NamedPolicy, running
from services.enrollment.policies.domain.rows import Fault
from services.enrollment.products.domain.cover import FARTHEST_DAYS_AHEAD, cover_period, today_of, zone_of
from services.enrollment.products.domain.products import needs_a_schedule
from shared.events.products import ProductPublished
from shared.values.ids import PolicyId

_SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "not_covered": (
        "No policy of this product stands under this reference.",
        "Correct the reference, or enroll the person by a file of kind enrollment.",
    ),
    "reference_ambiguous": (
        "Several policies of this product run under this reference.",
        "Give each subscriber a reference of its own, or work on the policies one by one by their ids.",
    ),
    "lapsed": (
        "The cover has ended, so there is nothing to go on with; continuity is lost.",
        "Enroll the person anew: waiting days count from the new first day.",
    ),
    "already_renewed": (
        "A policy follows this one already, or was to follow it and was canceled.",
        "Nothing is to be done; where the renewal was canceled, enroll the person anew after the end.",
    ),
    "too_early": (
        f"The cover runs for more than {FARTHEST_DAYS_AHEAD} days yet.",
        f"Renew it in the last {FARTHEST_DAYS_AHEAD} days of its term.",
    ),
    "opted_out": (
        "The person opted out of cover, and the consent is no younger.",
        "Leave this person out, or send the consent that lifted the opt-out or a younger one.",
    ),
    "contract_ends": (
        "The new term would begin after your contract's last day.",
        "Ask the insurer to prolong the contract first.",
    ),
    "not_sold": (
        "The product is not sold on the day on which the new term would begin.",
        "Ask the insurer which product follows it, and enroll the person there.",
    ),
    "needs_a_quote": (
        "The product asks about the risk or lists items, so its price is made anew each term.",
        "Renew it by POST /v1/policies with renews, the answers and the items of now.",
    ),
    "age_outside": (
        "On the first day of the new term the person is not of an age that the product covers.",
        "Leave this person out, or choose another product.",
    ),
    "rules_changed": (
        "The product's rules of how many covers one person may hold, or of when a day begins, have changed.",
        "Let the cover end and enroll the person anew.",
    ),
    "record_unreadable": (
        "The stored record of the person cannot be read, which is for the insurer to mend.",
        "Ask the insurer, and order the renewal again afterwards, while the cover runs.",
    ),
    "erased": ("The person behind this policy was forgotten.", "Leave this row out."),
}
RENEWAL_CODES: Final = tuple(_SENTENCES)


@dataclass(frozen=True, slots=True)
class Ending:
    """What is to be known of a policy to say whether it may be renewed."""

    state: PolicyState
    effective_to: datetime
    stacks: bool
    """Whether it was sold as one of several covers of a person that share a loss."""
    renewed: bool
    opt_out: OptOut | None
    erased: bool
    covered_anew: bool = False
    """Another policy of the same product covers the person now."""


def fault(code: str) -> Fault:
    """What is said of a row, by its code."""
    return Fault("partner_reference", code, *_SENTENCES[code])


def policy_to_follow(policies: Sequence[NamedPolicy], asked_at: datetime) -> PolicyId | Fault:
    """Which of a reference's policies, the one that began last at the end, a row means, or why there is none.

    Where none runs it is the last one, so that it can be said what became of it. What was sold, or began to follow
    another one, only after the file came is not meant.
    """
    held = [each for each in policies if each.held_by(asked_at)]
    meant = [each for each in held if not each.waited_at(asked_at)] or held
    found = running(meant, asked_at)
    if len(found) > 1:
        return fault("reference_ambiguous")
    if found:
        return found[0]
    return meant[-1].policy_id if meant else fault("not_covered")


def refused(ending: Ending, consent_given_at: datetime, asked_at: datetime) -> str | None:
    """Why it cannot be renewed by this consent, whatever product would follow: a code, or None.

    Cover that ran when it was asked for may have expired since; it is still followed without a gap.
    """
    if ending.erased:
        return "erased"
    if ending.renewed or (ending.state == "expired" and ending.covered_anew):
        return "already_renewed"
    if ending.state not in {"in_force", "expired"} or ending.effective_to <= asked_at:
        return "lapsed"
    return "opted_out" if ending.opt_out is not None and ending.opt_out.refuses(consent_given_at) else None


def refused_by_terms(ending: Ending, terms: ProductPublished, contract: Contract, now: datetime) -> str | None:
    """Why the product version that is sold on the first day of the new term cannot follow: a code, or None."""
    first_day = ending.effective_to.astimezone(zone_of(terms)).date()
    if first_day > today_of(terms, now) + timedelta(days=FARTHEST_DAYS_AHEAD):
        return "too_early"
    if first_day > contract.last_day:
        return "contract_ends"
    gapless = cover_period(terms, first_day).start == ending.effective_to
    stacks = terms.stacking == "pro_rata"
    return None if stacks == ending.stacks and gapless else "rules_changed"


def refused_unasked(terms: ProductPublished) -> str | None:
    """Why a policy cannot be renewed by those who tell nothing but which one: a code, or None."""
    return "needs_a_quote" if needs_a_schedule(terms) else None
