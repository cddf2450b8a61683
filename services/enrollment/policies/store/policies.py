"""Policies as read. New ones are written by new_policies, changes by the module that is named after each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.enrollment.people.domain.policies import Claims, Consent, EndedEarly, Policy, PolicyState
from shared.db.transaction import Row, Tx
from shared.values.ids import BatchId, PartnerId, PolicyId, ProductCode, TokenHex
from shared.values.money import Currency, Fen

_SELECT: Final = """
SELECT p.policy_id, r.partner_id, p.partner_reference, d.product_code, p.product_version, k.batch_id, p.state,
       p.version, p.premium_fen, v.terms ->> 'currency', p.effective_from, p.effective_to, k.enrolled_at,
       p.consent_text_version, p.consent_given_at, p.consent_channel,
       encode(p.consent_sha256, 'hex'), p.chunk_id,
       c.filed, c.approved, c.paid, coalesce(n.waits_from, p.effective_from), n.renews,
       (SELECT f.policy_id FROM renewals f WHERE f.renews = p.policy_id),
       (SELECT count(*) FROM endorsements e WHERE e.policy_id = p.policy_id),
       EXISTS (SELECT FROM erased_policies g WHERE g.policy_id = p.policy_id),
       p.chunk_place, x.canceled_at, x.reason, x.refund_fen
FROM policies p
JOIN partners r USING (partner_no)
JOIN products d USING (product_id)
JOIN product_versions v ON v.product_id = p.product_id AND v.version = p.product_version
JOIN policy_chunks k USING (chunk_id)
LEFT JOIN renewals n ON n.policy_id = p.policy_id
LEFT JOIN cancellations x ON x.policy_id = p.policy_id
CROSS JOIN LATERAL (
    SELECT count(*) AS filed, count(*) FILTER (WHERE o.outcome = 'approved') AS approved,
           (SELECT coalesce(sum(s.amount_fen), 0)::bigint FROM payout_states s
            WHERE s.policy_id = p.policy_id AND s.state = 'paid') AS paid
    FROM claim_outcomes o WHERE o.policy_id = p.policy_id
) c
"""
_ONE: Final = _SELECT + "WHERE p.policy_id = %s AND p.partner_no = %s"
_LOCK: Final = "SELECT 1 FROM policies WHERE policy_id = %s AND partner_no = %s FOR UPDATE"


def policy(tx: Tx, policy_id: PolicyId, *, partner_no: int, lock: bool = False) -> Policy | None:
    """This partner's policy; None where there is none or it is another's. ``lock`` keeps others from changing it."""
    if lock and tx.one(_LOCK, (policy_id, partner_no)) is None:
        return None
    row = tx.one(_ONE, (policy_id, partner_no))
    return None if row is None else _policy(row)


_ANY: Final = _SELECT + "WHERE p.policy_id = %s"


def of_any_partner(tx: Tx, policy_id: PolicyId) -> Policy | None:
    """A policy whosever it is: for the insurer's own people, and for who holds its certificate."""
    row = tx.one(_ANY, (policy_id,))
    return None if row is None else _policy(row)


_LOCK_WAITING: Final = "SELECT 1 FROM policies WHERE policy_id = %s AND state = 'upcoming' FOR UPDATE"


def waiting(tx: Tx, policy_id: PolicyId) -> Policy | None:
    """A renewal that waits for its term, whosever it is, locked; None where it waits no more."""
    return None if tx.one(_LOCK_WAITING, (policy_id,)) is None else of_any_partner(tx, policy_id)


_PAGE: Final = (
    _SELECT
    + """
WHERE p.partner_no = %(partner_no)s
  AND (%(reference)s IS NULL OR p.partner_reference = %(reference)s)
  AND (%(state)s IS NULL OR p.state = %(state)s)
  AND (p.partner_reference, p.policy_id) > (%(after_reference)s, %(after_id)s::uuid)
ORDER BY p.partner_reference, p.policy_id
LIMIT %(limit)s
"""
)
_BEFORE_ALL: Final = ("", "00000000-0000-0000-0000-000000000000")


def page(
    tx: Tx,
    *,
    partner_no: int,
    reference: str | None,
    state: PolicyState | None = None,
    after: tuple[str, PolicyId] | None,
    limit: int,
) -> list[Policy]:
    """This partner's policies by reference and id, beginning after ``after``; in one state, if asked."""
    after_reference, after_id = after or _BEFORE_ALL
    parameters: dict[str, object] = {
        "partner_no": partner_no,
        "reference": reference,
        "state": state,
        "after_reference": after_reference,
        "after_id": after_id,
        "limit": limit,
    }
    return [_policy(row) for row in tx.all(_PAGE, parameters)]


_HOLDER: Final = """
SELECT policy_id, partner_no FROM policies
WHERE person_token = %s AND product_id = %s AND stacks_by = %s AND state = 'in_force'
"""


def running_cover(tx: Tx, person_token: TokenHex, product_id: int, stacks_by: int) -> tuple[PolicyId, int] | None:
    """Which policy covers this person now, so that another one is none, and the number of the partner whose it is."""
    row = tx.one(_HOLDER, (bytes.fromhex(person_token), product_id, stacks_by))
    return None if row is None else (PolicyId(row[0]), row[1])


_COVERED: Final = """
SELECT encode(person_token, 'hex') FROM policies
WHERE person_token = ANY(%s) AND product_id = %s AND state = 'in_force'
"""


def covered(tx: Tx, person_tokens: Sequence[TokenHex], product_id: int) -> list[TokenHex]:
    """Those of ``person_tokens`` who have running cover of this product."""
    if not person_tokens:
        return []
    tokens = [bytes.fromhex(token) for token in person_tokens]
    return [TokenHex(row[0]) for row in tx.all(_COVERED, (tokens, product_id))]


def _policy(row: Row) -> Policy:
    return Policy(
        policy_id=PolicyId(row[0]),
        partner_id=PartnerId(row[1]),
        partner_reference=row[2],
        product_code=ProductCode(row[3]),
        product_version=row[4],
        batch_id=None if row[5] is None else BatchId(row[5]),
        state=row[6],
        version=row[7],
        premium=Fen(row[8]),
        currency=Currency(row[9]),
        effective_from=row[10],
        effective_to=row[11],
        enrolled_at=row[12],
        consent=Consent(row[13], row[14], row[15], row[16]),
        chunk_id=row[17],
        chunk_place=row[26],
        claims=Claims(filed=row[18], approved=row[19], paid=Fen(row[20])),
        waits_from=row[21],
        renews=None if row[22] is None else PolicyId(row[22]),
        renewed_by=None if row[23] is None else PolicyId(row[23]),
        endorsements=row[24],
        erased=row[25],
        ended_early=None if row[27] is None else EndedEarly(row[27], row[28], Fen(row[29])),
    )
