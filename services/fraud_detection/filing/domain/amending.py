"""What a claimant amends of a claim that nobody decided yet, and whether the claim still fits together then. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.fraud_detection.claims.domain.claims import Claim, Evidence, OtherCover
from services.fraud_detection.claims.domain.police import ToldPaper
from services.fraud_detection.claims.domain.transfers import Transfer, is_same
from services.fraud_detection.filing.domain.filing import (
    EARLIEST,
    LARGEST_LOSS_FEN,
    cover_faults,
    evidence_faults,
    paid_elsewhere,
    paper_faults,
)
from services.fraud_detection.filing.domain.told_transfers import MOST, ToldTransfer, transfer_faults
from shared.values.errors import InvalidField
from shared.values.money import Fen


@dataclass(frozen=True, slots=True)
class CorrectedTransfer:
    """The transfer that stood in this line, as it should have been told."""

    line: int
    transfer: ToldTransfer


@dataclass(frozen=True, slots=True)
class CorrectedPaper:
    """The paper that stood in this line, as it should have been told."""

    line: int
    paper: ToldPaper


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """What is added, corrected and taken out; None and nothing leave a claim as it is. Lines count from 0, as told."""

    occurred_at: datetime | None = None
    amount_fen: Fen | None = None
    transfers_added: tuple[ToldTransfer, ...] = ()
    transfers_corrected: tuple[CorrectedTransfer, ...] = ()
    transfers_removed: tuple[int, ...] = ()
    police_added: tuple[ToldPaper, ...] = ()
    police_corrected: tuple[CorrectedPaper, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    phone: str | None = None
    other_covers: tuple[OtherCover, ...] | None = None
    """All of them as they are now; empty: no other insurer covers the loss."""

    @property
    def tells_more(self) -> bool:
        """Whether what was asked for may be in it: documents, papers, transfers or the amount."""
        return any(name not in ("occurred_at", "phone", "other_covers") for name in self.fields)

    @property
    def fields(self) -> tuple[str, ...]:
        """The parts of the claim that it amends."""
        told: dict[str, object] = {
            "occurred_at": self.occurred_at,
            "amount_fen": self.amount_fen,
            "transfers": self.transfers_added or self.transfers_corrected or self.transfers_removed,
            "police": self.police_added or self.police_corrected,
            "evidence": self.evidence,
            "phone": self.phone,
            "other_covers": self.other_covers is not None,
        }
        return tuple(name for name, value in told.items() if value)


def lines_of(amendment: Amendment, kept: Sequence[Transfer]) -> dict[int, ToldTransfer]:
    """The transfers that are told anew, each in its line: what is corrected in its own, what is added behind all.

    The one that stands for a claim in which none was told makes way for the first that is.
    """
    free = 1 + max((each.line for each in kept if each.told), default=-1)
    added = enumerate(amendment.transfers_added, start=free)
    return {each.line: each.transfer for each in amendment.transfers_corrected} | dict(added)


def stays(amendment: Amendment, kept: Sequence[Transfer]) -> list[Transfer]:
    """Of the kept transfers those that the amendment leaves as they are."""
    gone = {*amendment.transfers_removed, *(each.line for each in amendment.transfers_corrected)}
    return [each for each in kept if each.line not in gone and (each.told or not amendment.transfers_added)]


def amount_after(claim: Claim, amendment: Amendment, after: Sequence[Transfer]) -> Fen:
    """What was lost: the transfers' sum where they are told, else the amount."""
    told = [each.amount_fen for each in after if each.told]
    return Fen(sum(told)) if told else amendment.amount_fen or claim.amount_fen


@dataclass(frozen=True, slots=True)
class ToldLater:
    """What came back and was told after the filing: ``back_fen``, and from other insurers ``elsewhere_fen``. The latter
    counts as theirs where the claim tells their covers, and else as come back.
    """

    back_fen: int
    elsewhere_fen: int

    def as_back(self, covers: Sequence[OtherCover]) -> int:
        return self.back_fen + (0 if covers else self.elsewhere_fen)

    def as_elsewhere(self, covers: Sequence[OtherCover]) -> int:
        return self.elsewhere_fen if covers else 0


def told_later_of_part(claim: Claim, elsewhere_fen: int, before: Sequence[Transfer]) -> ToldLater:
    """Of a claim that was split off all that came back of no transfer, ``elsewhere_fen`` of it by other insurers.

    What was told before the split is kept with the claim that it was split off.
    """
    of_no_transfer = claim.recovered_fen - sum(each.refunded_fen for each in before)
    return ToldLater(of_no_transfer - (0 if claim.other_covers else elsewhere_fen), elsewhere_fen)


def covers_after(claim: Claim, amendment: Amendment) -> tuple[OtherCover, ...]:
    """Which other insurers cover the loss."""
    return claim.other_covers if amendment.other_covers is None else amendment.other_covers


def paid_elsewhere_after(claim: Claim, amendment: Amendment, later: ToldLater) -> Fen:
    """What other insurers paid: by their covers as they are told now, and what was told since. Where no cover is told,
    before or now, it is as it was told.
    """
    if amendment.other_covers is None or not (amendment.other_covers or claim.other_covers):
        return claim.other_insurance_fen
    return Fen(paid_elsewhere(amendment.other_covers) + later.as_elsewhere(amendment.other_covers))


def recovered_after(
    claim: Claim, amendment: Amendment, later: ToldLater, before: Sequence[Transfer], after: Sequence[Transfer]
) -> Fen:
    """What came back: what was told apart, at least what the transfers say was refunded, and what was told since."""
    at_first = claim.recovered_fen - later.as_back(claim.other_covers)
    told_later = later.as_back(covers_after(claim, amendment))
    refunded, refunds = (sum(each.refunded_fen for each in some) for some in (before, after))
    return Fen(told_later + (refunds if at_first == refunded else max(at_first, refunds)))


def faults(
    claim: Claim,
    amendment: Amendment,
    kept: Sequence[Transfer],
    after: Sequence[Transfer],
    *,
    papers: int,
    now: datetime,
) -> Iterator[InvalidField]:
    """All in which the amended claim contradicts itself.

    ``kept`` are its transfers before, ``after`` those of after, ``papers`` is how many papers of the police it has.
    """
    if not amendment.fields:
        yield InvalidField("", "Nothing is amended.", "Send what is to be added or corrected.")
    yield from _times(claim, amendment, after, now)
    yield from _transfers(claim, amendment, kept, after)
    yield from _lines("/police/correct", [each.line for each in amendment.police_corrected], range(papers), "paper")
    yield from paper_faults(amendment.police_added, "/police/add", now)
    yield from paper_faults([each.paper for each in amendment.police_corrected], "/police/correct", now)
    yield from evidence_faults(amendment.evidence, now)
    yield from _covers(claim, amendment.other_covers)


def _covers(claim: Claim, told: tuple[OtherCover, ...] | None) -> Iterator[InvalidField]:
    """Covers by which more was paid than they insure, or together less than was told before there were any; or any, of
    a claim that has its part alone of what was paid by them.
    """
    yield from cover_faults(told or ())
    if told is not None and claim.split_from is not None:
        yield InvalidField(
            "/other_covers",
            "The claim was split off another one, and what other insurers paid was parted between both.",
            "Leave them out. Tell what another insurer pays by POST …/recoveries, of kind other_insurance.",
        )
    elif told and not claim.other_covers and paid_elsewhere(told) < claim.other_insurance_fen:
        yield InvalidField(
            "/other_covers",
            f"Other insurers paid {claim.other_insurance_fen} fen, as other_insurance_fen told.",
            "Send in paid_fen what each of them paid; where it was less, withdraw the claim and file it anew.",
        )


def _times(claim: Claim, amendment: Amendment, after: Sequence[Transfer], now: datetime) -> Iterator[InvalidField]:
    occurred_at = amendment.occurred_at
    if occurred_at is None:
        return
    if occurred_at < now - EARLIEST:
        yield InvalidField("/occurred_at", "The loss is more than 20 years old.", "Check the year.")
    if occurred_at > claim.discovered_at:
        yield InvalidField("/occurred_at", "The loss was discovered before this.", "Send the first transfer's time.")
    if any(each.told and each.occurred_at < occurred_at for each in after):
        yield InvalidField("/occurred_at", "A transfer was made before this.", "Send the first transfer's time.")


def _transfers(
    claim: Claim, amendment: Amendment, kept: Sequence[Transfer], after: Sequence[Transfer]
) -> Iterator[InvalidField]:
    if amendment.transfers_added and not kept:
        yield InvalidField("/transfers", "An organization's loss is told by its amount.", "Send amount_fen.")
    told = {each.line for each in kept if each.told}
    corrected = [each.line for each in amendment.transfers_corrected]
    yield from _lines("/transfers/correct", corrected, told, "transfer")
    yield from _lines("/transfers/remove", amendment.transfers_removed, told - set(corrected), "transfer")
    occurred_at = amendment.occurred_at or claim.occurred_at
    paths = [(f"/transfers/add/{place}", each) for place, each in enumerate(amendment.transfers_added)]
    paths += [
        (f"/transfers/correct/{place}", each.transfer) for place, each in enumerate(amendment.transfers_corrected)
    ]
    for pointer, each in paths:
        yield from transfer_faults(each, pointer, occurred_at, claim.reported_at)
    if kept and not after:
        fix = "Correct it, or take the claim back by POST …/withdrawal."
        yield InvalidField("/transfers/remove", "Nothing would be left of the loss.", fix)
    if len(after) > MOST:
        yield InvalidField("/transfers/add", f"A claim has at most {MOST} transfers.", "Add them up by day.")
    yield from _alike(amendment, kept, after)
    yield from _amount(claim, amendment, after)


def _alike(amendment: Amendment, kept: Sequence[Transfer], after: Sequence[Transfer]) -> Iterator[InvalidField]:
    """Two of one claim that look like one transfer, of which one at least is told anew."""
    left = {each.line for each in stays(amendment, kept)}
    anew = [each for each in after if each.line not in left]
    for place, one in enumerate(anew):
        for other in [each for each in after if each.line in left] + anew[:place]:
            if is_same(one, other):
                yield InvalidField(
                    "/transfers",
                    f"Transfer {one.line} would look like transfer {other.line}.",
                    "Leave it out; or, if both were made, send each one's own reference.",
                )


def _amount(claim: Claim, amendment: Amendment, after: Sequence[Transfer]) -> Iterator[InvalidField]:
    total = amount_after(claim, amendment, after)
    if amendment.amount_fen is not None and amendment.amount_fen != total:
        yield InvalidField(
            "/amount_fen", f"The transfers add up to {total} fen.", "Correct the transfers, and leave the amount out."
        )
    if total > LARGEST_LOSS_FEN:
        yield InvalidField("/amount_fen", "This is more than a billion yuan.", "Send fen, not another unit.")


def _lines(pointer: str, lines: Sequence[int], known: Collection[int], what: str) -> Iterator[InvalidField]:
    for place, line in enumerate(lines):
        if line not in known or line in lines[:place]:
            fix = "Count from 0, in the order in which you told them; name each once."
            yield InvalidField(f"{pointer}/{place}", f"The claim has no {what} {line} to change here.", fix)
