"""Organizations that are insured, and what they answer."""

from __future__ import annotations

from typing import Any

from shared.values.documents import code_check_character
from tests.services.enrollment.builders import Answer, body

SAFE = {
    "yearly_revenue": "under_10_million",
    "second_factor": "everywhere",
    "backups": "offline",
    "past_incidents": "none",
}

FAIR = {"field_of_use": "pricing", "bias_audit": "once", "human_review": "always"}

MODELS = [{"reference": "ranker/7", "name": "Applicants' ranking"}, {"reference": "scorer", "name": "Credit score"}]


def code_of(n: int) -> str:
    """A simulated organization's code; another ``n``, another organization."""
    first_17 = f"91000001MA{n:07d}"
    return first_17 + code_check_character(first_17)


def order(n: int, product_code: str, **changes: Any) -> dict[str, Any]:
    """What enrolls organization ``n``."""
    insured = body(n)["insured"] | {
        "document_type": "unified_social_credit_code",
        "document_number": code_of(n),
        "name": "晨星科技有限公司",
    }
    return body(n, product_code=product_code, insured=insured, partner_reference=f"org-{n}") | changes


def cyber(n: int, **changes: Any) -> dict[str, Any]:
    return order(n, "enterprise-cyber", answers=SAFE) | changes


def bias(n: int, **changes: Any) -> dict[str, Any]:
    return order(n, "algorithmic-bias", answers=FAIR, scheduled_items=MODELS) | changes


def pointers(reply: Answer) -> list[str]:
    assert reply.status_code == 422, reply.text
    return [fault["pointer"] for fault in reply.json["errors"]]


def problem(reply: Answer) -> str:
    return str(reply.json["type"]).removeprefix("https://fangzha.example/problems/")
