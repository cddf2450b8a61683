"""What is refused of partners' files. The status of each stands in the wing's web.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.values.errors import FangzhaError


@dataclass(frozen=True)
class UnknownBatch(FangzhaError):
    """There is no enrollment batch {batch_id}; its id is in the Location of the reply to its upload."""

    batch_id: str


@dataclass(frozen=True)
class NotTheDeclaredFile(FangzhaError):
    """The upload has {found} {what}, not the declared {declared}; it changed on its way, so send it again."""

    what: str
    declared: str
    found: str


@dataclass(frozen=True)
class UnreadableFile(FangzhaError):
    """The upload is not a file of subscribers: {detail} {fix}"""

    detail: str
    fix: str


@dataclass(frozen=True)
class NoRoom(FangzhaError):
    """There is no room for such a file just now, on disk or in memory; send it again in {retry_after} seconds."""

    retry_after: int = 60


@dataclass(frozen=True)
class BatchNotDone(FangzhaError):
    """Batch {batch_id} is still worked on, so its results are not whole; ask again in {retry_after} seconds."""

    batch_id: str
    retry_after: int


@dataclass(frozen=True)
class ResultsExpired(FangzhaError):
    """The results of batch {batch_id} were kept until {until:%Y-%m-%dT%H:%M:%SZ}; the batch still tells its counts."""

    batch_id: str
    until: datetime


@dataclass(frozen=True)
class NotSoldByFile(FangzhaError):
    """Product {product_code!r} needs more than a row of a file tells; enroll one by one by POST /v1/policies."""

    product_code: str
