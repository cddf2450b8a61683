"""Reads the products that the service ships with, and the operator's file of contracts. Storing them is install's."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

import msgspec

from services.enrollment.domain.partners import Contract, ContractState
from shared.events.products import ProductPublished
from shared.values.ids import PartnerId, ProductCode

SERVICE: Final = Path(__file__).parent.parent
PRODUCTS: Final = SERVICE / "products"
SIMULATED_CONTRACTS: Final = SERVICE / "partners" / "simulated.json"


class _Contract(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    partner_id: str
    name: str
    first_day: date
    last_day: date
    back_dating_days: int
    state: ContractState
    products: list[str]


def products(folder: Path = PRODUCTS) -> list[ProductPublished]:
    """Every product version that stands in ``folder`` as a JSON file.

    Raises:
        msgspec.DecodeError: a file is not what a product looks like.
    """
    return [msgspec.json.decode(path.read_bytes(), type=ProductPublished) for path in sorted(folder.glob("*.json"))]


def contracts(file: Path = SIMULATED_CONTRACTS) -> list[Contract]:
    """The contracts in ``file``; their ``partner_no`` is the database's to give, and 0 here.

    Raises:
        msgspec.DecodeError: the file is not a list of contracts.
    """
    return [
        Contract(
            partner_no=0,
            partner_id=PartnerId(each.partner_id),
            name=each.name,
            first_day=each.first_day,
            last_day=each.last_day,
            back_dating_days=each.back_dating_days,
            state=each.state,
            products=frozenset(ProductCode(code) for code in each.products),
        )
        for each in msgspec.json.decode(file.read_bytes(), type=list[_Contract])
    ]
