"""What is left of a claim's loss where a person accepts some of its transfers. What is paid for it, payable says. Pure.

A transfer that is not accepted is no loss, and what came back of it lessens no other one. What came back or another
insurer pays without being of one transfer is taken off each in the proportion of what was lost by it: of 10,000 yuan
accepted and 30,000 not, with 4,000 back of both, 9,000 are left.

Transfers that stay open leave the claim for one of their own, with their part of what is of no transfer: so what is
accepted is paid alike, whether the rest is refused or stays open, and both claims together are what one was.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.transfers import Transfer
from services.fraud_detection.decisions.domain.payable import still_lost
from shared.values.money import Fen


def in_two(claim: Claim, transfers: Sequence[Transfer], still_open: Collection[int]) -> tuple[Claim, Claim]:
    """The amounts of the claim as it is without the lines that stay open, and those of the claim of these alone.

    ``transfers`` are all that the claim tells. A fen that does not divide goes along with what stays open.
    """
    apart = [each for each in transfers if each.line in still_open]
    staying = [each for each in transfers if each.line not in still_open]
    refunded = sum(each.refunded_fen for each in transfers)
    in_all = claim.amount_fen - refunded
    back = max(0, claim.recovered_fen - refunded)
    of_no_transfer = min(in_all, back + claim.other_insurance_fen)
    goes = of_no_transfer - (of_no_transfer * _lost(staying) // in_all if in_all else 0)
    of_insurers = claim.other_insurance_fen * _lost(apart) // in_all if in_all else 0
    back_goes = min(back, max(0, goes - of_insurers))
    second = replace(
        claim,
        amount_fen=Fen(sum(each.amount_fen for each in apart)),
        recovered_fen=Fen(sum(each.refunded_fen for each in apart) + back_goes),
        other_insurance_fen=Fen(goes - back_goes),
    )
    first = replace(
        claim,
        amount_fen=Fen(claim.amount_fen - second.amount_fen),
        recovered_fen=Fen(claim.recovered_fen - second.recovered_fen),
        other_insurance_fen=Fen(claim.other_insurance_fen - second.other_insurance_fen),
    )
    return first, second


def among_parts(parts: Sequence[Claim], paid_fen: Fen) -> tuple[Fen, ...]:
    """What another insurer paid of a claim that was split, of each of its parts: in the proportion of what was lost by
    each, but of none more than was lost by it. What does not divide is of the first that has room for it.

    ``paid_fen`` is at most what they have room for together.
    """
    lost = [max(0, each.amount_fen - each.recovered_fen) for each in parts]
    room = [max(0, each.amount_fen - each.other_insurance_fen) for each in parts]
    given = [min(left, paid_fen * its // max(1, sum(lost))) for left, its in zip(room, lost, strict=True)]
    rest = paid_fen - sum(given)
    for place, left in enumerate(room):
        more = min(rest, left - given[place])
        given[place] += more
        rest -= more
    return tuple(map(Fen, given))


def without(
    claim: Claim, transfers: Sequence[Transfer], refused: Collection[int], still_open: Collection[int] = ()
) -> Claim:
    """The claim without the lines that stay open, and with the refused lines' part of the loss counted as if it had
    come back: the rules of amounts then see what is accepted, and all else is as it was. ``transfers`` are all that the
    claim tells.

    What the claim's other insurers paid is of all transfers too, and stays theirs for the accepted part.
    """
    first, rest = _first(claim, transfers, still_open)
    elsewhere, in_all = first.other_insurance_fen, _lost(rest)
    if first.other_covers and in_all > 0:
        elsewhere = Fen(elsewhere * _lost(each for each in rest if each.line not in refused) // in_all)
    of_refused = _refused_fen(first, rest, refused) + first.other_insurance_fen - elsewhere
    return replace(first, recovered_fen=Fen(first.recovered_fen + of_refused), other_insurance_fen=elsewhere)


def refused_fen(
    claim: Claim, transfers: Sequence[Transfer], refused: Collection[int], still_open: Collection[int] = ()
) -> Fen:
    """How much of what is still lost, by what does not stay open, is these lines'."""
    return _refused_fen(*_first(claim, transfers, still_open), refused)


def _first(
    claim: Claim, transfers: Sequence[Transfer], still_open: Collection[int]
) -> tuple[Claim, Sequence[Transfer]]:
    if not still_open:
        return claim, transfers
    return in_two(claim, transfers, still_open)[0], [each for each in transfers if each.line not in still_open]


def _refused_fen(claim: Claim, transfers: Sequence[Transfer], refused: Collection[int]) -> Fen:
    return Fen(still_lost(claim) - _accepted_fen(claim, transfers, refused))


def _accepted_fen(claim: Claim, transfers: Sequence[Transfer], refused: Collection[int]) -> int:
    """What is still lost by the others; without any refused, all that is still lost."""
    refunded = sum(each.refunded_fen for each in transfers)
    in_all = claim.amount_fen - refunded
    if in_all <= 0:
        return 0
    accepted = _lost(each for each in transfers if each.line not in refused)
    of_no_transfer = min(in_all, max(0, claim.recovered_fen + claim.other_insurance_fen - refunded))
    return accepted - of_no_transfer * accepted // in_all


def _lost(transfers: Iterable[Transfer]) -> int:
    return sum(each.amount_fen - each.refunded_fen for each in transfers)
