"""SQL of models: their states, reports, promotions and bytes. Opening these is scoring's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, Protocol

from services.fraud_detection.models.domain.training import Phase
from shared.db.columns import Columns, Named
from shared.db.transaction import Tx
from shared.values.ids import ModelId
from shared.values.money import Fen

State = Literal["queued", "training", "ready", "failed", "canceled"]
Alias = Literal["champion", "previous"]

_QUEUE: Final = """
INSERT INTO models (model_id, dataset_id, note, state, version, requested_by, requested_at)
VALUES (%s, %s, %s, 'queued', 1, %s, %s)
"""
_TAKE: Final = """
SELECT model.model_id, model.dataset_id, dataset.rows, model.attempts
FROM models AS model JOIN past_claim_datasets AS dataset USING (dataset_id)
WHERE model.state IN ('queued', 'training') AND model.leased_until <= clock_timestamp()
ORDER BY model.model_id FOR UPDATE OF model SKIP LOCKED LIMIT 1
"""
_START: Final = """
UPDATE models SET state = 'training', version = version + 1, attempts = attempts + 1, phase = 'reading', share = 0,
    leased_until = clock_timestamp() + %s
WHERE model_id = %s AND state IN ('queued', 'training')
"""
_RENEW: Final = """
UPDATE models SET phase = %s, share = %s, leased_until = clock_timestamp() + %s
WHERE model_id = %s AND state = 'training' AND attempts = %s
"""
_GIVE_BACK: Final = """
UPDATE models SET state = 'queued', version = version + 1, attempts = attempts - %s, phase = NULL, share = NULL,
    leased_until = clock_timestamp()
WHERE model_id = %s AND state = 'training' AND attempts = %s
"""
_FINISH: Final = """
UPDATE models SET state = 'ready', version = version + 1, report = %s, finished_at = %s, phase = NULL, share = NULL
WHERE model_id = %s AND state = 'training' AND attempts = %s
"""
_FAIL: Final = """
UPDATE models SET state = 'failed', version = version + 1, failure = %s, finished_at = %s, phase = NULL, share = NULL
WHERE model_id = %s AND state IN ('queued', 'training') AND attempts = %s
"""
_CANCEL: Final = """
UPDATE models SET state = 'canceled', version = version + 1, canceled_by = %s, finished_at = %s, phase = NULL,
    share = NULL
WHERE model_id = %s AND state IN ('queued', 'training')
"""
_UNATTENDED: Final = """
SELECT CASE WHEN bool_or(state = 'training' AND leased_until > clock_timestamp()) THEN 0.0
    ELSE extract(epoch FROM clock_timestamp() - min(leased_until))::double precision END
FROM models WHERE state IN ('queued', 'training')
"""
_ADD_ARTIFACT: Final = "INSERT INTO model_artifacts (model_id, data, sha256, signature) VALUES (%s, %s, %s, %s)"
_ARTIFACT: Final = "SELECT data, sha256, signature FROM model_artifacts WHERE model_id = %s"
_ARTIFACT_SIZE: Final = "SELECT octet_length(data) FROM model_artifacts WHERE model_id = %s"
_LOCK_REGISTRY: Final = "SELECT version FROM model_registry FOR UPDATE"
_CHANGE_REGISTRY: Final = "UPDATE model_registry SET version = version + 1"
_ADD_PROMOTION: Final = """
INSERT INTO model_promotions (
    model_id, approve_below, auto_approve_limit_fen, auto_approve_loss_limit_fen, reason, proposed_by, promoted_by,
    promoted_at
) VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING number
"""
_POINT: Final = """
INSERT INTO model_aliases (name, promotion_number) VALUES (%s, %s)
ON CONFLICT (name) DO UPDATE SET promotion_number = excluded.promotion_number
"""
_DROP_ALIAS: Final = "DELETE FROM model_aliases WHERE name = %s"


@dataclass(frozen=True, slots=True)
class Model:
    """One model. ``version`` grows when its state changes, and when any model is promoted or rolled back."""

    model_id: ModelId
    dataset_id: str
    note: str
    state: State
    version: int
    requested_by: str
    requested_at: datetime
    finished_at: datetime | None
    failure: str | None
    canceled_by: str | None
    attempts: int
    phase: Phase | None
    share: float | None
    """Of the phase, from 0 to 1; both are None where nothing is trained."""
    sha256: str | None
    alias: Alias | None
    report: dict[str, Any] | None
    """As training wrote it; only the API reads it. None in lists."""


_LISTED: Final[dict[str, Named]] = {
    "version": "model.version + registry.version",
    "sha256": "artifact.sha256",
    "alias": """(SELECT min(alias.name) FROM model_aliases AS alias
        JOIN model_promotions AS promotion ON promotion.number = alias.promotion_number
        WHERE promotion.model_id = model.model_id)""",
}
_FROM: Final = """
FROM models AS model
LEFT JOIN model_artifacts AS artifact USING (model_id)
CROSS JOIN model_registry AS registry
"""
_FIND: Final = f"SELECT {Columns(Model, **_LISTED).of('model')} {_FROM} WHERE model.model_id = %s"
_LIST: Final = f"""
SELECT {Columns(Model, **_LISTED, report="NULL::jsonb").of("model")} {_FROM}
WHERE (%(before)s::uuid IS NULL OR model.model_id < %(before)s) ORDER BY model.model_id DESC LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Work:
    """A model to train on ``rows`` past claims. ``attempts``, how often it was begun, is also what the lease goes by:
    who began an earlier attempt changes nothing any more.
    """

    model_id: ModelId
    dataset_id: str
    rows: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Promotion:
    """A model with the thresholds and the person that put it to work."""

    number: int
    model_id: ModelId
    approve_below: float
    auto_approve_limit_fen: Fen
    auto_approve_loss_limit_fen: Fen
    reason: str
    proposed_by: str | None
    promoted_by: str
    promoted_at: datetime


_PROMOTION: Final = f"""
SELECT {Columns(Promotion).of("promotion")}
FROM model_aliases AS alias JOIN model_promotions AS promotion ON promotion.number = alias.promotion_number
WHERE alias.name = %s
"""


@dataclass(frozen=True, slots=True)
class Promoted:
    """The champion's id and hash, with the thresholds that it works under."""

    model_id: ModelId
    sha256: str
    approve_below: float
    auto_approve_limit_fen: Fen
    auto_approve_loss_limit_fen: Fen


_CHAMPION: Final = f"""
SELECT {Columns(Promoted, model_id="promotion.model_id")}
FROM model_aliases AS alias
JOIN model_promotions AS promotion ON promotion.number = alias.promotion_number
JOIN model_artifacts AS artifact ON artifact.model_id = promotion.model_id
WHERE alias.name = 'champion'
"""


def champion(tx: Tx) -> Promoted | None:
    """The model that is promoted now; None if none is."""
    return tx.one(_CHAMPION, into=Promoted)


def queue(tx: Tx, model_id: ModelId, dataset_id: str, note: str, *, requested_by: str, requested_at: datetime) -> None:
    tx.execute(_QUEUE, (model_id, dataset_id, note, requested_by, requested_at))


def find(tx: Tx, model_id: ModelId) -> Model | None:
    return tx.one(_FIND, (model_id,), into=Model)


def newest(tx: Tx, *, before: ModelId | None, limit: int) -> list[Model]:
    """Models from the newest on, those after ``before`` in that order, without their reports."""
    return tx.all(_LIST, {"before": before, "limit": limit}, into=Model)


def take(tx: Tx) -> Work | None:
    """The oldest model that waits and that no trainer holds; one whose lease ran out counts as waiting."""
    return tx.one(_TAKE, into=Work)


def start(tx: Tx, model_id: ModelId, lease: timedelta) -> None:
    """Begin another attempt, held for ``lease`` from now on."""
    tx.execute(_START, (lease, model_id))


def renew(tx: Tx, work: Work, phase: Phase, share: float, lease: timedelta) -> bool:
    """Say how far it is and hold it on; False if it was canceled or another trainer has it."""
    return tx.execute(_RENEW, (phase, share, lease, work.model_id, work.attempts)) == 1


def give_back(tx: Tx, work: Work, *, counts: bool) -> bool:
    """Let another trainer begin at once; ``counts`` says whether this was an attempt that something was wrong with."""
    return tx.execute(_GIVE_BACK, (0 if counts else 1, work.model_id, work.attempts)) == 1


def finish(tx: Tx, work: Work, report: str, now: datetime) -> bool:
    """``report`` as JSON text; False if it was canceled or another trainer has it."""
    return tx.execute(_FINISH, (report, now, work.model_id, work.attempts)) == 1


def fail(tx: Tx, work: Work, failure: str, now: datetime) -> bool:
    """False if it was canceled or another trainer has it."""
    return tx.execute(_FAIL, (failure, now, work.model_id, work.attempts)) == 1


def cancel(tx: Tx, model_id: ModelId, canceled_by: str, now: datetime) -> bool:
    """False if it is over already."""
    return tx.execute(_CANCEL, (canceled_by, now, model_id)) == 1


def unattended_seconds(tx: Tx) -> float:
    """How long the model that waited longest could have been begun, while no trainer is at work; 0 if none waits."""
    return tx.one(_UNATTENDED, into=float) or 0.0


def add_artifact(tx: Tx, model_id: ModelId, data: bytes, sha256: str, signature: bytes) -> None:
    tx.execute(_ADD_ARTIFACT, (model_id, data, sha256, signature))


def artifact(tx: Tx, model_id: ModelId) -> tuple[bytes, str, bytes] | None:
    """Data, SHA-256 and signature, as they are kept."""
    return tx.one(_ARTIFACT, (model_id,), into=tuple[bytes, str, bytes])


def artifact_size(tx: Tx, model_id: ModelId) -> int | None:
    """In bytes, without reading them."""
    return tx.one(_ARTIFACT_SIZE, (model_id,), into=int)


def lock_registry(tx: Tx) -> None:
    """Nobody else promotes or rolls back until this transaction ends."""
    tx.one(_LOCK_REGISTRY)


def change_registry(tx: Tx) -> None:
    """Every model's version grows: what was read before a promotion is stale after it."""
    tx.execute(_CHANGE_REGISTRY)


class Proposed(Protocol):
    """What a promotion takes over from its proposal."""

    @property
    def model_id(self) -> ModelId: ...
    @property
    def approve_below(self) -> float: ...
    @property
    def auto_approve_limit_fen(self) -> Fen: ...
    @property
    def auto_approve_loss_limit_fen(self) -> Fen: ...
    @property
    def reason(self) -> str: ...
    @property
    def proposed_by(self) -> str: ...


def add_promotion(tx: Tx, proposed: Proposed, *, promoted_by: str, now: datetime) -> int:
    """Its number."""
    limits = (proposed.approve_below, proposed.auto_approve_limit_fen, proposed.auto_approve_loss_limit_fen)
    values = (proposed.model_id, *limits, proposed.reason, proposed.proposed_by, promoted_by, now)
    return tx.the(_ADD_PROMOTION, values, into=int)


def promotion(tx: Tx, alias: Alias) -> Promotion | None:
    return tx.one(_PROMOTION, (alias,), into=Promotion)


def point(tx: Tx, alias: Alias, promotion_number: int) -> None:
    tx.execute(_POINT, (alias, promotion_number))


def drop_alias(tx: Tx, alias: Alias) -> None:
    tx.execute(_DROP_ALIAS, (alias,))
