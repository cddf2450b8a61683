"""What fraud detection's views work with, made once by app.py."""

from __future__ import annotations

from dataclasses import dataclass

from services.fraud_detection.scoring.signature import Signer
from services.fraud_detection.usecases.personal_data import PersonalData


@dataclass(frozen=True, slots=True)
class Deps:
    """``sandbox`` says whether simulated people may claim and test phones force outcomes; ``signer`` checks models."""

    personal_data: PersonalData
    sandbox: bool
    signer: Signer
