"""Models over HTTP: past claims, models, who is in charge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.fraud_detection.models.api.features import features
from services.fraud_detection.models.api.models import models
from services.fraud_detection.models.api.past_claims import past_claims
from services.fraud_detection.models.api.promotion_policy import promotion_policy
from services.fraud_detection.models.api.promotions import promotions
from services.fraud_detection.models.domain import errors
from services.fraud_detection.models.scoring.signature import ArtifactRefused
from shared.values.errors import FangzhaError
from shared.web.problems import ProblemRow

RESOURCES: Final = (past_claims, features, models, promotions, promotion_policy)

PROBLEMS: Final[Mapping[type[FangzhaError], ProblemRow]] = {
    errors.UnknownDataset: ProblemRow(422, "unknown-dataset", "Unknown dataset"),
    errors.DatasetNotFound: ProblemRow(404, "dataset-not-found", "Unknown dataset"),
    errors.UnknownModel: ProblemRow(404, "unknown-model", "Unknown model"),
    errors.ModelNotReady: ProblemRow(409, "model-not-ready", "The model is not ready"),
    errors.UnknownPromotionProposal: ProblemRow(404, "unknown-promotion-proposal", "Unknown proposal"),
    errors.PromotionProposalEnded: ProblemRow(409, "promotion-proposal-ended", "The proposal is not open"),
    errors.PromotionProposalOutdated: ProblemRow(409, "promotion-proposal-outdated", "Something changed since"),
    errors.GateNotPassed: ProblemRow(409, "gate-not-passed", "The model did not pass a gate"),
    errors.AnotherPersonPromotes: ProblemRow(403, "another-person-promotes", "A second person confirms"),
    errors.MadeWithAnotherVersion: ProblemRow(
        409, "made-with-another-version", "The model was made with another version of a library"
    ),
    errors.ModelIsOver: ProblemRow(409, "model-is-over", "The model is over"),
    errors.NothingToRollBackTo: ProblemRow(409, "nothing-to-roll-back-to", "Nothing to roll back to"),
    ArtifactRefused: ProblemRow(409, "artifact-refused", "The model is not opened"),
}
