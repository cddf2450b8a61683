"""Of shared's statements."""

from __future__ import annotations

from typing import Final

from tests.faults.guard import Guard

_CLOCK: Final = "shared/db/sandbox_clock.py"
_HOUSEKEEPING: Final = "shared/messaging/housekeeping.py"
_READ: Final = "shared/messaging/partitions_read.py"
_CLOCK_TESTS: Final = ("tests/shared/db/test_sandbox_clock.py",)
_KEPT: Final = ("tests/shared/messaging/test_housekeeping.py",)
_READERS: Final = ("tests/shared/messaging/test_partitions_read.py",)

GUARDS: Final = (
    Guard(
        "who did what is one chain",
        "shared/db/audit.py",
        'tx.the(f"{_HEAD} FOR UPDATE", into',
        "tx.the(_HEAD, into",
        ("tests/shared/db/test_audit.py",),
    ),
    Guard(
        "who moves a sandbox's time sees who moved it before",
        _CLOCK,
        "SELECT ahead FROM sandbox_clock FOR UPDATE",
        "SELECT ahead FROM sandbox_clock",
        _CLOCK_TESTS,
    ),
    Guard(
        "a sandbox's time begins ahead of nothing that was moved further",
        _CLOCK,
        " WHERE ahead < %(ahead)s",
        "",
        _CLOCK_TESTS,
    ),
    Guard(
        "an event that came only today is remembered from today",
        _HOUSEKEEPING,
        " AND received_at < %(before)s",
        "",
        _KEPT,
    ),
    Guard(
        "an event that went only today is remembered from today",
        _HOUSEKEEPING,
        " AND sent_at < %(before)s",
        "",
        _KEPT,
    ),
    Guard(
        "a reply is kept for a week",
        _HOUSEKEEPING,
        " WHERE created_at < %(before)s",
        "",
        _KEPT,
    ),
    Guard(
        "events leave in the order in which they were written",
        "shared/messaging/relay.py",
        'WHERE bytes_before < %s\nORDER BY id"""',
        'WHERE bytes_before < %s\nORDER BY id DESC"""',
        ("tests/shared/messaging/test_delivery.py",),
    ),
    Guard(
        "who says nothing for long reads no more",
        _READ,
        " AND read_at > clock_timestamp() - make_interval(secs => %s)",
        " AND %s IS NOT NULL",
        _READERS,
    ),
    Guard(
        "who leaves does so for itself alone",
        _READ,
        ' WHERE consumer = %s AND member = %s"',
        ' WHERE consumer = %s AND %s IS NOT NULL"',
        _READERS,
    ),
    Guard(
        "of many events that wait the oldest leave first",
        "shared/messaging/relay.py",
        "FROM (SELECT * FROM outbox WHERE id >= %s ORDER BY id LIMIT %s) AS oldest",
        "FROM (SELECT * FROM outbox WHERE id >= %s ORDER BY id DESC LIMIT %s) AS oldest",
        ("tests/shared/messaging/test_delivery.py",),
    ),
    Guard(
        "what was sent is not stepped over at each look",
        "shared/messaging/relay.py",
        "            return self._near\n",
        "            return 0\n",
        ("tests/shared/messaging/test_delivery.py",),
    ),
    Guard(
        "an event whose number is older than the look leaves too",
        "shared/messaging/relay.py",
        "        self._whole_look_due = now + _WHOLE_LOOK_SECONDS\n",
        "        self._whole_look_due = now + 3600 * _WHOLE_LOOK_SECONDS\n",
        ("tests/shared/messaging/test_delivery.py",),
    ),
)
