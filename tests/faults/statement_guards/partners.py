"""Of enrollment's statements about partners: their contracts, what they may sell, their months and their servers."""

from __future__ import annotations

from typing import Final

from tests.faults.guard import Guard

_ENDPOINTS: Final = "shared/webhooks/store/webhook_endpoints.py"
_ENDPOINT_TESTS: Final = ("tests/services/enrollment/webhooks/test_webhook_endpoints.py",)
_RECORDS: Final = "services/enrollment/partners/store/partner_records.py"
_WIND_DOWNS: Final = "services/enrollment/partners/store/wind_downs.py"
_PARTNER_TURNS: Final = ("tests/services/enrollment/partners/test_turns.py",)
_DRAFTS: Final = "services/enrollment/products/store/product_drafts.py"
_DRAFT_TURNS: Final = ("tests/services/enrollment/products/test_turns.py",)
_DRAWN: Final = "services/enrollment/statements/store/statements.py"
_DRAWING: Final = ("tests/services/enrollment/statements/test_turns.py",)
_SETTLEMENTS: Final = "services/enrollment/statements/store/settlements.py"
_DELIVERIES: Final = "shared/webhooks/store/webhook_deliveries.py"
_DELIVERY_TURNS: Final = ("tests/services/enrollment/webhooks/test_turns.py",)

GUARDS: Final = (
    Guard(
        "a sender whose lease ran out leaves the message to the next one",
        "shared/webhooks/store/webhook_deliveries.py",
        "WHERE delivery_id = %(delivery_id)s AND attempts = %(attempts)s AND asked",
        "WHERE delivery_id = %(delivery_id)s AND asked",
        ("tests/services/enrollment/webhooks/test_webhook_sending.py",),
    ),
    Guard(
        "a secret signs as long as its overlap was granted",
        _ENDPOINTS,
        "DELETE FROM webhook_former_secrets WHERE until <= %s",
        "DELETE FROM webhook_former_secrets WHERE %s IS NOT NULL",
        _ENDPOINT_TESTS,
    ),
    Guard(
        "a removed endpoint is not enabled",
        _ENDPOINTS,
        "WHERE endpoint_id = %s AND state = 'disabled'\n",
        "WHERE endpoint_id = %s\n",
        _ENDPOINT_TESTS,
    ),
    Guard(
        "a removed endpoint is not disabled",
        _ENDPOINTS,
        "WHERE endpoint_id = %s AND state = 'enabled'\n",
        "WHERE endpoint_id = %s\n",
        _ENDPOINT_TESTS,
    ),
    Guard(
        "a removed endpoint gets no new secret",
        _ENDPOINTS,
        "SET secret = %s WHERE endpoint_id = %s AND state <> 'deleted'\"",
        'SET secret = %s WHERE endpoint_id = %s"',
        _ENDPOINT_TESTS,
    ),
    Guard(
        "an endpoint is removed once",
        _ENDPOINTS,
        'WHERE endpoint_id = %s AND state <> \'deleted\'\n"""\n\n\ndef remove',
        'WHERE endpoint_id = %s\n"""\n\n\ndef remove',
        _ENDPOINT_TESTS,
    ),
    Guard(
        "a message that waits is not dropped by its age",
        "shared/webhooks/store/webhook_deliveries.py",
        " AND (d.state <> 'pending' OR (e.state <> 'enabled' AND d.due_at <= %(now)s))",
        "",
        ("tests/services/enrollment/webhooks/test_webhook_sending.py",),
    ),
    Guard(
        "two persons change one contract one after the other",
        _RECORDS,
        "ORDER BY partner_no FOR NO KEY UPDATE",
        "ORDER BY partner_no",
        _PARTNER_TURNS,
    ),
    Guard(
        "a contract that ends goes back to no other state",
        _RECORDS,
        "WHERE partner_id = %s AND state <> 'wind_down'",
        "WHERE partner_id = %s",
        _PARTNER_TURNS,
    ),
    Guard(
        "nobody waits for the wind-down that another works on",
        _WIND_DOWNS,
        "FOR UPDATE OF w SKIP LOCKED",
        "FOR UPDATE OF w",
        _PARTNER_TURNS,
    ),
    Guard(
        "two persons decide on one draft one after the other",
        _DRAFTS,
        '_LOCKED: Final = f"{_ONE} FOR UPDATE"',
        "_LOCKED: Final = _ONE",
        _DRAFT_TURNS,
    ),
    Guard(
        "a draft is decided once",
        _DRAFTS,
        "WHERE draft_id = %s AND state = 'proposed'",
        "WHERE draft_id = %s",
        _DRAFT_TURNS,
    ),
    Guard(
        "nobody waits for the statement that another draws",
        _DRAWN,
        "ORDER BY statement_id LIMIT 1 FOR UPDATE SKIP LOCKED",
        "ORDER BY statement_id LIMIT 1 FOR UPDATE",
        _DRAWING,
    ),
    Guard(
        "a statement that is still drawn is not settled",
        _DRAWN,
        "WHERE statement_id = %s AND state = 'drawn'",
        "WHERE statement_id = %s",
        _DRAWING,
    ),
    Guard(
        "a message that was delivered stays delivered",
        _DELIVERIES,
        "AND asked = %(asked)s AND state = 'pending'",
        "AND asked = %(asked)s",
        _DELIVERY_TURNS,
    ),
    Guard(
        "what was delivered is not sent anew when its endpoint is enabled",
        _DELIVERIES,
        "AND state = 'pending' AND tries > 0",
        "AND tries > 0",
        _DELIVERY_TURNS,
    ),
    Guard(
        "two persons settle one statement one after the other",
        _DRAWN,
        "SELECT 1 FROM statements WHERE statement_id = %s FOR UPDATE",
        "SELECT 1 FROM statements WHERE statement_id = %s",
        _DRAWING,
    ),
    Guard(
        "two persons answer one dispute one after the other",
        _SETTLEMENTS,
        '_ONE: Final = f"{_DISPUTE} WHERE dispute_id = %s FOR UPDATE"',
        '_ONE: Final = f"{_DISPUTE} WHERE dispute_id = %s"',
        _DRAWING,
    ),
    Guard(
        "a wind-down that is done waits for nobody",
        _WIND_DOWNS,
        "SET waits_for = %s WHERE partner_no = %s AND state = 'draining'\"",
        'SET waits_for = %s WHERE partner_no = %s"',
        _PARTNER_TURNS,
    ),
    Guard(
        "a wind-down that is done does not list again",
        _WIND_DOWNS,
        "waits_for = NULL WHERE partner_no = %s AND state = 'draining'",
        "waits_for = NULL WHERE partner_no = %s",
        _PARTNER_TURNS,
    ),
    Guard(
        "a wind-down that is done counts no more",
        _WIND_DOWNS,
        "transferred = transferred + %s\nWHERE partner_no = %s AND state = 'listing'",
        "transferred = transferred + %s\nWHERE partner_no = %s",
        _PARTNER_TURNS,
    ),
    Guard(
        "a wind-down is done once",
        _WIND_DOWNS,
        "listed_reference = ''\nWHERE partner_no = %s AND state = 'listing'",
        "listed_reference = ''\nWHERE partner_no = %s",
        _PARTNER_TURNS,
    ),
)
