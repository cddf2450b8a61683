"""Of enrollment's statements."""

from __future__ import annotations

from typing import Final

from tests.faults.guard import Guard

_BATCHES: Final = "services/enrollment/files/store/batches.py"
_FILE_TURNS: Final = ("tests/services/enrollment/files/test_turns.py",)
_OUTCOMES: Final = "services/enrollment/policies/store/outcomes.py"
_LATE_WORDS: Final = ("tests/services/enrollment/policies/test_late_words.py",)

GUARDS: Final = (
    Guard(
        "the file that came first is worked off first",
        _BATCHES,
        "ORDER BY received_at, batch_id LIMIT 100",
        "ORDER BY batch_id LIMIT 100",
        _FILE_TURNS,
    ),
    Guard(
        "the first part of a file that is left comes first",
        _BATCHES,
        "    ORDER BY n.part_no LIMIT 1)",
        "    ORDER BY n.part_no DESC LIMIT 1)",
        _FILE_TURNS,
    ),
    Guard(
        "a part of a file is done once",
        _BATCHES,
        'WHERE batch_id = %s AND part_no = %s AND sealed IS NOT NULL\n"""',
        'WHERE batch_id = %s AND part_no = %s\n"""',
        _FILE_TURNS,
    ),
    Guard(
        "a file that came to an end does not go on",
        _BATCHES,
        "WHERE batch_id = %(batch_id)s AND state IN ('received', 'processing')\nRETURNING",
        "WHERE batch_id = %(batch_id)s\nRETURNING",
        _FILE_TURNS,
    ),
    Guard(
        "a part that is done is not tried again",
        _BATCHES,
        "AND sealed IS NOT NULL RETURNING tries",
        "RETURNING tries",
        _FILE_TURNS,
    ),
    Guard(
        "a file that is done does not fail",
        _BATCHES,
        "WHERE batch_id = %s AND state IN ('received', 'processing')\n",
        "WHERE batch_id = %s\n",
        _FILE_TURNS,
    ),
    Guard(
        "what waits of a file is forgotten where the file failed alone",
        "services/enrollment/files/store/failed_batches.py",
        "b.state = 'failed' AND ",
        "",
        _FILE_TURNS,
    ),
    Guard(
        "the newest decision on a claim counts for its policy",
        _OUTCOMES,
        "decided_at = excluded.decided_at\nWHERE known.version < excluded.version",
        "decided_at = excluded.decided_at",
        _LATE_WORDS,
    ),
    Guard(
        "the newest state of a payout counts for its policy",
        _OUTCOMES,
        "changed_at = excluded.changed_at\nWHERE known.version < excluded.version",
        "changed_at = excluded.changed_at",
        _LATE_WORDS,
    ),
    Guard(
        "a sender whose lease ran out leaves the message to the next one",
        "services/enrollment/webhooks/store/webhook_deliveries.py",
        "WHERE delivery_id = %(delivery_id)s AND attempts = %(attempts)s AND asked",
        "WHERE delivery_id = %(delivery_id)s AND asked",
        ("tests/services/enrollment/webhooks/test_webhook_sending.py",),
    ),
)
