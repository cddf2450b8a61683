"""Claims over HTTP, as residents file and follow them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.fraud_detection.claims.domain import errors
from services.fraud_detection.filing.api.amendments import amendments
from services.fraud_detection.filing.api.claim_drafts import claim_drafts
from services.fraud_detection.filing.api.claims import claims
from services.fraud_detection.filing.api.explanations import explanations
from shared.values.errors import FangzhaError
from shared.web.problems import ProblemRow

RESOURCES: Final = (claims, claim_drafts, amendments, explanations)

PROBLEMS: Final[Mapping[type[FangzhaError], ProblemRow]] = {
    errors.PolicyErased: ProblemRow(409, "policy-erased", "The person was erased"),
    errors.UnknownClaim: ProblemRow(404, "unknown-claim", "Unknown claim"),
    errors.UnknownDraft: ProblemRow(404, "unknown-draft", "Unknown draft"),
    errors.ClaimClosed: ProblemRow(409, "claim-closed", "The claim is decided"),
    errors.IllegalStep: ProblemRow(409, "illegal-step", "Not at this stage"),
    errors.AmendedTooLate: ProblemRow(409, "amended-too-late", "The claim is decided"),
    errors.NotAppealable: ProblemRow(409, "not-appealable", "Nothing to appeal"),
}
