"""What the views of models work with, made once by the service's web.py."""

from __future__ import annotations

from dataclasses import dataclass

from services.fraud_detection.models.scoring.signature import Signer
from shared.webhooks.api.deps import WebhookDeps


@dataclass(frozen=True, slots=True)
class ModelDeps(WebhookDeps):
    """``signer`` checks models."""

    signer: Signer
