"""What the evidence wing makes of the settings: the store of objects, who seals links, and the scanner."""

from __future__ import annotations

from typing import Any

from services.fraud_detection.evidence.antivirus.clamd import Clamd
from services.fraud_detection.evidence.objects.object_store import ObjectStore
from services.fraud_detection.evidence.usecases.link_seal import LinkSeal
from services.fraud_detection.evidence.usecases.sealed_objects import SealedObjects
from services.fraud_detection.settings import Settings
from shared.db.pool import Database
from shared.entry import wiring


def sealed_objects_of(settings: Settings, database: Database) -> SealedObjects:
    """Ends the process if the keys are not set, or it is not said where files lie."""
    return SealedObjects(database, wiring.sealer(settings), _store(settings))


def link_seal_of(settings: Settings) -> LinkSeal:
    return LinkSeal(wiring.seal_keys(settings).keys)


def scanner_of(settings: Settings) -> Clamd | None:
    return None if settings.evidence_clamd is None else Clamd(settings.evidence_clamd)


def _store(settings: Settings) -> ObjectStore:
    settings.needs("evidence_url")
    if settings.evidence_url is None:
        raise AssertionError("unreachable")
    options: dict[str, Any] = {}
    if settings.evidence_store_endpoint is not None:
        options["endpoint_url"] = settings.evidence_store_endpoint
    if settings.evidence_store_key is not None and settings.evidence_store_secret is not None:
        options["key"] = settings.evidence_store_key.get_secret_value()
        options["secret"] = settings.evidence_store_secret.get_secret_value()
    return ObjectStore(settings.evidence_url, **options)
