"""Which rows of a file that takes insureds off the roster can be done, and what is said of the others. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast, get_args

from services.enrollment.domain.policies import CancelReason
from services.enrollment.domain.rows import Fault

DEFAULT_REASON: Final[CancelReason] = "partner_request"

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
    "reason_invalid": ("reason", "This is no reason that is known.", f"Send {', '.join(_REASONS)}, or nothing."),
}


def fault(code: str) -> Fault:
    """What is said of a row, by its code."""
    field, detail, fix = _SENTENCES[code]
    return Fault(field, code, detail, fix)


def reason_of(text: str) -> CancelReason | None:
    """The reason that a row gives; None where it is none."""
    if not text:
        return DEFAULT_REASON
    return cast("CancelReason", text) if text in _REASONS else None
