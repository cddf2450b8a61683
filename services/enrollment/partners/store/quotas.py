"""What of partners' quotas is given out in each window. How much is taken at once is the domain's to say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.enrollment.partners.domain.quotas import Window, block
from shared.db.transaction import Tx
from shared.values.ids import PartnerId

_STANDING: Final = """
SELECT p.partner_no, CASE %(kind)s WHEN 'rows_a_day' THEN p.rows_a_day ELSE p.enrollments_a_minute END AS most,
       coalesce(w.taken, 0) AS taken
FROM partners p
LEFT JOIN quota_windows w ON w.partner_no = p.partner_no AND w.kind = %(kind)s AND w.begins_at = %(begins_at)s
WHERE p.partner_id = %(partner_id)s
"""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a partner may send in a window, and what of it is given out; ``most`` is None where there is no quota."""

    partner_no: int
    most: int | None
    taken: int

    @property
    def left(self) -> int:
        return 0 if self.most is None else max(0, self.most - self.taken)


def allowance(tx: Tx, partner_id: PartnerId, window: Window) -> Allowance | None:
    """How it stands now; None for a tenant that is no partner."""
    parameters: dict[str, object] = {"partner_id": partner_id, "kind": window.kind, "begins_at": window.begins_at}
    return tx.one(_STANDING, parameters, into=Allowance)


_OPEN: Final = """
INSERT INTO quota_windows (partner_no, kind, begins_at, taken) VALUES (%s, %s, %s, 0) ON CONFLICT DO NOTHING
"""
_TAKE: Final = """
UPDATE quota_windows SET taken = taken + %(amount)s
WHERE partner_no = %(partner_no)s AND kind = %(kind)s AND begins_at = %(begins_at)s AND taken + %(amount)s <= %(most)s
"""


def take(tx: Tx, standing: Allowance, window: Window, amount: int) -> bool:
    """Take ``amount`` of a quota if that much is left by now; False where it is not, and nothing is taken."""
    if standing.taken == 0:
        tx.execute(_OPEN, (standing.partner_no, window.kind, window.begins_at))
    parameters: dict[str, object] = {
        "amount": amount,
        "partner_no": standing.partner_no,
        "kind": window.kind,
        "begins_at": window.begins_at,
        "most": standing.most,
    }
    return tx.execute(_TAKE, parameters) == 1


def lease(tx: Tx, partner_id: PartnerId, window: Window) -> tuple[int | None, int]:
    """The quota (None: there is none) and how many permits of it this call took, 0 where it is used up.

    To be committed before a permit is used: what is lost on the way then was counted, and never the other way round.
    """
    while True:
        standing = allowance(tx, partner_id, window)
        if standing is None or standing.most is None:
            return None, 0
        if standing.left == 0:
            return standing.most, 0
        amount = block(standing.left)
        # Where that much is not left any more, others took of it since we looked: it ends when nothing is left.
        if take(tx, standing, window, amount):
            return standing.most, amount


_FORGET: Final = """
DELETE FROM quota_windows WHERE (partner_no, kind, begins_at) IN (
    SELECT partner_no, kind, begins_at FROM quota_windows WHERE begins_at < %s LIMIT 5000 FOR UPDATE SKIP LOCKED)
"""


def forget_before(tx: Tx, moment: datetime) -> int:
    """Remove windows that nobody asks for any more; how many."""
    return tx.execute(_FORGET, (moment,))
