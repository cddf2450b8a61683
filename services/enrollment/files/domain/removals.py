"""Which rows of a file that takes insureds off the roster can be done, and what is said of the others. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, cast, get_args

from services.enrollment.people.domain.policies import CancelReason
from services.enrollment.policies.domain.named_policies import NamedPolicy, running
from services.enrollment.policies.domain.rows import Fault
from shared.values.ids import PolicyId

DEFAULT_REASON: Final[CancelReason] = "partner_request"

SEVERAL_PEOPLE: Final = Fault(
    "partner_reference",
    "reference_ambiguous",
    "Policies of several people stood under this reference, and have ended.",
    "Name the policy of the person who wants no cover by POST /v1/opt-outs.",
)
"""What is said of an opt-out where it is not known whose it is."""

_REASONS: Final[tuple[str, ...]] = get_args(CancelReason)
_SENTENCES: Final[Mapping[str, tuple[str, str, str]]] = {
    "not_covered": (
        "partner_reference",
        "No policy of this product stands under this reference.",
        "Correct the reference; GET /v1/policies?partner_reference=… shows what you have.",
    ),
    "reference_ambiguous": (
        "partner_reference",
        "Several policies of this product run under this reference.",
        "Cancel each by POST /v1/policies/{policy_id}/cancellation.",
    ),
    "already_ended": (
        "partner_reference",
        "This person's policy has ended already, by its term, a cancellation or a row above.",
        "Nothing is to be done.",
    ),
    "opted_out_noted": (
        "partner_reference",
        "The policy had ended already; that this person wants no cover is noted for every partner.",
        "Nothing is to be done.",
    ),
    "reason_invalid": ("reason", "This is no reason that is known.", f"Send {', '.join(_REASONS)}, or nothing."),
}


def fault(code: str) -> Fault:
    """What is said of a row, by its code."""
    field, detail, fix = _SENTENCES[code]
    return Fault(field, code, detail, fix)


def reason_of(text: str) -> CancelReason | Fault:
    """The reason that a row gives, or that it is none."""
    if not text:
        return DEFAULT_REASON
    return cast("CancelReason", text) if text in _REASONS else fault("reason_invalid")


def policy_to_end(policies: Sequence[NamedPolicy], reason: CancelReason, asked_at: datetime) -> PolicyId | Fault:
    """Which of a reference's policies, the one that began last at the end, a row means, or why there is none to end.

    What was sold after the file came is not meant, unless it goes on with what was. An opt-out is the person's: without
    such a policy it means one that was sold since by a consent given before.
    """
    meant = _meant(policies, reason, asked_at)
    found = running(meant.values(), asked_at)
    if len(found) == 1:
        return found[0]
    if found:
        return fault("reference_ambiguous")
    return fault("already_ended" if meant else "not_covered")


def policies_of_leaver(policies: Sequence[NamedPolicy], asked_at: datetime) -> tuple[PolicyId, ...]:
    """The policies whose holder opted out by a row of this reference, whether one of them runs or none."""
    return tuple(_meant(policies, "opt_out", asked_at))


def _meant(policies: Sequence[NamedPolicy], reason: CancelReason, asked_at: datetime) -> dict[PolicyId, NamedPolicy]:
    meant: dict[PolicyId, NamedPolicy] = {}
    for each in policies:
        if each.held_by(asked_at) or each.renews in meant:
            meant[each.policy_id] = each
    if reason == "opt_out" and not running(meant.values(), asked_at):
        meant |= {each.policy_id: each for each in policies if _opted_out_of(each, asked_at)}
    return meant


def _opted_out_of(policy: NamedPolicy, opted_out_at: datetime) -> bool:
    """Whether the person had not agreed to it anew, whenever this partner sold it."""
    return policy.consent_given_at <= opted_out_at and not policy.came_after(opted_out_at)
