"""Train the next queued model. Phases: begin (committed), train and keep (one transaction that holds the model's row).

A worker that is killed in the middle leaves the model in state ``training`` with its row free: the next one begins
anew. What a model is made of is scoring's.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Final

import msgspec
import numpy as np

from services.fraud_detection.models.domain.features import compute
from services.fraud_detection.models.scoring.artifact import pack
from services.fraud_detection.models.scoring.signature import Signer
from services.fraud_detection.models.scoring.training import LabelledRows, NotTrainable, train
from services.fraud_detection.models.store import models, past_claims
from services.fraud_detection.models.store.models import Work
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.process.clock import Clock
from shared.process.logs import get_logger

MOST_ATTEMPTS: Final = 4
"""A model whose worker died this often kills workers, most likely by the memory that its data needs."""

log = get_logger()


def train_next(database: Database, signer: Signer, clock: Clock) -> bool:
    """Train one model, if one waits; whether to look again at once."""
    with database.transaction() as tx:
        work = begin(tx, clock)
    if work is None:
        return False
    with database.transaction() as tx:
        if models.hold(tx, work.model_id, work.attempts):
            train_and_keep(tx, work, signer, clock)
    return True


def begin(tx: Tx, clock: Clock) -> Work | None:
    """Mark the oldest waiting model as in training; give up on one that was begun too often."""
    work = models.take(tx)
    if work is None:
        return None
    if work.attempts >= MOST_ATTEMPTS:
        failure = f"Training was begun {work.attempts} times and never ended; try fewer past claims."
        models.fail(tx, work.model_id, failure, clock.now())
        return None
    models.start(tx, work.model_id)
    return Work(work.model_id, work.dataset_id, work.attempts + 1)


def train_and_keep(tx: Tx, work: Work, signer: Signer, clock: Clock) -> None:
    """Train, sign and store; a dataset that makes no model makes a failed one, with the reason."""
    try:
        trained, report = train(labelled_rows(tx, work.dataset_id))
        data = pack(trained)
    except NotTrainable as error:
        models.fail(tx, work.model_id, error.reason, clock.now())
        return
    signed = signer.sign(work.model_id, data)
    models.add_artifact(tx, work.model_id, signed.data, signed.sha256, signed.signature)
    models.finish(tx, work.model_id, msgspec.json.encode(report).decode(), clock.now())
    metrics = report.evaluation.metrics
    log.info("model_trained", model_id=work.model_id, auc=metrics.auc, average_precision=metrics.average_precision)


def labelled_rows(tx: Tx, dataset_id: str) -> LabelledRows:
    """The dataset in the order of submission, with features computed as they are for a claim that is decided now."""
    claims = sorted(past_claims.rows(tx, dataset_id), key=attrgetter("snapshot.submitted_at", "line"))
    return LabelledRows(
        vectors=np.array([compute(claim.snapshot) for claim in claims], dtype=np.float64),
        dishonest=np.array([claim.dishonest for claim in claims], dtype=np.bool_),
        scam_types=[claim.snapshot.scam_type for claim in claims],
        submitted_at=[claim.snapshot.submitted_at for claim in claims],
    )
