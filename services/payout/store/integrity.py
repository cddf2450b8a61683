"""Searches for rows that break an invariant, past the constraints that should keep them out. One sentence for each."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final

from services.payout.store.erasure import CLOSED
from shared.db import text_columns
from shared.db.invariants import found_by
from shared.db.transaction import Tx
from shared.values.clear_text import TextKind

_UNBALANCED_TRANSFERS: Final = """
SELECT 'transfer ' || transfer_id || ' is off by ' || sum(amount_fen) || ' fen in ' || currency FROM ledger_entries
GROUP BY transfer_id, currency HAVING sum(amount_fen) <> 0"""
_ONE_SIDED: Final = """
SELECT 'transfer ' || t.transfer_id || ' has less than two sides'
FROM ledger_transfers t LEFT JOIN ledger_entries e USING (transfer_id)
GROUP BY t.transfer_id HAVING count(e.line) < 2"""
_UNBALANCED_CURRENCIES: Final = """
SELECT 'the ledger is off by ' || sum(amount_fen) || ' fen in ' || currency
FROM ledger_entries GROUP BY currency HAVING sum(amount_fen) <> 0"""
_STATE_AND_LEDGER: Final = """
SELECT 'payout ' || p.payout_id || ' is ' || p.state || ', and was booked '
       || count(t.transfer_id) FILTER (WHERE t.kind = 'payout_paid') || ' times as paid and '
       || count(t.transfer_id) FILTER (WHERE t.kind = 'payout_returned') || ' times as returned'
FROM payouts p LEFT JOIN ledger_transfers t USING (payout_id)
GROUP BY p.payout_id, p.state
HAVING count(t.transfer_id) FILTER (WHERE t.kind = 'payout_paid') <> (p.state IN ('paid', 'returned'))::int
    OR count(t.transfer_id) FILTER (WHERE t.kind = 'payout_returned') <> (p.state = 'returned')::int"""
_PAID_TWICE: Final = """
SELECT 'decision ' || p.decision_id || ' was paid ' || count(*) || ' times by our ledger'
FROM ledger_transfers t JOIN payouts p USING (payout_id)
WHERE t.kind = 'payout_paid' GROUP BY p.decision_id HAVING count(*) > 1
UNION ALL
SELECT 'claim ' || p.claim_id || ' was paid by ' || count(*) || ' payouts that did not come back'
FROM payouts p WHERE p.state = 'paid' GROUP BY p.claim_id HAVING count(*) > 1"""
_MOVED_TWICE: Final = """
SELECT 'decision ' || decision_id || ' was paid ' || count(*) || ' times by the bank''s book'
FROM payouts WHERE payout_id::text = ANY(%s)
GROUP BY decision_id HAVING count(*) > 1"""
_ABOVE_COVER: Final = """
SELECT 'payout ' || p.payout_id || ' was booked as paid with ' || sum(-e.amount_fen) || ' fen, not as decided'
FROM payouts p
JOIN ledger_transfers t ON t.payout_id = p.payout_id AND t.kind = 'payout_paid'
JOIN ledger_entries e ON e.transfer_id = t.transfer_id AND e.account = 'bank'
JOIN decisions d ON d.decision_id = p.decision_id
GROUP BY p.payout_id, p.amount_fen, p.cover_limit_fen, d.amount_fen, d.cover_limit_fen
HAVING sum(-e.amount_fen) > least(p.cover_limit_fen, d.cover_limit_fen)
    OR sum(-e.amount_fen) <> p.amount_fen OR p.amount_fen <> d.amount_fen"""
_MOVED_ABOVE_COVER: Final = """
SELECT 'the bank moved ' || moved.amount_fen || ' fen for payout ' || p.payout_id || ', not what was ordered'
FROM unnest(%s::text[], %s::bigint[]) AS moved (reference, amount_fen)
JOIN payouts p ON p.payout_id::text = moved.reference
WHERE moved.amount_fen > p.cover_limit_fen OR moved.amount_fen <> p.amount_fen"""
# An approval that was stopped is none that a later refusal overrules: its money had left before, or came back.
_REFUSED: Final = """
FROM payouts p JOIN decisions own USING (decision_id)
JOIN LATERAL (
    SELECT outcome FROM decisions d WHERE d.claim_id = p.claim_id AND d.outcome NOT IN ('stopped', 'given_up')
    ORDER BY version DESC LIMIT 1) newest ON true
WHERE newest.outcome <> 'approved' AND NOT EXISTS (
    SELECT FROM decisions s WHERE s.claim_id = p.claim_id AND s.version > own.version
      AND s.outcome IN ('stopped', 'given_up'))"""
_REFUSED_PAID: Final = f"""
SELECT 'payout ' || p.payout_id || ' is paid, but claim ' || p.claim_id || ' is not approved'
{_REFUSED} AND p.state IN ('paid', 'returned')"""
_REFUSED_MOVED: Final = f"""
SELECT 'the bank moved money for payout ' || p.payout_id || ', but claim ' || p.claim_id || ' is not approved'
{_REFUSED} AND p.payout_id::text = ANY(%s)"""
_ILLEGAL_STEPS: Final = """
SELECT 'payout ' || h.payout_id || ' went from ' || coalesce(h.from_state, 'nothing') || ' to ' || h.to_state
       || ' at version ' || h.version
FROM payout_history h
LEFT JOIN payout_history before ON before.payout_id = h.payout_id AND before.version = h.version - 1
WHERE CASE WHEN h.version = 1 THEN h.from_state IS NOT NULL OR h.to_state NOT IN ('scheduled', 'rejected')
           ELSE before.to_state IS DISTINCT FROM h.from_state
                OR NOT EXISTS (SELECT FROM payout_steps s WHERE s.from_state = h.from_state AND s.to_state = h.to_state)
      END"""
_UNTOLD_STATES: Final = """
SELECT 'payout ' || p.payout_id || ' is ' || p.state || ' at version ' || p.version
       || ', which its history does not tell'
FROM payouts p
LEFT JOIN payout_history h ON h.payout_id = p.payout_id AND h.version = p.version
WHERE h.to_state IS DISTINCT FROM p.state"""
# A claim's payee is forgotten within moments of its end; the hour is for one that is not.
_NOT_FORGOTTEN: Final = f"""
SELECT 'erased payee ' || payee_token || ' still has a token, a sealed text or a mask' FROM payees
WHERE erased_at IS NOT NULL
  AND (left(payee_token, 2) <> '00' OR account_sealed <> '' OR holder_sealed <> '' OR account_masked <> ''
       OR holder_masked <> '' OR bank_code <> '')
UNION ALL
SELECT 'claim ' || claim_id || ' of an erased person is over and still names a payee'
FROM claim_payees c JOIN erased_policies e USING (policy_id)
WHERE e.erased_at < clock_timestamp() - interval '1 hour' AND {CLOSED}
UNION ALL
SELECT 'claim ' || claim_id || ' of an erased person is not marked to be forgotten'
FROM claim_payees JOIN erased_policies USING (policy_id) WHERE NOT to_be_erased
UNION ALL
SELECT 'payout ' || payout_id || ' of an erased person names a payee that its claim does not'
FROM payouts p JOIN erased_policies USING (policy_id)
WHERE left(payee_token, 2) <> '00'
  AND NOT EXISTS (SELECT FROM claim_payees c WHERE (c.claim_id, c.payee_token) = (p.claim_id, p.payee_token))
UNION ALL
SELECT 'a reply that is kept for a repeat of ' || route || ' shows a payee who is not in the vault'
FROM idempotency_keys
WHERE about IS NOT NULL AND NOT EXISTS (SELECT FROM payees WHERE payee_token = about)"""
_HOLDS: Final = (
    "SELECT DISTINCT wanted FROM {table} JOIN unnest(%s) AS wanted ON position(wanted IN concat_ws(' ', {columns})) > 0"
)


unbalanced: Final = found_by(_UNBALANCED_TRANSFERS, _ONE_SIDED, _UNBALANCED_CURRENCIES, _STATE_AND_LEDGER)
"""1: transfers or currencies that do not sum to zero, and payouts whose bookings do not fit their state."""
decisions_paid_twice: Final = found_by(_PAID_TWICE)
"""2: by our ledger."""
paid_above_cover: Final = found_by(_ABOVE_COVER)
"""3: by our ledger; also an amount that is not the decision's."""
refused_but_paid: Final = found_by(_REFUSED_PAID)
"""7: by our states."""
illegal_steps: Final = found_by(_ILLEGAL_STEPS, _UNTOLD_STATES)
"""10: steps that are no row of payout_steps, gaps in a history, and states that no history tells of."""
not_forgotten: Final = found_by(_NOT_FORGOTTEN)
"""12: what is left of payees that were erased, or that should have been."""


def decisions_moved_twice(tx: Tx, moved: Sequence[tuple[str, int]]) -> list[str]:
    """2: by the bank's book, given as reference and amount of moved money."""
    return tx.all(_MOVED_TWICE, ([reference for reference, _ in moved],), into=str)


def moved_above_cover(tx: Tx, moved: Sequence[tuple[str, int]]) -> list[str]:
    """3: by the bank's book, given as reference and amount of moved money."""
    return tx.all(_MOVED_ABOVE_COVER, ([each[0] for each in moved], [each[1] for each in moved]), into=str)


def refused_but_moved(tx: Tx, moved: Sequence[tuple[str, int]]) -> list[str]:
    """7: by the bank's book, given as reference and amount of moved money."""
    return tx.all(_REFUSED_MOVED, ([reference for reference, _ in moved],), into=str)


def tables_that_hold(tx: Tx, texts: Sequence[str]) -> list[tuple[str, str]]:
    """12: table and text, for each of ``texts`` that stands in a row of it."""
    if not texts:
        return []
    found = []
    in_clear = (each for each in text_columns.columns(tx) if each.said in set(TextKind))
    for table, columns in groupby(in_clear, key=attrgetter("table")):
        listed = ", ".join(each.as_text for each in columns)
        held = tx.all(_HOLDS.format(table=table, columns=listed), (list(texts),), into=str)
        found += [(str(table), text) for text in held]
    return found
