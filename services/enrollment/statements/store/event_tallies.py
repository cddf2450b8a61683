"""What the events of policies said of premium when Kafka delivered them, kept for as long as the books are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.enrollment.statements.domain.event_tallies import Tally
from services.enrollment.statements.domain.line_digest import MODULUS
from services.enrollment.statements.domain.statements import Sum, TransactionType
from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import EventId, PartnerId
from shared.values.money import Currency
from shared.values.periods import Period

# The inbox forgets after a month what it knew; the key never does.
_TALLY: Final = Columns(
    Tally, kind="transaction_type", added={"premium": "premium_fen", "tax": "0", "compensation": "0"}
)
_ADD: Final = f"INSERT INTO event_tallies ({_TALLY.names}, event_id) VALUES %s ON CONFLICT (event_id) DO NOTHING"


def add(tx: Tx, tallies: Sequence[tuple[EventId, Tally]]) -> None:
    """Note what these events say; one that was noted before adds nothing."""
    tx.insert_many(_ADD, [[*_TALLY.values(tally).values(), event_id] for event_id, tally in tallies])


_OF_MONTH: Final = """
SELECT transaction_type, sum(lines)::bigint AS lines, sum(premium_fen)::bigint AS premium, sum(digest) AS digest
FROM event_tallies
WHERE partner_id = %s AND currency = %s AND booked_at >= %s AND booked_at < %s GROUP BY transaction_type
"""


def of_month(tx: Tx, partner_id: PartnerId, booked: Period, currency: Currency) -> dict[TransactionType, Sum]:
    """What the events come to: lines, premium and digest of each kind that has any."""
    rows = tx.all(_OF_MONTH, (partner_id, currency, booked.start, booked.end), into=dict[str, Any])
    return {row.pop("transaction_type"): Sum(**row | {"digest": int(row["digest"]) % MODULUS}) for row in rows}


@dataclass(frozen=True, slots=True)
class Unmatched:
    """An event of a month's policies that nobody heard, or one that was heard and that none of them caused."""

    event_id: EventId
    heard: bool
    in_outbox: bool


_UNMATCHED: Final = """
WITH caused AS (
    SELECT k.event_id FROM policy_chunks k
    JOIN product_versions v ON v.product_id = k.product_id AND v.version = k.product_version
    WHERE k.partner_no = %(partner_no)s AND k.enrolled_at >= %(start)s AND k.enrolled_at < %(end)s
      AND v.terms ->> 'currency' = %(currency)s
    UNION ALL
    SELECT e.event_id FROM endorsements e
    JOIN policies p USING (policy_id)
    JOIN product_versions v ON v.product_id = p.product_id AND v.version = p.product_version
    WHERE partner_as_of(p.policy_id, e.version) = %(partner_no)s
      AND e.endorsed_at >= %(start)s AND e.endorsed_at < %(end)s AND v.terms ->> 'currency' = %(currency)s
    UNION ALL
    SELECT DISTINCT c.event_id FROM cancellations c
    JOIN policies p USING (policy_id)
    JOIN product_versions v ON v.product_id = p.product_id AND v.version = p.product_version
    WHERE p.partner_no = %(partner_no)s AND c.canceled_at >= %(start)s AND c.canceled_at < %(end)s
      AND v.terms ->> 'currency' = %(currency)s
), heard AS (
    SELECT event_id FROM event_tallies
    WHERE partner_id = %(partner_id)s AND currency = %(currency)s
      AND booked_at >= %(start)s AND booked_at < %(end)s
)
SELECT coalesce(caused.event_id, heard.event_id) AS event_id, heard.event_id IS NOT NULL AS heard,
       EXISTS (SELECT FROM outbox o WHERE o.event_id = caused.event_id) AS in_outbox
FROM caused FULL JOIN heard USING (event_id)
WHERE caused.event_id IS NULL OR heard.event_id IS NULL ORDER BY event_id
"""


def unmatched(tx: Tx, partner_no: int, partner_id: PartnerId, booked: Period, currency: Currency) -> list[Unmatched]:
    """Events of the month that only one side knows: its policies, or what was heard."""
    parameters: dict[str, object] = {
        "partner_no": partner_no,
        "partner_id": partner_id,
        "start": booked.start,
        "end": booked.end,
        "currency": currency,
    }
    return tx.all(_UNMATCHED, parameters, into=Unmatched)
