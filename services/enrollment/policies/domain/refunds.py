"""What is given back of premium, tax and compensation when cover ends early, and what a change on the way costs. Pure.

Days are those of the product's zone, amounts whole fen. What is given back is rounded down, part by part, so that over
a policy's life it never sums to more than was charged, to the fen; so is what a change adds, so that undoing it on the
same day gives back all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Final

from services.enrollment.products.domain.amounts import NOTHING, Amounts
from services.enrollment.products.domain.compensation import share
from shared.events.products import RefundStep
from shared.values.money import Fen
from shared.values.periods import Period

_WHOLE: Final = 100
"""Percent."""


@dataclass(frozen=True, slots=True)
class Charge:
    """Amounts for the days from ``first_day`` to the end of the cover: at issue, of an endorsement or an adjustment."""

    amounts: Amounts
    first_day: date


def total(charges: Sequence[Charge]) -> Amounts:
    """All that a policy was charged so far, less what endorsements and adjustments gave back."""
    return Amounts(
        Fen(sum(each.amounts.premium for each in charges)),
        Fen(sum(each.amounts.tax for each in charges)),
        Fen(sum(each.amounts.compensation for each in charges)),
    )


def refund(
    charges: Sequence[Charge],
    cover: Period,
    zone: tzinfo,
    *,
    table: Sequence[RefundStep],
    now: datetime,
    claimed: bool,
) -> Amounts:
    """What is given back when cover ends at ``now``: all of it before the first day, nothing once a claim was approved.

    In between it is the premium of the whole days not yet begun, or what the product's ``table`` says of that day of
    cover; tax and compensation go back in the same proportion. The insurer keeps premium from the start of liability to
    its end (Insurance Law of the PRC, article 54).
    """
    charged = total(charges)
    if claimed or charged.premium <= 0:
        return NOTHING
    if now < cover.start:
        return _in_proportion(charged, charged.premium)
    if table:
        premium = charged.premium * _percent(table, cover, zone, now) // _WHOLE
    else:
        premium = sum(_unused(each, cover, zone, now) for each in charges)
    return _in_proportion(charged, Fen(min(max(0, premium), charged.premium)))


def of_added(per_term: Fen, sold: Amounts, cover: Period, first_day: date, zone: tzinfo, *, by_policy: bool) -> Amounts:
    """What something costs that is covered from ``first_day`` on, and would cost ``per_term`` over the whole term.

    Tax and compensation are in the proportion in which the policy was ``sold``, so that a contract changed since
    changes nothing; a compensation ``by_policy`` (a fee for each) does not grow with it.
    """
    premium = _for_the_rest(per_term, cover, first_day, zone)
    amounts = _in_proportion(sold, premium)
    return Amounts(premium, amounts.tax, Fen(0) if by_policy else amounts.compensation)


def of_removed(
    per_term: Fen,
    charged: Amounts,
    cover: Period,
    days: tuple[date, date],
    zone: tzinfo,
    *,
    table: Sequence[RefundStep],
    claimed: bool,
    by_policy: bool,
) -> Amounts:
    """What is given back, below zero, for something that was charged from the first of ``days`` on, which comes before
    the second, and is not covered any more from the second on.

    By the rules by which a policy ends: all of it where none of its days was covered, nothing once a claim was
    approved, and where the product has a ``table``, what that says of the day.
    """
    if claimed:
        return NOTHING
    charged_from, day = days
    if table and day > charged_from:
        at = datetime.combine(day, datetime.min.time(), zone)
        back = _for_the_rest(per_term, cover, charged_from, zone) * _percent(table, cover, zone, at) // _WHOLE
    else:
        back = _for_the_rest(per_term, cover, day, zone)
    amounts = _in_proportion(charged, Fen(max(0, min(back, charged.premium))))
    return Amounts(Fen(-amounts.premium), Fen(-amounts.tax), Fen(0) if by_policy else Fen(-amounts.compensation))


def _for_the_rest(per_term: Fen, cover: Period, first_day: date, zone: tzinfo) -> Fen:
    begins, ends = _days(cover, zone)
    days = (ends - max(begins, first_day)).days
    return Fen(per_term * max(0, days) // (ends - begins).days)


def _unused(charge: Charge, cover: Period, zone: tzinfo, now: datetime) -> int:
    begins, ends = _days(cover, zone)
    first = max(begins, charge.first_day)
    covered_for = (ends - first).days
    if covered_for <= 0:
        return 0
    next_day = now.astimezone(zone).date() + timedelta(days=1)
    # What was given back already is below zero: floor division rounds it up, so that none of it is given twice.
    return charge.amounts.premium * max(0, (ends - max(first, next_day)).days) // covered_for


def _percent(table: Sequence[RefundStep], cover: Period, zone: tzinfo, now: datetime) -> int:
    day = (now.astimezone(zone).date() - _days(cover, zone)[0]).days
    reached = [step.refund_percent for step in table if step.from_day <= day]
    return reached[-1] if now < cover.end and reached else 0


def _in_proportion(whole: Amounts, premium: Fen) -> Amounts:
    return Amounts(
        premium,
        Fen(max(0, share(whole.tax, premium, whole.premium))),
        Fen(max(0, share(whole.compensation, premium, whole.premium))),
    )


def _days(cover: Period, zone: tzinfo) -> tuple[date, date]:
    """The first day, and the first one after the last."""
    return cover.start.astimezone(zone).date(), cover.end.astimezone(zone).date()
