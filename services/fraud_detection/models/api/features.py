"""What models see of a claim, over HTTP: the features as they are declared."""

from __future__ import annotations

from typing import Literal

from services.fraud_detection.models.api.deps import ModelDeps
from services.fraud_detection.models.domain.declared import AS_OF, Declared, Kind, Use
from services.fraud_detection.models.domain.features import DECLARED, SPECIFICATION
from shared.web.models import ReplyModel, Sha256Hex
from shared.web.resource import Call, Callers, Reply, Resource

features = Resource("features", "What models see of a claim")

_DIRECTIONS: dict[int | None, Literal["rises", "falls"] | None] = {1: "rises", -1: "falls", None: None}


class FeatureView(ReplyModel):
    """One feature."""

    name: str
    kind: Kind
    unit: str
    """Of its value as reasons tell it; a flag is 0 or 1."""
    source: str
    as_of: str
    """What is counted or read, by its time."""
    missing: str
    """When it has no value, which is another thing than 0."""
    direction: Literal["rises", "falls"] | None
    """How doubt may go as it grows; null where models are free."""
    use: Use
    """`monitoring` is kept beside what models see, and no model sees it."""
    text_zh: str
    text_en: str


class FeaturesView(ReplyModel):
    """All of them, in the order of the vector."""

    specification: Sha256Hex
    """The version of this list: it stands with each claim's features and in each model."""
    features: list[FeatureView]


@features.get("/v1/features", scope="models:read", callers=Callers.STAFF, reply=FeaturesView)
def list_features(call: Call[ModelDeps]) -> Reply[FeaturesView]:  # noqa: ARG001  the same for all
    """What models see of a claim, and what is kept beside it for monitoring alone."""
    return Reply(FeaturesView(specification=SPECIFICATION, features=[_view(each) for each in DECLARED.values()]))


def _view(feature: Declared) -> FeatureView:
    return FeatureView.of(
        feature,
        as_of=AS_OF[feature.as_of],
        direction=_DIRECTIONS[feature.direction],
        text_zh=feature.words.zh,
        text_en=feature.words.en,
    )
