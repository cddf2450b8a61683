"""SQL of datasets' profiles and of what is doubtful about datasets and models. Rows are only added."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from services.fraud_detection.models.domain.data_warnings import DataWarning
from services.fraud_detection.models.domain.dataset_profile import Copies, DatasetProfile, SharedRows
from services.fraud_detection.models.store.past_claims import Dataset
from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import ModelId

_UNPROFILED: Final = f"""
SELECT {Columns(Dataset).of("dataset")} FROM past_claim_datasets AS dataset
WHERE (%(dataset_id)s::uuid IS NULL OR dataset_id = %(dataset_id)s)
    AND NOT EXISTS (SELECT FROM dataset_profiles AS profile WHERE profile.dataset_id = dataset.dataset_id)
ORDER BY dataset_id LIMIT 1
"""
_WITHIN: Final = """
SELECT coalesce(sum(rows - 1), 0)::bigint, count(*) FILTER (WHERE contradicting) FROM (
    SELECT count(*) AS rows, bool_or(dishonest) AND NOT bool_and(dishonest) AS contradicting
    FROM past_claims WHERE dataset_id = %s GROUP BY content_hash HAVING count(*) > 1
) AS repeated
"""
_ELSEWHERE: Final = """
SELECT count(*) FROM past_claims AS own WHERE dataset_id = %(dataset_id)s AND EXISTS (
    SELECT FROM past_claims AS other
    WHERE other.content_hash = own.content_hash AND other.dataset_id <> %(dataset_id)s
)
"""
_SHARED: Final = """
SELECT other.dataset_id, count(*) AS rows
FROM (SELECT DISTINCT content_hash FROM past_claims WHERE dataset_id = %(dataset_id)s) AS own
JOIN past_claims AS other USING (content_hash)
WHERE other.dataset_id <> %(dataset_id)s GROUP BY other.dataset_id ORDER BY rows DESC, other.dataset_id LIMIT 20
"""
_ADD_PROFILE: Final = """
INSERT INTO dataset_profiles (dataset_id, profiled_at, profile) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING
"""
_PROFILE: Final = "SELECT profile FROM dataset_profiles WHERE dataset_id = %s"
_ADD_OF_DATASET: Final = "INSERT INTO dataset_warnings (dataset_id, number, name, text_zh, text_en, details) VALUES %s"
_ADD_OF_MODEL: Final = "INSERT INTO model_warnings (model_id, number, name, text_zh, text_en, details) VALUES %s"
_OF_DATASET: Final = f"SELECT {Columns(DataWarning)} FROM dataset_warnings WHERE dataset_id = %s ORDER BY number"
_OF_MODEL: Final = f"""
SELECT {Columns(DataWarning)} FROM (
    SELECT 1 AS part, number, name, text_zh, text_en, details
    FROM model_warnings WHERE model_id = %(model_id)s
    UNION ALL
    SELECT 2, warning.number, warning.name, warning.text_zh, warning.text_en, warning.details
    FROM models AS model JOIN dataset_warnings AS warning USING (dataset_id) WHERE model.model_id = %(model_id)s
) AS warning ORDER BY part, number
"""


def unprofiled(tx: Tx, dataset_id: str | None = None) -> Dataset | None:
    """The oldest dataset without a profile, or this one if it has none."""
    return tx.one(_UNPROFILED, {"dataset_id": dataset_id}, into=Dataset)


def copies(tx: Tx, dataset_id: str) -> Copies:
    """Rows that are there more than once, within the dataset and in others of this moment."""
    repeated, contradicting = tx.the(_WITHIN, (dataset_id,), into=tuple[int, int])
    elsewhere = tx.the(_ELSEWHERE, {"dataset_id": dataset_id}, into=int)
    shared = tx.all(_SHARED, {"dataset_id": dataset_id}, into=SharedRows) if elsewhere else []
    return Copies(repeated, contradicting, elsewhere, tuple(shared))


def add_profile(
    tx: Tx, dataset_id: str, profile: DatasetProfile, warnings: Sequence[DataWarning], now: datetime
) -> bool:
    """False if another process was faster; then its own stays."""
    if not tx.execute(_ADD_PROFILE, (dataset_id, now, msgspec.json.encode(profile).decode())):
        return False
    tx.insert_many(_ADD_OF_DATASET, _rows(dataset_id, warnings))
    return True


def profile_of(tx: Tx, dataset_id: str) -> dict[str, Any] | None:
    """As JSON; None until it is made."""
    row = tx.one(_PROFILE, (dataset_id,))
    return row[0] if row else None


def add_of_model(tx: Tx, model_id: ModelId, warnings: Sequence[DataWarning]) -> None:
    """What is doubtful about the model's own split."""
    tx.insert_many(_ADD_OF_MODEL, _rows(model_id, warnings))


def of_dataset(tx: Tx, dataset_id: str) -> list[DataWarning]:
    return tx.all(_OF_DATASET, (dataset_id,), into=DataWarning)


def warnings_of(tx: Tx, model_id: ModelId) -> list[DataWarning]:
    """All that is doubtful about a model: its split first, then its dataset. Each name is there once."""
    return tx.all(_OF_MODEL, {"model_id": model_id}, into=DataWarning)


def _rows(of: str, warnings: Sequence[DataWarning]) -> list[tuple[object, ...]]:
    return [
        (of, number, each.name, each.text_zh, each.text_en, msgspec.json.encode(each.details).decode())
        for number, each in enumerate(warnings, 1)
    ]
