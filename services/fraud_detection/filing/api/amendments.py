"""Amendments of claims that nobody decided yet, over HTTP."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from services.fraud_detection.claims.domain import claims as domain
from services.fraud_detection.claims.domain import errors
from services.fraud_detection.claims.domain.police import ToldPaper
from services.fraud_detection.filing.api.claim_view import ClaimView, view
from services.fraud_detection.filing.api.claims import ClaimPath, EvidenceItem, own_claim
from services.fraud_detection.filing.api.claims import reply as claim_reply
from services.fraud_detection.filing.api.deps import Deps
from services.fraud_detection.filing.api.loss_report import OtherCovers, PolicePaper, TransferReport
from services.fraud_detection.filing.domain.amending import Amendment, CorrectedPaper, CorrectedTransfer
from services.fraud_detection.filing.domain.filing import LARGEST_LOSS_FEN
from services.fraud_detection.filing.domain.told_transfers import MOST, ToldTransfer
from services.fraud_detection.filing.usecases.amend_claim import Amends, amend_claim
from shared.values.ids import ClaimId
from shared.values.shapes import reshape
from shared.web.clear_fields import NOT_IN_CLEAR
from shared.web.models import Moment, PositiveFen, RequestModel
from shared.web.resource import Call, Callers, Reply, Resource

amendments = Resource("amendments", "Amendments of claims before their decision")

LineNumber = Annotated[int, Field(ge=0, lt=1000)]


class TransferInLine(RequestModel):
    """A transfer as it should have been told."""

    line: LineNumber
    """Its place among those that the claim tells: counted from 0 in the order in which they were told, later ones
    behind."""
    transfer: TransferReport


class TransferChanges(RequestModel):
    """What is otherwise in the claim's transfers."""

    add: list[TransferReport] = Field(default_factory=list, max_length=MOST)
    correct: list[TransferInLine] = Field(default_factory=list, max_length=MOST)
    """Each in place of the one of its line, as a whole."""
    remove: list[LineNumber] = Field(default_factory=list, max_length=MOST)
    """Lines of what was no transfer of this loss."""


class PaperInLine(RequestModel):
    """A paper of the police as it should have been told."""

    line: LineNumber
    """Its place among the claim's papers, counted from 0."""
    paper: PolicePaper


class PaperChanges(RequestModel):
    """What is otherwise in the police's papers."""

    add: list[PolicePaper] = Field(default_factory=list, max_length=10)
    correct: list[PaperInLine] = Field(default_factory=list, max_length=10)


class ClaimAmendment(RequestModel):
    """What is added to a claim or corrected in it. The account is changed by `PUT …/payee`; money that came back is
    told by `POST …/recoveries`.
    """

    occurred_at: Moment | None = None
    """The first transfer, where an earlier one was forgotten."""
    amount_fen: Annotated[PositiveFen, Field(le=LARGEST_LOSS_FEN)] | None = None
    """The whole loss, of a claim that tells no transfers; with transfers it is their sum."""
    transfers: TransferChanges | None = None
    police: PaperChanges | None = None
    evidence: list[EvidenceItem] = Field(default_factory=list, max_length=50)
    """Further documents."""
    phone: Annotated[str, StringConstraints(min_length=1, max_length=40), NOT_IN_CLEAR] | None = None
    """Another mobile number of the claimant."""
    other_covers: OtherCovers | None = None
    """All other insurers' covers of the loss as they are now; an empty list where there is none. Not of a claim that
    was split off another one. Where `other_insurance_fen` was told without covers, these paid no less."""


@amendments.post(
    "/v1/claims/<claim_id>/amendments",
    scope="claims:write",
    callers=Callers.PARTNERS,
    status=202,
    reply=ClaimView,
    about="claim_id",
    matches=True,
    problems=(errors.UnknownClaim, errors.AmendedTooLate, errors.PolicyErased),
)
def amend(call: Call[Deps], path: ClaimPath, body: ClaimAmendment) -> Reply[ClaimView]:
    """Amend what the claim rests on, until it is decided. It is decided anew, from the start; what was with a person
    stays with one.
    """
    deps = call.deps
    amend_claim(
        call.tx,
        ClaimId(path.claim_id),
        _amendment(body),
        Amends(call.caller.tenant, deps.personal_data, deps.sandbox),
        require_match=call.require_match,
        now=call.now,
    )
    claim = own_claim(call, path)
    return claim_reply(claim, view(call.tx, claim, deps.personal_data))


def _amendment(body: ClaimAmendment) -> Amendment:
    paid, papers = body.transfers or TransferChanges(), body.police or PaperChanges()
    return reshape(
        body,
        Amendment,
        transfers_added=tuple(reshape(each, ToldTransfer) for each in paid.add),
        transfers_corrected=tuple(
            CorrectedTransfer(each.line, reshape(each.transfer, ToldTransfer)) for each in paid.correct
        ),
        transfers_removed=tuple(paid.remove),
        police_added=tuple(reshape(each, ToldPaper) for each in papers.add),
        police_corrected=tuple(CorrectedPaper(each.line, reshape(each.paper, ToldPaper)) for each in papers.correct),
        evidence=tuple(reshape(each, domain.Evidence) for each in body.evidence),
        other_covers=None
        if body.other_covers is None
        else tuple(reshape(each, domain.OtherCover) for each in body.other_covers),
    )
