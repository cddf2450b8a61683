"""Products, contracts and rows for the rules of enrollment."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Final

import msgspec

from services.enrollment.partners.domain.partners import Contract
from services.enrollment.people.domain.consents import ConsentTextsInUse
from services.enrollment.policies.domain.rows import CheckedRow, Desk, Fault, RawRow
from services.enrollment.products.usecases import shipped
from shared.events.products import ProductPublished
from shared.values.documents import check_digit
from shared.values.ids import PartnerId, ProductCode
from shared.values.scam_types import SCAM_TYPES

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
        "birth_date": "",
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


SIXTH: Final[dict[str, Any]] = {
    "product_code": "drone-operators",
    "product_version": 1,
    "effective_from": "2026-01-01T00:00:00+08:00",
    "name_zh": "无人机经营者责任保险",
    "name_en": "Drone operators' liability cover",
    "line_of_business": "drone_liability",
    "insured_kind": "organization",
    "territory": ["CN"],
    "stacking": "pro_rata",
    "currency": "CNY",
    "zone": "Asia/Shanghai",
    "premium_fen": 50_000,
    "tax_basis_points": 600,
    "term_days": 180,
    "event_limit_fen": 50_000_000,
    "annual_limit_fen": 50_000_000,
    "waiting_days": 0,
    "look_back_hours": 720,
    "report_within_hours": 48,
    "recovery_wait_days": 0,
    "age_min": 0,
    "age_max": 150,
    "required_evidence": ["police_receipt"],
    "exclusions": [{"code": "night_flight", "text_zh": "夜间飞行。", "text_en": "Flights at night."}],
    "scam_types": {code: {"cover": "excluded"} for code in SCAM_TYPES},
    "clauses": {
        "not_the_insured": "2.2",
        "not_in_force": "2.1",
        "item_not_listed": "2.3",
        "liability_not_covered": "3.1",
        "outside_territory": "3.2",
        "report_too_late": "4.1",
        "outside_look_back": "4.2",
        "evidence_missing": "4.3",
        "duplicate_loss": "4.4",
        "limit_used_up": "5.1",
        "event_limit_used_up": "5.1",
        "below_deductible": "5.2",
        "fully_recovered": "5.3",
        "loss_paid_already": "5.4",
    },
    "liabilities": [
        {
            "code": "third_party",
            "name_zh": "第三者责任",
            "name_en": "Third parties",
            "event_limit_fen": 50_000_000,
            "annual_limit_fen": 50_000_000,
            "event_deductible_fen": 100_000,
        }
    ],
    "scheduled_items": {
        "code": "drone",
        "name_zh": "无人机",
        "name_en": "drones",
        "most": 20,
        "premium_fen_each": 30_000,
    },
    "rating": {
        "questions": [
            {
                "code": "training",
                "text_zh": "驾驶员持证?",
                "text_en": "Pilots licensed?",
                "points": {"yes": 0, "no": 10},
            }
        ],
        "grades": [
            {"grade": "I", "from_points": 0, "rate_percent": 100},
            {"grade": "II", "from_points": 10, "rate_percent": 150},
        ],
    },
}
"""A line of business that nobody has thought of: nothing but data."""


def desk(*, sandbox: bool = False, consent_texts: ConsentTextsInUse | None = None, every_age: bool = False) -> Desk:
    ages: dict[str, Any] = {"age_min": 0, "age_max": 150} if every_age else {}
    under = contract(back_dating_days=3)
    return Desk(terms(**ages), under, now=NOON_IN_SHANGHAI, sandbox=sandbox, consent_texts=consent_texts)
