"""A model's artifact out of the registry, if it is not too large. Whether it may be opened is ``Signer``'s."""

from __future__ import annotations

from services.fraud_detection.models.scoring.signature import (
    LARGEST_ARTIFACT,
    ArtifactRefused,
    SignedArtifact,
    too_large,
)
from services.fraud_detection.models.store import models
from shared.db.transaction import Tx
from shared.values.ids import ModelId


def kept_artifact(tx: Tx, model_id: ModelId) -> SignedArtifact:
    """Asks for the size first: what is too large does not come into memory.

    Raises:
        ArtifactRefused: it is too large, or not there.
    """
    size = models.artifact_size(tx, model_id)
    if size is not None and size > LARGEST_ARTIFACT:
        raise ArtifactRefused(model_id, too_large(size))
    kept = models.artifact(tx, model_id)
    if kept is None:
        raise ArtifactRefused(model_id, "its artifact is gone")
    return SignedArtifact(model_id, *kept)
