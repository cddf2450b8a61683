"""What a claim tells over HTTP of the loss: its transfers, and what the police gave the claimant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, StringConstraints

from services.fraud_detection.claims.domain import claims as domain
from services.fraud_detection.claims.domain.police import PaperKind, ToldPaper
from services.fraud_detection.claims.domain.transfers import Channel
from services.fraud_detection.filing.domain.filing import LARGEST_LOSS_FEN
from services.fraud_detection.filing.domain.told_transfers import MOST
from shared.values.clear_text import TextKind
from shared.values.scam_types import ScamType
from shared.values.shapes import reshape
from shared.web.clear_fields import NOT_IN_CLEAR
from shared.web.models import AmountFen, Day, Moment, PositiveFen, RequestModel, SealedText

Territory = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Told = Annotated[str, StringConstraints(min_length=1, max_length=100), NOT_IN_CLEAR]


class TransferReport(RequestModel):
    """One payment out of the claimant's pocket."""

    occurred_at: Moment
    amount_fen: PositiveFen
    channel: Channel
    reference: Told | None = None
    """The bank's or wallet's own number of it: by it two alike transfers are told apart. Kept sealed and as a token."""
    payee_account: Told | None = None
    """The account or wallet that it went to; kept as a token alone."""
    payee_name: Told | None = None
    """Whose it is, as told; kept sealed."""
    refunded_fen: AmountFen = 0
    """What of it came back."""
    frozen_fen: AmountFen = 0
    """What of it the police or a bank froze, and is not back yet."""


class LossReport(RequestModel):
    """What happened."""

    scam_type: ScamType | None = None
    """Left out only where the liability does not depend on it."""
    occurred_at: Moment
    """The first transfer; with a product that is claims-made, the act that the claim is about."""
    discovered_at: Moment
    reported_at: Moment
    """When it was reported: a scam to the police; with a product that is claims-made, when the claim was first made.
    Report limits and the recovery wait count from it."""
    amount_fen: Annotated[PositiveFen, Field(le=LARGEST_LOSS_FEN)] | None = None
    """May be left out where `transfers` are sent, whose sum it is."""
    transfers: Annotated[list[TransferReport], Field(min_length=1, max_length=MOST)] | None = None
    """What was paid, one by one; each is claimed once, on whichever policy. Of persons' losses alone. Without them the
    whole loss counts as one transfer."""
    description: SealedText | None = None
    """In the resident's own words; kept sealed."""
    territory: Territory = domain.HOME
    """The country or region where it happened, ISO 3166-1."""


class PolicePaper(RequestModel):
    """One paper of the police."""

    kind: PaperKind
    """That the report was taken (受案回执), that a case was opened (立案告知书), or that none was (不予立案通知书)."""
    number: Told
    """As `unit` and `officer`, kept sealed."""
    unit: Told
    """Who issued it."""
    officer: Told | None = None
    """Who has the case."""
    issued_on: Day
    scam_type: ScamType | None = None
    """What kind of scam it is by this paper. The police's newest word decides; the claimant's is kept beside it."""


class OtherCoverReport(RequestModel):
    """Another insurer's cover of the same loss."""

    insurer: Annotated[str, StringConstraints(min_length=1, max_length=100), TextKind.NAME]
    """The company, not a person."""
    sum_insured_fen: PositiveFen
    """The most that it pays for this loss."""
    paid_fen: AmountFen = 0
    """What it paid so far, without what was told as a recovery; at most the sum insured."""


OtherCovers = Annotated[list[OtherCoverReport], Field(max_length=10)]

Papers = Annotated[list[PolicePaper], Field(min_length=1, max_length=10)]


def told_papers(papers: Sequence[PolicePaper] | None) -> tuple[ToldPaper, ...]:
    return tuple(reshape(each, ToldPaper) for each in papers or ())
