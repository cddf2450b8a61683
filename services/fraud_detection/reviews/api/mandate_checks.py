"""Whether a mandate holds, over HTTP."""

from __future__ import annotations

from services.fraud_detection.claims.domain.errors import PolicyErased, UnknownClaim
from services.fraud_detection.filing.api.deps import Deps
from services.fraud_detection.reviews.api.reviews import SENIOR, ReviewPath
from services.fraud_detection.reviews.api.views.mandate import MandateCheckView, check_view
from services.fraud_detection.reviews.domain.errors import (
    SOMEBODY_ELSES,
    AnotherPersonDecides,
    NoMandateShown,
    NoOpenReview,
    NoRepresentative,
    SeniorDecides,
)
from services.fraud_detection.reviews.usecases.check_mandate import Checked, check_mandate
from shared.values.ids import ClaimId
from shared.values.shapes import reshape
from shared.web.models import RequestModel, Sha256Hex, StaffText
from shared.web.resource import Call, Callers, Reply, Resource

mandate_checks = Resource("mandate-checks", "Whether who acts for an insured may do so")


class MandateCheck(RequestModel):
    """What you found of the mandate, and why; kept with your name."""

    holds: bool
    document_sha256: Sha256Hex | None = None
    """Which document of kind `mandate` you looked at; needed where the claim has several."""
    reason: StaffText
    """Kept sealed; the resident does not see it."""


@mandate_checks.post(
    "/v1/reviews/<claim_id>/mandate-checks",
    scope="reviews:write",
    callers=Callers.STAFF,
    reply=MandateCheckView,
    about="claim_id",
    matches=True,
    problems=(
        UnknownClaim,
        PolicyErased,
        NoOpenReview,
        NoRepresentative,
        NoMandateShown,
        AnotherPersonDecides,
        SeniorDecides,
        *SOMEBODY_ELSES,
    ),
)
def add_mandate_check(call: Call[Deps], path: ReviewPath, body: MandateCheck) -> Reply[MandateCheckView]:
    """Say whether the mandate of who acts for the insured holds. Until it does nobody approves the claim; the newest
    word counts. Only who could decide the claim says it.
    """
    row = check_mandate(
        call.tx,
        ClaimId(path.claim_id),
        reshape(body, Checked),
        reviewer=call.caller.subject,
        senior=SENIOR in call.caller.scopes,
        require_match=call.require_match,
        personal_data=call.deps.personal_data,
        now=call.now,
    )
    return Reply(check_view(call.tx, row, call.deps.personal_data), version=row.version)
