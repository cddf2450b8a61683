"""Policies as read. New ones are written by new_policies, changes by the module that is named after each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.enrollment.people.domain.policies import Policy, PolicyState
from services.enrollment.people.store.policy_consents import CONSENT
from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import PolicyId, TokenHex

_POLICY: Final = Columns(
    Policy,
    partner_id="r.partner_id",
    product_code="d.product_code",
    batch_id="k.batch_id",
    premium="premium_fen",
    currency="v.terms ->> 'currency'",
    enrolled_at="k.enrolled_at",
    consent=CONSENT,
    claims={"filed": "c.filed", "approved": "c.approved", "paid": "c.paid"},
    waits_from="coalesce(n.waits_from, p.effective_from)",
    renews="n.renews",
    renewed_by="(SELECT f.policy_id FROM renewals f WHERE f.renews = p.policy_id)",
    endorsements="(SELECT count(*) FROM endorsements e WHERE e.policy_id = p.policy_id)",
    erased="EXISTS (SELECT FROM erased_policies g WHERE g.policy_id = p.policy_id)",
    ended_early={"canceled_at": "x.canceled_at", "reason": "x.reason", "refund": "x.refund_fen"},
)
_SELECT: Final = f"""
SELECT {_POLICY.of("p")}
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
_ONE: Final = f"{_SELECT} WHERE p.policy_id = %s AND p.partner_no = %s"
_LOCK: Final = "SELECT 1 FROM policies WHERE policy_id = %s AND partner_no = %s FOR UPDATE"


def policy(tx: Tx, policy_id: PolicyId, *, partner_no: int, lock: bool = False) -> Policy | None:
    """This partner's policy; None where there is none or it is another's. ``lock`` keeps others from changing it."""
    if lock and tx.one(_LOCK, (policy_id, partner_no)) is None:
        return None
    return tx.one(_ONE, (policy_id, partner_no), into=Policy)


_ANY: Final = f"{_SELECT} WHERE p.policy_id = %s"


def of_any_partner(tx: Tx, policy_id: PolicyId) -> Policy | None:
    """A policy whosever it is: for the insurer's own people, and for who holds its certificate."""
    return tx.one(_ANY, (policy_id,), into=Policy)


_LOCK_WAITING: Final = "SELECT 1 FROM policies WHERE policy_id = %s AND state = 'upcoming' FOR UPDATE"


def waiting(tx: Tx, policy_id: PolicyId) -> Policy | None:
    """A renewal that waits for its term, whosever it is, locked; None where it waits no more."""
    return None if tx.one(_LOCK_WAITING, (policy_id,)) is None else of_any_partner(tx, policy_id)


_PAGE: Final = f"""{_SELECT}
WHERE p.partner_no = %(partner_no)s
  AND (%(reference)s IS NULL OR p.partner_reference = %(reference)s)
  AND (%(state)s IS NULL OR p.state = %(state)s)
  AND (p.partner_reference, p.policy_id) > (%(after_reference)s, %(after_id)s::uuid)
ORDER BY p.partner_reference, p.policy_id
LIMIT %(limit)s
"""
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
    return tx.all(_PAGE, parameters, into=Policy)


_HOLDER: Final = """
SELECT policy_id, partner_no FROM policies
WHERE person_token = %s AND product_id = %s AND stacks_by = %s AND state = 'in_force'
"""


def running_cover(tx: Tx, person_token: TokenHex, product_id: int, stacks_by: int) -> tuple[PolicyId, int] | None:
    """Which policy covers this person now, so that another one is none, and the number of the partner whose it is."""
    return tx.one(_HOLDER, (bytes.fromhex(person_token), product_id, stacks_by), into=tuple[PolicyId, int])


_COVERED: Final = """
SELECT encode(person_token, 'hex') FROM policies
WHERE person_token = ANY(%s) AND product_id = %s AND state = 'in_force'
"""


def covered(tx: Tx, person_tokens: Sequence[TokenHex], product_id: int) -> list[TokenHex]:
    """Those of ``person_tokens`` who have running cover of this product."""
    if not person_tokens:
        return []
    tokens = [bytes.fromhex(token) for token in person_tokens]
    return tx.all(_COVERED, (tokens, product_id), into=TokenHex)
