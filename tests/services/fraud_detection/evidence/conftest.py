"""A place for files, and what sends, prepares and looks at them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from services.fraud_detection.evidence.objects.object_store import ObjectStore
from services.fraud_detection.evidence.usecases.sealed_objects import SealedObjects
from shared.db.pool import Database
from shared.privacy.sealed import Sealer
from tests.services.fraud_detection.builders import KEYS, Caller
from tests.services.fraud_detection.evidence.office import Office


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The folder that web and worker share."""
    return tmp_path / "evidence"


@pytest.fixture
def sealed(database: Database, place: Path) -> SealedObjects:
    return SealedObjects(database, Sealer(KEYS), ObjectStore(place.as_uri()))


@pytest.fixture
def office(app: Flask, caller: Callable[[str], Caller], sealed: SealedObjects, place: Path) -> Office:
    return Office(app, caller, sealed, place)
