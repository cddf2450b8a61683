"""Searches for rows that break an invariant, past the constraints that should keep them out. One sentence for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.payout.store.erasure import CLOSED
from shared.db.transaction import Tx

_UNBALANCED_TRANSFERS: Final = """
SELECT transfer_id, currency, sum(amount_fen) FROM ledger_entries
GROUP BY transfer_id, currency HAVING sum(amount_fen) <> 0"""
_ONE_SIDED: Final = """
SELECT t.transfer_id FROM ledger_transfers t LEFT JOIN ledger_entries e USING (transfer_id)
GROUP BY t.transfer_id HAVING count(e.line) < 2"""
_UNBALANCED_CURRENCIES: Final = """
SELECT currency, sum(amount_fen) FROM ledger_entries GROUP BY currency HAVING sum(amount_fen) <> 0"""
_STATE_AND_LEDGER: Final = """
SELECT p.payout_id, p.state, count(t.transfer_id) FILTER (WHERE t.kind = 'payout_paid'),
       count(t.transfer_id) FILTER (WHERE t.kind = 'payout_returned')
FROM payouts p LEFT JOIN ledger_transfers t USING (payout_id)
GROUP BY p.payout_id, p.state
HAVING count(t.transfer_id) FILTER (WHERE t.kind = 'payout_paid') <> (p.state IN ('paid', 'returned'))::int
    OR count(t.transfer_id) FILTER (WHERE t.kind = 'payout_returned') <> (p.state = 'returned')::int"""
_PAID_TWICE: Final = """
SELECT p.decision_id, count(*) FROM ledger_transfers t JOIN payouts p USING (payout_id)
WHERE t.kind = 'payout_paid' GROUP BY p.decision_id HAVING count(*) > 1"""
_MOVED_TWICE: Final = """
SELECT decision_id, count(*) FROM payouts WHERE payout_id::text = ANY(%s)
GROUP BY decision_id HAVING count(*) > 1"""
_ABOVE_COVER: Final = """
SELECT p.payout_id, sum(-e.amount_fen) FROM payouts p
JOIN ledger_transfers t ON t.payout_id = p.payout_id AND t.kind = 'payout_paid'
JOIN ledger_entries e ON e.transfer_id = t.transfer_id AND e.account = 'bank'
JOIN decisions d ON d.decision_id = p.decision_id
GROUP BY p.payout_id, p.amount_fen, p.cover_limit_fen, d.amount_fen, d.cover_limit_fen
HAVING sum(-e.amount_fen) > least(p.cover_limit_fen, d.cover_limit_fen)
    OR sum(-e.amount_fen) <> p.amount_fen OR p.amount_fen <> d.amount_fen"""
_MOVED_ABOVE_COVER: Final = """
SELECT p.payout_id, moved.amount_fen
FROM unnest(%s::text[], %s::bigint[]) AS moved (reference, amount_fen)
JOIN payouts p ON p.payout_id::text = moved.reference
WHERE moved.amount_fen > p.cover_limit_fen OR moved.amount_fen <> p.amount_fen"""
_REFUSED: Final = """
SELECT p.payout_id, p.claim_id FROM payouts p
JOIN LATERAL (
    SELECT outcome FROM decisions d WHERE d.claim_id = p.claim_id ORDER BY version DESC LIMIT 1) newest ON true
WHERE newest.outcome <> 'approved'"""
_REFUSED_PAID: Final = _REFUSED + " AND p.state IN ('paid', 'returned')"
_REFUSED_MOVED: Final = _REFUSED + " AND p.payout_id::text = ANY(%s)"
_ILLEGAL_STEPS: Final = """
SELECT h.payout_id, h.version, h.from_state, h.to_state
FROM payout_history h
LEFT JOIN payout_history before ON before.payout_id = h.payout_id AND before.version = h.version - 1
WHERE CASE WHEN h.version = 1 THEN h.from_state IS NOT NULL OR h.to_state NOT IN ('scheduled', 'rejected')
           ELSE before.to_state IS DISTINCT FROM h.from_state
                OR NOT EXISTS (SELECT FROM payout_steps s WHERE s.from_state = h.from_state AND s.to_state = h.to_state)
      END"""
_UNTOLD_STATES: Final = """
SELECT p.payout_id, p.version, p.state FROM payouts p
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
# Everything that is text, but the vault's own masks.
_TEXT_COLUMNS: Final = """
SELECT table_name, string_agg(quote_ident(column_name) || '::text', ', ') FROM information_schema.columns
WHERE table_schema = 'public' AND data_type IN ('text', 'jsonb', 'json', 'character varying')
GROUP BY table_name ORDER BY table_name"""
_HOLDS: Final = (
    "SELECT DISTINCT wanted FROM {table} JOIN unnest(%s) AS wanted ON position(wanted IN concat_ws(' ', {columns})) > 0"
)


def unbalanced(tx: Tx) -> list[str]:
    """1: transfers or currencies that do not sum to zero, and payouts whose bookings do not fit their state."""
    faults = [f"transfer {row[0]} is off by {row[2]} fen in {row[1]}" for row in tx.all(_UNBALANCED_TRANSFERS)]
    faults += [f"transfer {row[0]} has less than two sides" for row in tx.all(_ONE_SIDED)]
    faults += [f"the ledger is off by {row[1]} fen in {row[0]}" for row in tx.all(_UNBALANCED_CURRENCIES)]
    faults += [
        f"payout {row[0]} is {row[1]}, and was booked {row[2]} times as paid and {row[3]} times as returned"
        for row in tx.all(_STATE_AND_LEDGER)
    ]
    return faults


def decisions_paid_twice(tx: Tx) -> list[str]:
    """2: by our ledger."""
    return [f"decision {row[0]} was paid {row[1]} times by our ledger" for row in tx.all(_PAID_TWICE)]


def decisions_moved_twice(tx: Tx, references: Sequence[str]) -> list[str]:
    """2: by the bank's book, whose references of moved money are given."""
    rows = tx.all(_MOVED_TWICE, (list(references),))
    return [f"decision {row[0]} was paid {row[1]} times by the bank's book" for row in rows]


def paid_above_cover(tx: Tx) -> list[str]:
    """3: by our ledger; also an amount that is not the decision's."""
    return [f"payout {row[0]} was booked as paid with {row[1]} fen, not as decided" for row in tx.all(_ABOVE_COVER)]


def moved_above_cover(tx: Tx, moved: Sequence[tuple[str, int]]) -> list[str]:
    """3: by the bank's book, given as reference and amount of moved money."""
    rows = tx.all(_MOVED_ABOVE_COVER, ([each[0] for each in moved], [each[1] for each in moved]))
    return [f"the bank moved {row[1]} fen for payout {row[0]}, not what was ordered" for row in rows]


def refused_but_paid(tx: Tx) -> list[str]:
    """7: by our states."""
    return [f"payout {row[0]} is paid, but claim {row[1]} is not approved" for row in tx.all(_REFUSED_PAID)]


def refused_but_moved(tx: Tx, references: Sequence[str]) -> list[str]:
    """7: by the bank's book, whose references of moved money are given."""
    rows = tx.all(_REFUSED_MOVED, (list(references),))
    return [f"the bank moved money for payout {row[0]}, but claim {row[1]} is not approved" for row in rows]


def illegal_steps(tx: Tx) -> list[str]:
    """10: steps that are no row of payout_steps, gaps in a history, and states that no history tells of."""
    faults = [f"payout {row[0]} went from {row[2]} to {row[3]} at version {row[1]}" for row in tx.all(_ILLEGAL_STEPS)]
    faults += [
        f"payout {row[0]} is {row[2]} at version {row[1]}, which its history does not tell"
        for row in tx.all(_UNTOLD_STATES)
    ]
    return faults


def not_forgotten(tx: Tx) -> list[str]:
    """12: what is left of payees that were erased, or that should have been."""
    return [row[0] for row in tx.all(_NOT_FORGOTTEN)]


def tables_that_hold(tx: Tx, texts: Sequence[str]) -> list[tuple[str, str]]:
    """12: table and text, for each of ``texts`` that stands in a row of it."""
    if not texts:
        return []
    found = []
    for table, columns in tx.all(_TEXT_COLUMNS):
        rows = tx.all(_HOLDS.format(table=table, columns=columns), (list(texts),))
        found += [(str(table), str(row[0])) for row in rows]
    return found
