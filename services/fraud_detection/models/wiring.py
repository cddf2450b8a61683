"""What models need of the settings: who signs them."""

from __future__ import annotations

from services.fraud_detection.models.scoring.signature import Signer
from services.fraud_detection.settings import Settings


def signer_of(settings: Settings) -> Signer:
    """Ends the process if the key is not set."""
    settings.needs("model_signing_key")
    if settings.model_signing_key is None:
        raise AssertionError("unreachable")
    return Signer(bytes.fromhex(settings.model_signing_key.get_secret_value()))
