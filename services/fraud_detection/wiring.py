"""What fraud detection's processes make of its settings: the keepers of personal data, and who signs models."""

from __future__ import annotations

from services.fraud_detection.scoring.signature import Signer
from services.fraud_detection.settings import Settings
from services.fraud_detection.usecases.personal_data import PersonalData
from shared.entry import wiring
from shared.privacy.tokens import Tokenizer


def personal_data_of(settings: Settings) -> PersonalData:
    """Ends the process if a key is not set."""
    return PersonalData(tokenizer=Tokenizer(wiring.token_keys(settings)), sealer=wiring.sealer(settings))


def signer_of(settings: Settings) -> Signer:
    """Ends the process if the key is not set."""
    settings.needs("model_signing_key")
    if settings.model_signing_key is None:
        raise AssertionError("unreachable")
    return Signer(bytes.fromhex(settings.model_signing_key.get_secret_value()))
