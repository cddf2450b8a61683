"""How each of fraud detection's errors looks over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.fraud_detection.domain import errors, model_errors
from services.fraud_detection.scoring.signature import ArtifactRefused
from shared.messaging.failures import Unready
from shared.values.errors import FangzhaError
from shared.web.problems import ProblemRow

PROBLEMS: Final[Mapping[type[FangzhaError], ProblemRow]] = {
    errors.UnknownPolicy: ProblemRow(422, "unknown-policy", "Unknown policy"),
    errors.PolicyErased: ProblemRow(409, "policy-erased", "The person was erased"),
    errors.UnknownClaim: ProblemRow(404, "unknown-claim", "Unknown claim"),
    errors.ClaimClosed: ProblemRow(409, "claim-closed", "The claim is decided"),
    errors.NotAppealable: ProblemRow(409, "not-appealable", "Nothing to appeal"),
    errors.NoOpenReview: ProblemRow(409, "no-open-review", "Nothing to decide"),
    errors.AnotherPersonDecides: ProblemRow(403, "another-person-decides", "Another person decides"),
    errors.CoverRuleStands: ProblemRow(409, "cover-rule-stands", "Not covered"),
    errors.DeductibleUsedUp: ProblemRow(409, "deductible-used-up", "Not too small any more"),
    errors.LimitUsedUp: ProblemRow(409, "limit-used-up", "The limit is used up"),
    model_errors.UnknownDataset: ProblemRow(422, "unknown-dataset", "Unknown dataset"),
    model_errors.UnknownModel: ProblemRow(404, "unknown-model", "Unknown model"),
    model_errors.ModelNotReady: ProblemRow(409, "model-not-ready", "The model is not ready"),
    model_errors.NothingToRollBackTo: ProblemRow(409, "nothing-to-roll-back-to", "Nothing to roll back to"),
    ArtifactRefused: ProblemRow(409, "artifact-refused", "The model is not opened"),
    Unready: ProblemRow(503, "not-ready", "A fact has not arrived yet"),
}
