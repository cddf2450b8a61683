"""What is left of a claim's loss where a person accepts some of its transfers. What is paid for it, payable says. Pure.

A transfer that is not accepted is no loss, and what came back of it lessens no other one. What came back or another
insurer pays without being of one transfer is taken off each in the proportion of what was lost by it: of 10,000 yuan
accepted and 30,000 not, with 4,000 back of both, 9,000 are left.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.transfers import Transfer
from services.fraud_detection.decisions.domain.payable import still_lost
from shared.values.money import Fen


def without(claim: Claim, transfers: Sequence[Transfer], refused: Collection[int]) -> Claim:
    """The claim with these lines' part of the loss counted as if it had come back: the rules of amounts then see what
    is accepted, and all else is as it was. ``transfers`` are all that the claim tells.
    """
    return replace(claim, recovered_fen=Fen(claim.recovered_fen + refused_fen(claim, transfers, refused)))


def refused_fen(claim: Claim, transfers: Sequence[Transfer], refused: Collection[int]) -> Fen:
    """How much of what is still lost is these lines'."""
    return Fen(still_lost(claim) - _accepted_fen(claim, transfers, refused))


def _accepted_fen(claim: Claim, transfers: Sequence[Transfer], refused: Collection[int]) -> int:
    """What is still lost by the others; without any refused, all that is still lost."""
    refunded = sum(each.refunded_fen for each in transfers)
    in_all = claim.amount_fen - refunded
    if in_all <= 0:
        return 0
    accepted = sum(each.amount_fen - each.refunded_fen for each in transfers if each.line not in refused)
    of_no_transfer = min(in_all, max(0, claim.recovered_fen + claim.other_insurance_fen - refunded))
    return accepted - of_no_transfer * accepted // in_all
