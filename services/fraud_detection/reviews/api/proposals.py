"""Approvals that wait for a second person, over HTTP: confirm one, or send it back."""

from __future__ import annotations

from services.fraud_detection.claims.domain.errors import UnknownClaim
from services.fraud_detection.decisions.domain.errors import TransferPaid
from services.fraud_detection.filing.api.deps import Deps
from services.fraud_detection.reviews.api.reviews import SENIOR, ReviewPath
from services.fraud_detection.reviews.api.views.proposal import ProposalView, proposal_view
from services.fraud_detection.reviews.api.views.review import FullDecision, full
from services.fraud_detection.reviews.domain.errors import (
    PAYS_NOBODY,
    SOMEBODY_ELSES,
    AboveAuthority,
    AnotherPersonConfirms,
    AnotherPersonDecides,
    CoverRuleStands,
    LimitUsedUp,
    NoOpenReview,
    NoProposal,
    ProposalOutdated,
    SeniorDecides,
)
from services.fraud_detection.reviews.usecases.confirm_proposal import confirm_proposal, send_back
from shared.messaging.failures import Unready
from shared.values.ids import ClaimId
from shared.web.models import Identifier, RequestModel, StaffText
from shared.web.resource import Call, Callers, Reply, Resource

proposals = Resource("proposals", "Approvals above one person's authority, which a second person confirms")


class Confirmation(RequestModel):
    """Which proposal you confirm, as the case lists it."""

    proposal_id: Identifier


class SendingBack(RequestModel):
    """Which proposal you send back, and why; colleagues read it, the resident does not."""

    proposal_id: Identifier
    note: StaffText


@proposals.post(
    "/v1/reviews/<claim_id>/confirmations",
    scope="reviews:write",
    callers=Callers.STAFF,
    reply=FullDecision,
    about="claim_id",
    matches=True,
    problems=(
        UnknownClaim,
        NoOpenReview,
        NoProposal,
        AnotherPersonConfirms,
        AnotherPersonDecides,
        *SOMEBODY_ELSES,
        SeniorDecides,
        AboveAuthority,
        ProposalOutdated,
        CoverRuleStands,
        *PAYS_NOBODY,
        LimitUsedUp,
        TransferPaid,
        Unready,
    ),
)
def confirm(call: Call[Deps], path: ReviewPath, body: Confirmation) -> Reply[FullDecision]:
    """Confirm what another person proposed: it is approved, and pays what was proposed to the fen."""
    decision = confirm_proposal(
        call.tx,
        ClaimId(path.claim_id),
        body.proposal_id,
        reviewer=call.caller.subject,
        senior=SENIOR in call.caller.scopes,
        lowest=call.deps.lowest_authority,
        require_match=call.require_match,
        personal_data=call.deps.personal_data,
        now=call.now,
    )
    return Reply(full(call.tx, decision, call.deps.personal_data), version=decision.version)


@proposals.post(
    "/v1/reviews/<claim_id>/send-backs",
    scope="reviews:write",
    callers=Callers.STAFF,
    reply=ProposalView,
    about="claim_id",
    matches=True,
    problems=(UnknownClaim, NoOpenReview, NoProposal, *SOMEBODY_ELSES),
)
def return_proposal(call: Call[Deps], path: ReviewPath, body: SendingBack) -> Reply[ProposalView]:
    """Send back what was proposed, yours or another's: the case waits for a person as before."""
    row = send_back(
        call.tx,
        ClaimId(path.claim_id),
        body.proposal_id,
        body.note,
        reviewer=call.caller.subject,
        require_match=call.require_match,
        personal_data=call.deps.personal_data,
        now=call.now,
    )
    return Reply(proposal_view(call.tx, row, call.deps.personal_data, stands=False))
