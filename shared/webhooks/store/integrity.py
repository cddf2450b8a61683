"""The invariant of deliveries in each service: nothing counts as delivered that was not."""

from __future__ import annotations

from typing import Final

DELIVERED_WITHOUT_SUCCESS: Final = """
SELECT 'webhook delivery ' || d.delivery_id || ' is delivered and no attempt succeeded' FROM webhook_deliveries d
WHERE d.state = 'delivered'
  AND NOT EXISTS (SELECT 1 FROM webhook_attempts a WHERE a.delivery_id = d.delivery_id AND a.failure IS NULL)
"""
