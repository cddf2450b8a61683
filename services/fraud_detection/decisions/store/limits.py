"""What claims took of annual limits, of a policy's and of each of its liabilities', and bore of the year's deductible.

Never more is taken than there is: each by a conditional update, and behind it the table's own check. What an approval
took stands in its reservation, until the money is surely not paid and all of it is given back. Of the deductible each
claim bears what its newest approval or refusal says; what it bore before is replaced.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.coverage.domain.cover import NOTHING_USED, LimitUse, Product, liability
from services.fraud_detection.decisions.domain.payable import Payable
from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import ClaimId, DecisionId, PolicyId
from shared.values.money import Fen


@dataclass(frozen=True, slots=True)
class _Used:
    claim_id: ClaimId
    use: LimitUse


# All in one statement, so that they are of one moment.
_USE: Final = f"""
SELECT {
    Columns(
        _Used,
        claim_id="asked.claim_id",
        use={
            "reserved_fen": "limit_use.reserved_fen",
            "deductible_fen": "limit_use.deductible_fen - coalesce(own.deductible_fen, 0)",
            "liability_fen": "coalesce(liability_use.reserved_fen, 0)",
            "replaced_fen": "coalesce(own.deductible_fen, 0)",
        },
    )
}
FROM unnest(%(claims)s::uuid[], %(policies)s::uuid[], %(liabilities)s::text[])
     AS asked (claim_id, policy_id, liability)
JOIN limit_use USING (policy_id) LEFT JOIN liability_use USING (policy_id, liability)
LEFT JOIN LATERAL (
    SELECT CASE WHEN released_at IS NULL THEN decisions.deductible_fen END AS deductible_fen
    FROM decisions LEFT JOIN reservations USING (decision_id)
    WHERE decisions.claim_id = asked.claim_id AND outcome IN ('approved', 'refused') ORDER BY version DESC LIMIT 1
) AS own ON true"""

_OF_LIABILITIES: Final = "SELECT liability, reserved_fen FROM liability_use WHERE policy_id = %s ORDER BY liability"

# Two claims of one policy at once: the second waits for the first one's row, and then fits or touches no row. A refusal
# may change the deductible alone, so that both must be as they were seen.
_RESERVE: Final = """
WITH asked AS MATERIALIZED (
    SELECT * FROM unnest(%(policies)s::uuid[], %(limits)s::bigint[], %(amounts)s::bigint[], %(deductibles)s::bigint[],
                         %(others_deductibles)s::bigint[], %(seen)s::bigint[], %(seen_deductibles)s::bigint[])
    AS asked (policy_id, annual_limit, amount, deductible, others_deductible, seen, seen_deductible))
INSERT INTO limit_use (policy_id, annual_limit_fen, reserved_fen, deductible_fen)
SELECT policy_id, annual_limit, amount, deductible FROM asked ORDER BY policy_id
ON CONFLICT (policy_id) DO UPDATE
SET reserved_fen = limit_use.reserved_fen + excluded.reserved_fen,
    deductible_fen = excluded.deductible_fen
        + (SELECT others_deductible FROM asked WHERE asked.policy_id = excluded.policy_id)
WHERE limit_use.reserved_fen + excluded.reserved_fen <= excluded.annual_limit_fen
  AND (limit_use.reserved_fen, limit_use.deductible_fen)
      = (SELECT seen, seen_deductible FROM asked WHERE asked.policy_id = excluded.policy_id)
RETURNING policy_id"""

_RESERVE_OF_LIABILITY: Final = """
WITH asked AS MATERIALIZED (
    SELECT * FROM unnest(%(policies)s::uuid[], %(liabilities)s::text[], %(limits)s::bigint[], %(amounts)s::bigint[],
                         %(seen)s::bigint[]) AS asked (policy_id, liability, annual_limit, amount, seen))
INSERT INTO liability_use (policy_id, liability, annual_limit_fen, reserved_fen)
SELECT policy_id, liability, annual_limit, amount FROM asked ORDER BY policy_id
ON CONFLICT (policy_id, liability) DO UPDATE SET reserved_fen = liability_use.reserved_fen + excluded.reserved_fen
WHERE liability_use.reserved_fen + excluded.reserved_fen <= excluded.annual_limit_fen
  AND liability_use.reserved_fen = (SELECT seen FROM asked WHERE asked.policy_id = excluded.policy_id)"""


class LiabilityOverdrawn(Exception):
    """A liability's limit was changed by something that did not take of its policy's limit first."""


@dataclass(frozen=True, slots=True)
class Taking:
    """What a claim takes of limits, or bears of deductibles, by a decision that saw them used so."""

    claim: Claim
    product: Product
    taken: Payable
    seen: LimitUse


def use(tx: Tx, claims: Sequence[Claim]) -> dict[ClaimId, LimitUse]:
    """What is used of the limit and deductible of each claim's policy, and of the liability that it is made under."""
    asked: dict[str, object] = {
        "claims": [claim.claim_id for claim in claims],
        "policies": [claim.policy_id for claim in claims],
        "liabilities": [claim.liability for claim in claims],
    }
    found = {each.claim_id: each.use for each in tx.all(_USE, asked, into=_Used)}
    return {claim.claim_id: found.get(claim.claim_id, NOTHING_USED) for claim in claims}


def of_liabilities(tx: Tx, policy_id: PolicyId) -> dict[str, int]:
    """What is used of each liability that anything is used of, in fen."""
    return dict(tx.all(_OF_LIABILITIES, (policy_id,)))


def reserve(tx: Tx, takings: Sequence[Taking]) -> set[ClaimId]:
    """Take of both annual limits and, in place of what each claim bore before, of the year's deductible.

    The claims are of different policies. Those whose policy was used otherwise than seen meanwhile take nothing and are
    left out of the result.

    Who takes of a liability has taken of the policy first and so holds its row: after that row is as it was seen, the
    liability's cannot be otherwise.

    Raises:
        LiabilityOverdrawn: it is otherwise. The caller's transaction must not commit.
    """
    terms = {each.claim.claim_id: liability(each.product, each.claim.liability) for each in takings}
    if None in terms.values():
        raise AssertionError("a claim under no liability of the product is not approved")
    held = _take_of_policies(tx, takings)
    won = [each for each in takings if each.claim.policy_id in held]
    of_liabilities: dict[str, object] = {
        "policies": [each.claim.policy_id for each in won],
        "liabilities": [each.claim.liability for each in won],
        "limits": [found.annual_limit_fen for each in won if (found := terms[each.claim.claim_id])],
        "amounts": [each.taken.amount_fen for each in won],
        "seen": [each.seen.liability_fen for each in won],
    }
    if won and tx.execute(_RESERVE_OF_LIABILITY, of_liabilities) != len(won):
        raise LiabilityOverdrawn(", ".join(f"{each.claim.policy_id} {each.claim.liability}" for each in won))
    return {each.claim.claim_id for each in won}


def bear(tx: Tx, taking: Taking) -> bool:
    """Keep what a refused claim bears of the year's deductible, nothing as a rule, in place of what it bore before.

    False if the policy was used otherwise than seen meanwhile.
    """
    if not (taking.taken.deductible_fen or taking.seen.replaced_fen):
        return True
    return bool(_take_of_policies(tx, [taking]))


def _take_of_policies(tx: Tx, takings: Sequence[Taking]) -> set[PolicyId]:
    """Of which policies it was taken."""
    values: dict[str, object] = {
        "policies": [each.claim.policy_id for each in takings],
        "limits": [each.product.annual_limit_fen for each in takings],
        "amounts": [each.taken.amount_fen for each in takings],
        "deductibles": [each.taken.deductible_fen for each in takings],
        "others_deductibles": [each.seen.deductible_fen for each in takings],
        "seen": [each.seen.reserved_fen for each in takings],
        "seen_deductibles": [each.seen.deductible_fen + each.seen.replaced_fen for each in takings],
    }
    return set(tx.all(_RESERVE, values, into=PolicyId)) if takings else set()


@dataclass(frozen=True, slots=True)
class Reservation:
    """What one approval holds of its limits."""

    decision_id: DecisionId
    claim_id: ClaimId
    policy_id: PolicyId
    liability: str
    amount_fen: Fen


_RESERVATION: Final = Columns(Reservation)
_KEEP: Final = f"INSERT INTO reservations ({_RESERVATION.names}) VALUES %s"
_STANDING: Final = f"SELECT {_RESERVATION} FROM reservations WHERE claim_id = %s AND released_at IS NULL"
_RELEASE: Final = """
UPDATE reservations SET released_at = %s WHERE decision_id = %s AND released_at IS NULL"""
# The policy's row first, as who reserves has it; its deductible is given back with it.
_GIVE_BACK: Final = """
UPDATE limit_use SET reserved_fen = reserved_fen - %(amount)s, deductible_fen = limit_use.deductible_fen - (
    SELECT deductible_fen FROM decisions WHERE decision_id = %(decision_id)s)
WHERE policy_id = %(policy_id)s"""
_GIVE_BACK_OF_LIABILITY: Final = """
UPDATE liability_use SET reserved_fen = reserved_fen - %(amount)s
WHERE policy_id = %(policy_id)s AND liability = %(liability)s"""


def keep(tx: Tx, approvals: Sequence[tuple[Claim, DecisionId, Fen]]) -> None:
    """Note whose approvals took what ``reserve`` took."""
    rows = [
        (decision_id, claim.claim_id, claim.policy_id, claim.liability, amount_fen)
        for claim, decision_id, amount_fen in approvals
    ]
    if rows:
        tx.insert_many(_KEEP, rows)


def standing(tx: Tx, claim_id: ClaimId) -> Reservation | None:
    """What the claim holds of limits now."""
    return tx.one(_STANDING, (claim_id,), into=Reservation)


def release(tx: Tx, held: Reservation, *, now: datetime) -> None:
    """Give back what an approval took; said twice, it changes nothing."""
    values = {
        "amount": held.amount_fen,
        "decision_id": held.decision_id,
        "policy_id": held.policy_id,
        "liability": held.liability,
    }
    if tx.execute(_RELEASE, (now, held.decision_id)) == 1:
        tx.execute(_GIVE_BACK, values)
        tx.execute(_GIVE_BACK_OF_LIABILITY, values)
