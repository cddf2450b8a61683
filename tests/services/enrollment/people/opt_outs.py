"""A person who leaves, and who waits for that."""

from __future__ import annotations

import threading
from datetime import datetime

from services.enrollment.policies.domain.rows import RawRow
from services.enrollment.policies.usecases.opt_out import OptedOutNow, opt_out, persons_tokens
from services.enrollment.policies.usecases.vault import Vault
from shared.db.pool import Database
from tests.services.enrollment.builders import (
    NOW,
    waiting,
)


def leave(database: Database, vault: Vault, raw: RawRow, *, now: datetime = NOW) -> OptedOutNow:
    """The person of this row opts out by their document."""
    tokens = persons_tokens(raw.document_type, raw.document_number, vault=vault, sandbox=True, pointer="/x")
    with database.transaction() as tx:
        return opt_out(tx, tokens, channel="hotline", actor="test", now=now)


def wait_until_somebody_waits(database: Database, how_many: int = 1) -> None:
    """Until so many transactions wait for a lock: of a row, of a person or of the gate."""
    pause = threading.Event()
    for _ in range(6_000):
        if waiting(database) >= how_many:
            return
        pause.wait(0.01)
    raise AssertionError("too few wait")
