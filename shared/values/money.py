"""Money as whole fen. Rounding rules of a product belong to the product's domain."""

from __future__ import annotations

from typing import NewType

Fen = NewType("Fen", int)
"""An amount in fen, the hundredth of a yuan. Never a float."""

Currency = NewType("Currency", str)
"""An ISO 4217 code. An amount stands beside its currency wherever it is stored or published."""

CNY = Currency("CNY")


def yuan(amount: Fen) -> str:
    """Fen as a person reads them: ``Fen(5_000_000)`` is ``"50,000.00"``."""
    sign = "-" if amount < 0 else ""
    whole, cents = divmod(abs(amount), 100)
    return f"{sign}{whole:,}.{cents:02d}"
