"""Profile a dataset. Phases: read it page by page, each in a transaction of its own, for a dataset never changes; then
keep profile and warnings in one. Two processes that profile one dataset keep one profile.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from services.fraud_detection.models.domain.data_warnings import of_dataset
from services.fraud_detection.models.domain.snapshot import Snapshot
from services.fraud_detection.models.store import data_warnings, past_claims
from shared.db.pool import Database
from shared.process.clock import Clock
from shared.process.logs import get_logger

log = get_logger()


def profile_next(
    database: Database, clock: Clock, *, dataset_id: str | None = None, going: Callable[[], bool] = lambda: True
) -> bool:
    """Profile the oldest dataset that has no profile, or this one if it has none; whether one was.

    ``going`` is asked after each page whether to go on.
    """
    with database.transaction() as tx:
        dataset = data_warnings.unprofiled(tx, dataset_id)
    if dataset is None:
        return False
    # Here, for numpy is of no use to who only asks.
    from services.fraud_detection.models.scoring.profile import Profiler  # noqa: PLC0415

    profiler, decoder = Profiler(dataset.rows), msgspec.json.Decoder(Snapshot)
    for page in past_claims.pages(database, dataset.dataset_id):
        profiler.add([decoder.decode(snapshot) for _, snapshot in page], [dishonest for dishonest, _ in page])
        if not going():
            return False
    with database.transaction() as tx:
        profile = profiler.profile(data_warnings.copies(tx, dataset.dataset_id), dataset.uploaded_at)
        warnings = of_dataset(profile)
        kept = data_warnings.add_profile(tx, dataset.dataset_id, profile, warnings, clock.now())
    names = [warning.name for warning in warnings]
    log.info("dataset_profiled", dataset_id=dataset.dataset_id, rows=dataset.rows, warnings=names, kept=kept)
    return True
