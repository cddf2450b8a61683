"""What an upheld dispute may add to a later statement, or take off it. Pure; amounts in fen."""

from __future__ import annotations

from typing import Final

from services.enrollment.products.domain.amounts import Amounts
from services.enrollment.statements.domain.statements import Sum
from shared.values.errors import InvalidField

_PREMIUM: Final = "/adjustment/gross_premium_fen"
_TAX: Final = "/adjustment/total_taxes_and_levies_fen"
_COMPENSATION: Final = "/adjustment/coverholder_commission_fen"


def check_adjustment(adjustment: Sum, charged: Amounts | None) -> None:
    """An adjustment adds or takes off one thing with its parts; ``charged`` is all that its policy came to so far.

    Compensation may be adjusted alone; tax may not, for it is contained in a premium.

    Raises:
        InvalidField: there is none, its parts do not fit each other, or more is taken off than was charged.
    """
    premium, tax, compensation = adjustment.premium, adjustment.tax, adjustment.compensation
    if not (premium or tax or compensation):
        raise InvalidField("/adjustment", "It changes nothing.", "Say what a later statement is to add or take off.")
    if not _is_part(tax, premium):
        raise InvalidField(_TAX, "Tax is contained in the premium.", "Give it the premium's sign, and no more of it.")
    if premium and not _is_part(compensation, premium):
        raise InvalidField(
            _COMPENSATION,
            "What the partner keeps of a premium is a part of it.",
            "Give it the premium's sign, and no more of it; or leave the premium out.",
        )
    if charged is None:
        return
    if -premium > charged.premium:
        raise InvalidField(
            _PREMIUM, "It takes off more than the policy was charged.", f"Take off {charged.premium} fen at most."
        )
    if -tax > charged.tax:
        raise InvalidField(
            _TAX, "It takes off more tax than the policy was charged.", f"Take off {charged.tax} fen at most."
        )
    if -compensation > charged.compensation:
        raise InvalidField(
            _COMPENSATION,
            "It takes off more than the partner keeps of the policy.",
            f"Take off {charged.compensation} fen at most.",
        )


def _is_part(part: int, whole: int) -> bool:
    return part == 0 or ((part > 0) == (whole > 0) and abs(part) <= abs(whole))
