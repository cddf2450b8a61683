"""What the views of evidence work with, made once by the service's web.py."""

from __future__ import annotations

from dataclasses import dataclass

from services.fraud_detection.evidence.usecases.link_seal import LinkSeal
from services.fraud_detection.evidence.usecases.sealed_objects import SealedObjects
from services.fraud_detection.models.api.deps import ModelDeps


@dataclass(frozen=True, slots=True)
class EvidenceDeps(ModelDeps):
    """``objects`` are where files lie, ``links`` lets them be looked at."""

    objects: SealedObjects
    links: LinkSeal
