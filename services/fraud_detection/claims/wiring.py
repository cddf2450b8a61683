"""What claims need of the settings: the keepers of personal data."""

from __future__ import annotations

from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.settings import Settings
from shared.entry import wiring
from shared.privacy.tokens import Tokenizer


def personal_data_of(settings: Settings) -> PersonalData:
    """Ends the process if a key is not set."""
    return PersonalData(tokenizer=Tokenizer(wiring.token_keys(settings)), sealer=wiring.sealer(settings))
