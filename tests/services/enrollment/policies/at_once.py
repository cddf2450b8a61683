"""Work that several threads do at the same moment."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TypeVar

from services.enrollment.people.domain.policies import Policy
from services.enrollment.policies.domain.rows import RawRow
from services.enrollment.policies.usecases.vault import Vault
from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.values.errors import FangzhaError
from tests.services.enrollment.builders import (
    NOW,
    PRODUCT,
    enroll_policy,
    waiting,
)

R = TypeVar("R")


def enroll(
    database: Database, vault: Vault, raw: RawRow, tenant: str = "telecom-east", *, now: datetime = NOW
) -> Policy:
    with database.transaction() as tx:
        return enroll_policy(tx, raw, PRODUCT, tenant=tenant, vault=vault, now=now, sandbox=True).policy


def at_once(*doings: Callable[[], R]) -> list[R | FangzhaError]:
    """Do all of them in threads that start together; what each gave or raised."""
    barrier = threading.Barrier(len(doings))
    results: list[R | FangzhaError] = []

    def run(do: Callable[[], R]) -> None:
        barrier.wait()
        try:
            results.append(do())
        except FangzhaError as error:
            results.append(error)

    threads = [threading.Thread(target=run, args=(do,)) for do in doings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def beside(database: Database, first: Callable[[Tx], object], second: Callable[[Tx], R]) -> R | FangzhaError:
    """What the second gave or raised, which began when the first was done and not yet committed."""

    def do_the_second() -> R:
        with database.transaction() as tx:
            return second(tx)

    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as tx:
            first(tx)
            other = pool.submit(do_the_second)
            while not (other.done() or waiting(database)):
                time.sleep(0.01)
        try:
            return other.result(timeout=60)
        except FangzhaError as error:
            return error
