"""Of payout's statements."""

from __future__ import annotations

from typing import Final

from tests.faults.guard import Guard

_PAYOUTS: Final = "services/payout/store/payouts.py"
_STATEMENT: Final = "services/payout/store/bank_statement.py"
_DECISIONS: Final = "services/payout/store/decisions.py"
_FORGETTING: Final = "services/payout/store/erasure.py"
_PAYEES: Final = "services/payout/store/payees.py"
_PAYOUT_TURNS: Final = ("tests/services/payout/test_turns.py",)
_PAYING: Final = ("tests/services/payout/test_paying.py",)
_PAYOUT_ERASURE: Final = ("tests/services/payout/test_erasure.py",)
_HTTP: Final = ("tests/services/payout/test_http.py",)

GUARDS: Final = (
    Guard(
        "no step is taken from what a payout was before",
        _PAYOUTS,
        "AND state = %(old)s AND version = %(version)s",
        "AND state = %(old)s",
        _PAYOUT_TURNS,
    ),
    Guard(
        "a payout takes no step from a state in which it is not",
        _PAYOUTS,
        "AND state = %(old)s AND version = %(version)s",
        "AND version = %(version)s",
        _PAYOUT_TURNS,
    ),
    Guard(
        "who read a payout before it changed does not pause it",
        _PAYOUTS,
        'WHERE payout_id = %s AND version = %s"""',
        'WHERE payout_id = %s AND %s > 0"""',
        _PAYOUT_TURNS,
    ),
    Guard(
        "who has been owed longest is paid first",
        _PAYOUTS,
        "ORDER BY payable_from LIMIT 1",
        "ORDER BY payout_id LIMIT 1",
        _PAYOUT_TURNS,
    ),
    Guard(
        "nobody waits for what another worker sends",
        _PAYOUTS,
        "payable_from LIMIT 1 FOR UPDATE SKIP LOCKED",
        "payable_from LIMIT 1 FOR UPDATE",
        _PAYOUT_TURNS,
    ),
    Guard(
        "what is paid does not stand before what is due",
        _PAYOUTS,
        "WHERE state = 'scheduled' AND payable_from",
        "WHERE payable_from",
        _PAYOUT_TURNS,
    ),
    Guard(
        "an order is not sent again before its pause is over",
        _PAYOUTS,
        " AND not_before <= clock_timestamp()\n    ORDER BY payable_from",
        "\n    ORDER BY payable_from",
        _PAYOUT_TURNS,
    ),
    Guard(
        "the bank is asked about what may still be open alone",
        _PAYOUTS,
        "WHERE state IN ('sending', 'in_doubt', 'accepted') AND not_before <=",
        "WHERE not_before <=",
        _PAYOUT_TURNS,
    ),
    Guard(
        "the bank is not asked again before the pause is over",
        _PAYOUTS,
        "'accepted') AND not_before <= clock_timestamp()",
        "'accepted')",
        _PAYOUT_TURNS,
    ),
    Guard(
        "nobody asks about what a living worker sends",
        _PAYOUTS,
        "      AND (lease_until IS NULL OR lease_until <= clock_timestamp())\n",
        "",
        _PAYOUT_TURNS,
    ),
    Guard(
        "the bank is asked first about who has waited longest",
        _PAYOUTS,
        "ORDER BY not_before LIMIT 1",
        "LIMIT 1",
        _PAYOUT_TURNS,
    ),
    Guard(
        "nobody waits for what another worker asks about",
        _PAYOUTS,
        "not_before LIMIT 1 FOR UPDATE SKIP LOCKED",
        "not_before LIMIT 1 FOR UPDATE",
        _PAYOUT_TURNS,
    ),
    Guard(
        "a decision sees what the bank has just said",
        _PAYOUTS,
        "WHERE claim_id = %s ORDER BY payout_id DESC LIMIT 1 FOR UPDATE",
        "WHERE claim_id = %s ORDER BY payout_id DESC LIMIT 1",
        _PAYOUT_TURNS,
    ),
    Guard(
        "an answer of the bank sees what was just decided",
        _PAYOUTS,
        '_BY_ID_LOCKED: Final = _BY_ID + " FOR UPDATE"',
        "_BY_ID_LOCKED: Final = _BY_ID",
        _PAYOUT_TURNS,
    ),
    Guard(
        "one worker reads the bank's statement",
        _STATEMENT,
        "FROM bank_statement FOR UPDATE SKIP LOCKED",
        "FROM bank_statement",
        _PAYOUT_TURNS,
    ),
    Guard(
        "the bank's statement is read forwards alone",
        _STATEMENT,
        ' WHERE read_up_to < %s"',
        ' WHERE %s > 0"',
        _PAYOUT_TURNS,
    ),
    Guard(
        "the newest decision on a claim counts, whichever came last",
        _DECISIONS,
        "ORDER BY version DESC LIMIT 1",
        "ORDER BY version LIMIT 1",
        _PAYING,
    ),
    Guard(
        "decisions on one claim are taken one after the other",
        _DECISIONS,
        "    tx.execute(_LOCK_CLAIM, (claim_id,))\n",
        "    assert tx\n",
        _PAYOUT_TURNS,
    ),
    Guard(
        "nobody waits for the payee whom another forgets",
        _FORGETTING,
        "LIMIT %s FOR UPDATE SKIP LOCKED",
        "LIMIT %s FOR UPDATE",
        _PAYOUT_TURNS,
    ),
    Guard(
        "whether a payee is still needed is told by the newest decision",
        _FORGETTING,
        "ORDER BY version DESC LIMIT 1)\n    IN",
        "ORDER BY version LIMIT 1)\n    IN",
        _PAYOUT_ERASURE,
    ),
    Guard(
        "a payout that is open keeps its payee",
        _FORGETTING,
        "p.state NOT IN ('paid', 'rejected', 'returned')",
        "false",
        _PAYOUT_ERASURE,
    ),
    Guard(
        "what is left of an erased payee is not opened",
        _PAYEES,
        "payee_token > %s AND erased_at IS NULL",
        "payee_token > %s",
        _PAYOUT_ERASURE,
    ),
    Guard(
        "payouts are listed in the order of their making",
        _PAYOUTS,
        "ORDER BY payout_id LIMIT %(limit)s",
        "ORDER BY payout_id DESC LIMIT %(limit)s",
        _HTTP,
    ),
    Guard(
        "bookings are listed in the order of their making",
        "services/payout/store/ledger.py",
        "t.booked_at ORDER BY t.transfer_id",
        "t.booked_at ORDER BY t.transfer_id DESC",
        _HTTP,
    ),
    Guard(
        "a payee whose claim is being approved is not forgotten meanwhile",
        _PAYEES,
        "FROM payees WHERE payee_token = %s FOR KEY SHARE",
        "FROM payees WHERE payee_token = %s",
        _PAYOUT_TURNS,
    ),
)
