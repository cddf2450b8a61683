"""What claims took of annual limits, of a policy's and of each of its liabilities', and bore of the year's deductible.

Limits are only ever taken, and never more than there is: each by a conditional update, and behind it the table's own
check. Of the deductible each claim bears what its newest approval or refusal says; what it bore before is replaced.
"""

from __future__ import annotations

from typing import Final

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.coverage.domain.cover import NOTHING_USED, LimitUse, Product, liability
from services.fraud_detection.decisions.domain.payable import Payable
from shared.db.transaction import Tx
from shared.values.ids import PolicyId

# All in one statement, so that they are of one moment.
_USE: Final = """
SELECT limit_use.reserved_fen, limit_use.deductible_fen - coalesce(own.deductible_fen, 0) AS deductible_fen,
       coalesce(liability_use.reserved_fen, 0) AS liability_fen, coalesce(own.deductible_fen, 0) AS replaced_fen
FROM limit_use LEFT JOIN liability_use ON liability_use.policy_id = limit_use.policy_id AND liability = %(liability)s
LEFT JOIN LATERAL (
    SELECT decisions.deductible_fen FROM decisions
    WHERE claim_id = %(claim_id)s AND outcome IN ('approved', 'refused') ORDER BY version DESC LIMIT 1
) AS own ON true
WHERE limit_use.policy_id = %(policy_id)s"""

_OF_LIABILITIES: Final = "SELECT liability, reserved_fen FROM liability_use WHERE policy_id = %s ORDER BY liability"

# Two claims of one policy at once: the second waits for the first one's row, and then fits or touches no row. A refusal
# may change the deductible alone, so that both must be as they were seen.
_RESERVE: Final = """
INSERT INTO limit_use (policy_id, annual_limit_fen, reserved_fen, deductible_fen)
VALUES (%(policy_id)s, %(limit)s, %(amount)s, %(deductible)s)
ON CONFLICT (policy_id) DO UPDATE
SET reserved_fen = limit_use.reserved_fen + excluded.reserved_fen,
    deductible_fen = %(others_deductible)s + excluded.deductible_fen
WHERE limit_use.reserved_fen + excluded.reserved_fen <= %(limit)s AND limit_use.reserved_fen = %(seen)s
  AND limit_use.deductible_fen = %(seen_deductible)s"""

_RESERVE_OF_LIABILITY: Final = """
INSERT INTO liability_use (policy_id, liability, annual_limit_fen, reserved_fen)
VALUES (%(policy_id)s, %(liability)s, %(limit)s, %(amount)s)
ON CONFLICT (policy_id, liability) DO UPDATE
SET reserved_fen = liability_use.reserved_fen + excluded.reserved_fen
WHERE liability_use.reserved_fen + excluded.reserved_fen <= %(limit)s AND liability_use.reserved_fen = %(seen)s"""


class LiabilityOverdrawn(Exception):
    """A liability's limit was changed by something that did not take of its policy's limit first."""


def use(tx: Tx, claim: Claim) -> LimitUse:
    """What is used of the limit and deductible of the claim's policy, and of the liability that it is made under."""
    asked = {"policy_id": claim.policy_id, "liability": claim.liability, "claim_id": claim.claim_id}
    return tx.one(_USE, asked, into=LimitUse) or NOTHING_USED


def of_liabilities(tx: Tx, policy_id: PolicyId) -> dict[str, int]:
    """What is used of each liability that anything is used of, in fen."""
    return dict(tx.all(_OF_LIABILITIES, (policy_id,)))


def reserve(tx: Tx, product: Product, claim: Claim, taken: Payable, *, seen: LimitUse) -> bool:
    """Take ``taken`` of both annual limits and, in place of what the claim bore before, of the year's deductible.

    False if the policy's were used otherwise than ``seen`` meanwhile.

    Who takes of a liability has taken of the policy first and so holds its row: after that row is as it was seen, the
    liability's cannot be otherwise.

    Raises:
        LiabilityOverdrawn: it is otherwise. The caller's transaction must not commit.
    """
    terms = liability(product, claim.liability)
    if terms is None:
        raise AssertionError("a claim under no liability of the product is not approved")
    if not _take_of_policy(tx, product, claim, taken, seen):
        return False
    of_liability = {
        "policy_id": claim.policy_id,
        "liability": claim.liability,
        "limit": terms.annual_limit_fen,
        "amount": taken.amount_fen,
        "seen": seen.liability_fen,
    }
    if tx.execute(_RESERVE_OF_LIABILITY, of_liability) != 1:
        raise LiabilityOverdrawn(claim.policy_id, claim.liability)
    return True


def bear(tx: Tx, product: Product, claim: Claim, borne: Payable, *, seen: LimitUse) -> bool:
    """Keep what a refused claim bears of the year's deductible, nothing as a rule, in place of what it bore before.

    False if the policy was used otherwise than ``seen`` meanwhile.
    """
    if not (borne.deductible_fen or seen.replaced_fen):
        return True
    return _take_of_policy(tx, product, claim, borne, seen)


def _take_of_policy(tx: Tx, product: Product, claim: Claim, taken: Payable, seen: LimitUse) -> bool:
    values = {
        "policy_id": claim.policy_id,
        "limit": product.annual_limit_fen,
        "amount": taken.amount_fen,
        "deductible": taken.deductible_fen,
        "others_deductible": seen.deductible_fen,
        "seen": seen.reserved_fen,
        "seen_deductible": seen.deductible_fen + seen.replaced_fen,
    }
    return tx.execute(_RESERVE, values) == 1
