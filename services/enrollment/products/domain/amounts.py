"""What a policy costs, and what is in that. How much it is, pricing says; what comes back of it, refunds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shared.values.money import Fen


@dataclass(frozen=True, slots=True)
class Amounts:
    """A premium, the tax that it contains, and what the partner keeps of it. Below zero: given back."""

    premium: Fen
    tax: Fen
    compensation: Fen


NOTHING: Final = Amounts(Fen(0), Fen(0), Fen(0))
