"""SQL of past claims handed in for training. Checking their lines is the API's, computing features training's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import msgspec

from services.fraud_detection.models.domain.snapshot import Snapshot
from services.fraud_detection.models.domain.training import LabelledLine
from services.fraud_detection.models.store.models import Alias, State
from shared.db.columns import Columns
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.values.ids import ModelId

Source = Literal["upload", "own_history"]

_ADD_ROWS = "INSERT INTO past_claims (dataset_id, line, dishonest, snapshot) VALUES %s"
_DATASET = "SELECT 1 FROM past_claim_datasets WHERE dataset_id = %s"
_PAGE = """
SELECT line, dishonest, snapshot::text FROM past_claims WHERE dataset_id = %s AND line > %s ORDER BY line LIMIT 2000
"""
_LATEST = """
SELECT line, dishonest, snapshot::text FROM past_claims WHERE dataset_id = %(dataset_id)s
ORDER BY (snapshot ->> 'submitted_at')::timestamptz DESC, line DESC
LIMIT least(%(most)s, (SELECT rows FROM past_claim_datasets WHERE dataset_id = %(dataset_id)s) / 5)
"""


@dataclass(frozen=True, slots=True)
class PastClaim:
    """One decided claim: what was known of it, whether it turned out dishonest, and its line in the file."""

    line: int
    snapshot: Snapshot
    dishonest: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """One file of past claims, or one period of our own; ``feature_spec`` is that of the day it came."""

    dataset_id: str
    uploaded_by: str
    uploaded_at: datetime
    source: Source
    sha256: str
    feature_spec: str
    rows: int
    dishonest: int


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A model that was asked for on a dataset."""

    model_id: ModelId
    state: State
    alias: Alias | None
    requested_by: str
    requested_at: datetime


def add_rows(tx: Tx, dataset_id: str, claims: Sequence[PastClaim]) -> None:
    """Keep some rows of a dataset; ``add_dataset`` follows when all are in."""
    encode = msgspec.json.encode
    tx.insert_many(
        _ADD_ROWS,
        [(dataset_id, claim.line, claim.dishonest, encode(claim.snapshot).decode()) for claim in claims],
    )


_KEPT: Final = Columns(Dataset)
_ADD_DATASET: Final = f"INSERT INTO past_claim_datasets ({_KEPT.names}) VALUES ({_KEPT.places})"
_FIND: Final = f"SELECT {_KEPT} FROM past_claim_datasets WHERE dataset_id = %s"
_NEWEST: Final = f"""
SELECT {_KEPT} FROM past_claim_datasets
WHERE %(before)s::uuid IS NULL OR dataset_id < %(before)s ORDER BY dataset_id DESC LIMIT %(limit)s
"""
_MODELS: Final = f"""
SELECT {
    Columns(
        TrainedModel,
        alias='''(SELECT min(name) FROM model_aliases AS alias
        JOIN model_promotions AS promotion ON promotion.number = alias.promotion_number
        WHERE promotion.model_id = model.model_id)''',
    ).of("model")
} FROM models AS model WHERE dataset_id = %s ORDER BY model_id DESC
"""


def add_dataset(tx: Tx, dataset: Dataset) -> None:
    tx.execute(_ADD_DATASET, _KEPT.values(dataset))


def exists(tx: Tx, dataset_id: str) -> bool:
    return tx.one(_DATASET, (dataset_id,)) is not None


def find(tx: Tx, dataset_id: str) -> Dataset | None:
    return tx.one(_FIND, (dataset_id,), into=Dataset)


def newest(tx: Tx, *, before: str | None, limit: int) -> list[Dataset]:
    """Datasets from the newest on, those after ``before`` in that order."""
    return tx.all(_NEWEST, {"before": before, "limit": limit}, into=Dataset)


def models_of(tx: Tx, dataset_id: str) -> list[TrainedModel]:
    """Newest first."""
    return tx.all(_MODELS, (dataset_id,), into=TrainedModel)


def pages(database: Database, dataset_id: str) -> Iterator[list[LabelledLine]]:
    """All rows by line, each page in a transaction of its own: none is open while a page is worked on, and a dataset
    never changes.
    """
    last = 0
    while True:
        with database.transaction() as tx:
            page = tx.all(_PAGE, (dataset_id, last))
        if not page:
            return
        yield [(dishonest, snapshot) for _, dishonest, snapshot in page]
        last = page[-1][0]


def latest(tx: Tx, dataset_id: str, *, most: int) -> list[PastClaim]:
    """The newest fifth of a dataset, which no model of it was fit on, from the newest claim on; at most so many."""
    decoder = msgspec.json.Decoder(Snapshot)
    found = tx.all(_LATEST, {"dataset_id": dataset_id, "most": most})
    return [PastClaim(line, decoder.decode(text), dishonest) for line, dishonest, text in found]
