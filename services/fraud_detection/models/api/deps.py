"""What the views of models work with, made once by the service's web.py."""

from __future__ import annotations

from dataclasses import dataclass

from services.fraud_detection.models.scoring.signature import Signer


@dataclass(frozen=True, slots=True)
class ModelDeps:
    """``signer`` checks models."""

    signer: Signer
