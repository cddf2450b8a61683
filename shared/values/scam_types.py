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

SCAM_NAMES: Final[dict[str, tuple[str, str]]] = {
    "task_brushing": ("刷单返利", "fake tasks with rebates"),
    "fake_customer_service": ("冒充电商物流客服", "false customer service of shops or couriers"),
    "fake_investment": ("虚假网络投资理财", "false online investment"),
    "loan_or_card": ("贷款、代办信用卡", "false loans and credit cards"),
    "credit_record": ("虚假征信", "false threats about the credit record"),
    "fake_shopping": ("虚假购物、服务", "false goods and services"),
    "fake_police": ("冒充公检法及政府机关", "false police, courts and authorities"),
    "fake_boss_or_friend": ("冒充领导、熟人", "false superiors and friends"),
    "game_trade": ("网络游戏产品虚假交易", "false trade of online game goods"),
    "romance": ("网络婚恋、交友", "online romance"),
    "illegal_online": ("网黑案件", "illegal online services"),
    "fake_military_purchase": ("冒充军警购物", "false purchases by army or police"),
    "other": ("其他", "other scams"),
}
"""Each type's name in Chinese, as the police say it, and in English."""
