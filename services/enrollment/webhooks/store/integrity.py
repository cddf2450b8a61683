"""The invariants of webhooks: nothing counts as delivered that was not."""

from __future__ import annotations

from typing import Final

from shared.db.invariants import Invariant, found_by

_WEBHOOK_STATE: Final = """
SELECT 'webhook delivery ' || d.delivery_id || ' is delivered and no attempt succeeded' FROM webhook_deliveries d
WHERE d.state = 'delivered'
  AND NOT EXISTS (SELECT 1 FROM webhook_attempts a WHERE a.delivery_id = d.delivery_id AND a.failure IS NULL)
"""
_WEBHOOK_TYPES: Final = """
SELECT 'partner ' || r.partner_id || ' asks for other webhooks than its contract says' FROM partners r
WHERE ARRAY(SELECT unnest(r.webhook_types) ORDER BY 1) <> ARRAY(
    SELECT DISTINCT unnest(e.types) FROM webhook_endpoints e
    WHERE e.partner_no = r.partner_no AND e.state <> 'deleted' ORDER BY 1)
"""

INVARIANTS: Final = (Invariant(10, "webhooks took no illegal step", found_by(_WEBHOOK_STATE, _WEBHOOK_TYPES)),)
