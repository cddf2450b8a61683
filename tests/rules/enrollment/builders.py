"""Products, contracts and rows for the rules of enrollment."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import msgspec

from services.enrollment.domain.partners import Contract
from services.enrollment.domain.rows import CheckedRow, Desk, Fault, RawRow
from services.enrollment.intake import shipped
from shared.events.products import ProductPublished
from shared.values.documents import check_digit
from shared.values.ids import PartnerId, ProductCode

NOON_IN_SHANGHAI = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


def terms(code: str = "resident-anti-fraud", **changes: Any) -> ProductPublished:
    """The first version of a shipped product, changed."""
    (product,) = [each for each in shipped.products() if (each.product_code, each.product_version) == (code, 1)]
    return msgspec.structs.replace(product, **changes)


def contract(**changes: Any) -> Contract:
    facts: dict[str, Any] = {
        "partner_no": 1,
        "partner_id": PartnerId("telecom-east"),
        "name": "East",
        "first_day": date(2026, 1, 1),
        "last_day": date(2026, 12, 31),
        "back_dating_days": 0,
        "state": "active",
        "products": frozenset({ProductCode("resident-anti-fraud")}),
    }
    return Contract(**(facts | changes))


def id_number(born: str = "19800315", *, region: str = "110101") -> str:
    first_17 = f"{region}{born}001"
    return first_17 + check_digit(first_17)


def row(**changes: str) -> RawRow:
    plain = {
        "partner_reference": "sub-1",
        "document_type": "resident_id",
        "document_number": id_number(),
        "name": "张小明",
        "phone": "13912345678",
        "effective_date": "",
        "consent_text_version": "2026-01",
        "consent_given_at": "2026-02-28T09:30:00+08:00",
        "consent_channel": "app",
        "consent_sha256": "5e" * 32,
    }
    return RawRow(**(plain | changes))


def judge(
    raw: RawRow,
    *,
    product: ProductPublished | None = None,
    under: Contract | None = None,
    now: datetime = NOON_IN_SHANGHAI,
    sandbox: bool = False,
) -> CheckedRow | Fault:
    return Desk(product or terms(), under or contract(), now=now, sandbox=sandbox).judge(raw)
