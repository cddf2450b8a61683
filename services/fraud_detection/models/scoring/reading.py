"""From past claims as the store has them to the columns that a model is made of, in little more than their own size."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
import numpy as np

from services.fraud_detection.models.domain.features import FEATURES, compute
from services.fraud_detection.models.domain.snapshot import Snapshot
from services.fraud_detection.models.domain.training import LabelledLine
from services.fraud_detection.models.scoring.training import LabelledRows
from shared.values.scam_types import SCAM_TYPES

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_CODES: Final = {scam_type: code for code, scam_type in enumerate(SCAM_TYPES)}


class Columns:
    """Room for ``rows`` past claims: numbers in arrays that are made once, none of it as objects."""

    def __init__(self, rows: int) -> None:
        # By columns: each is put in order by itself, so that the matrix is never there twice.
        self._vectors = np.empty((rows, len(FEATURES)), dtype=np.float64, order="F")
        self._dishonest = np.empty(rows, dtype=np.bool_)
        self._scam_types = np.empty(rows, dtype=np.uint8)
        self._submitted_at = np.empty(rows, dtype=np.int64)
        self._decoder = msgspec.json.Decoder(Snapshot)
        self.filled = 0

    def add(self, page: Iterable[LabelledLine]) -> None:
        """Features are computed as they are for a claim that is decided now."""
        claims = [(dishonest, self._decoder.decode(text)) for dishonest, text in page]
        snapshots = [snapshot for _, snapshot in claims]
        place = slice(self.filled, self.filled + len(claims))
        self._vectors[place] = [compute(snapshot) for snapshot in snapshots]
        self._dishonest[place] = [dishonest for dishonest, _ in claims]
        self._scam_types[place] = [_CODES[snapshot.scam_type] for snapshot in snapshots]
        self._submitted_at[place] = [(snapshot.submitted_at - _EPOCH) // _MICROSECOND for snapshot in snapshots]
        self.filled += len(claims)

    def rows(self) -> LabelledRows:
        """All that was added, in the order of submission; of claims of one moment, in that of their lines.

        Raises:
            ValueError: fewer came than there is room for.
        """
        if self.filled != len(self._dishonest):
            raise ValueError(f"the dataset has {len(self._dishonest)} past claims, and {self.filled} came")
        order = np.argsort(self._submitted_at, kind="stable")
        for column in (*self._vectors.T, self._dishonest, self._scam_types, self._submitted_at):
            column[:] = column[order]
        return LabelledRows(
            vectors=self._vectors,
            dishonest=self._dishonest,
            scam_types=[SCAM_TYPES[code] for code in self._scam_types],
            submitted_at=[_EPOCH + timedelta(microseconds=int(each)) for each in self._submitted_at],
        )
