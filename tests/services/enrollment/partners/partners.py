"""A contract as it is sent."""

from __future__ import annotations

import base64
from typing import Any

from tests.rules.enrollment.files.file_keys import KEYS
from tests.services.enrollment.builders import PRODUCT


def contract(**changes: Any) -> dict[str, Any]:
    """What enters a partner."""
    return {
        "name": "北部电信",
        "first_day": "2026-01-01",
        "last_day": "2035-12-31",
        "products": [PRODUCT],
        "compensation": {"kind": "commission", "value": 1500},
        "settlement_day": 15,
        "contact": "settlement office, north@example.com",
        "quota": {"enrollments_a_minute": 600, "rows_a_day": 2_000_000},
        "file_keys": [{"name": "2026", "public_key": base64.b64encode(KEYS[0].public_key).decode()}],
        "consent_texts": "any",
        "back_dating_days": 3,
    } | changes
