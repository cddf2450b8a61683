"""The 13 scam types that police, products and claims name alike. How a product treats each is the product's data.

Twelve are the most frequent kinds of telecom scam in police statistics; ``other`` is the rest.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

ScamType = Literal[
    "task_brushing",
    "fake_customer_service",
    "fake_investment",
    "loan_or_card",
    "credit_record",
    "fake_shopping",
    "fake_police",
    "fake_boss_or_friend",
    "game_trade",
    "romance",
    "illegal_online",
    "fake_military_purchase",
    "other",
]

SCAM_TYPES: Final[tuple[ScamType, ...]] = get_args(ScamType)
