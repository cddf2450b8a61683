"""What tests share with those of many rows."""

from __future__ import annotations

from typing import Any

from services.enrollment.people.domain.consents import ConsentTextsInUse
from services.enrollment.policies.domain.rows import Desk
from tests.rules.enrollment.builders import NOON_IN_SHANGHAI, contract, terms


def desk(*, sandbox: bool = False, consent_texts: ConsentTextsInUse | None = None, every_age: bool = False) -> Desk:
    ages: dict[str, Any] = {"age_min": 0, "age_max": 150} if every_age else {}
    under = contract(back_dating_days=3)
    return Desk(terms(**ages), under, now=NOON_IN_SHANGHAI, sandbox=sandbox, consent_texts=consent_texts)
