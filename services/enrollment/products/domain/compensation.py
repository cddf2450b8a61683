"""What of a premium is tax, and what of it the partner keeps. Pure; amounts in fen, rounded once a policy.

Those of a change or an end on the way are rounded by refunds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, assert_never

from shared.values.money import Fen

CompensationKind = Literal["none", "commission", "service_fee"]

WHOLE: Final = 10_000
"""Basis points of one."""


@dataclass(frozen=True, slots=True)
class Compensation:
    """What a contract lets its partner keep: ``value`` is basis points of the premium without tax, or fen a policy."""

    kind: CompensationKind
    value: int


NO_COMPENSATION: Final = Compensation("none", 0)


def tax_in(premium: Fen, basis_points: int) -> Fen:
    """The tax that a premium contains, where the tax is ``basis_points`` of the premium without it; half a fen up."""
    return Fen(_rounded(premium * basis_points, WHOLE + basis_points))


def compensation_of(premium: Fen, tax: Fen, compensation: Compensation) -> Fen:
    """What the partner keeps of one policy's premium; half a fen up."""
    match compensation.kind:
        case "none":
            return Fen(0)
        case "commission":
            return Fen(_rounded((premium - tax) * compensation.value, WHOLE))
        case "service_fee":
            return Fen(compensation.value)
        case _:
            assert_never(compensation.kind)


def share(amount: Fen, part: Fen, whole: Fen) -> Fen:
    """What of ``amount`` belongs to ``part`` of ``whole``, rounded down: parts never sum up to more than the amount."""
    return Fen(amount * part // whole) if whole else Fen(0)


def _rounded(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)
