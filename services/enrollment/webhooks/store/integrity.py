"""The invariants of webhooks: nothing counts as delivered that was not, and contracts say what is asked for."""

from __future__ import annotations

from typing import Final

from shared.db.invariants import Invariant, found_by
from shared.webhooks.store.integrity import DELIVERED_WITHOUT_SUCCESS

_WEBHOOK_TYPES: Final = """
SELECT 'partner ' || r.partner_id || ' asks for other webhooks than its contract says' FROM partners r
WHERE ARRAY(SELECT unnest(r.webhook_types) ORDER BY 1) <> ARRAY(
    SELECT DISTINCT unnest(e.types) FROM webhook_endpoints e
    WHERE e.partner_no = r.partner_no AND e.state <> 'deleted' ORDER BY 1)
"""

INVARIANTS: Final = (
    Invariant(10, "webhooks took no illegal step", found_by(DELIVERED_WITHOUT_SUCCESS, _WEBHOOK_TYPES)),
)
