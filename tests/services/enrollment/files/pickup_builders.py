"""Places and files for the tests of picking up."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from services.enrollment.files.intake.pickup_places import QUIET, Pickup, Place
from services.enrollment.files.usecases.pick_up_files import Pickups
from services.enrollment.policies.usecases.vault import Vault
from shared.db.pool import Database
from tests import clock
from tests.services.enrollment.builders import PRODUCT, load_all


def left(folder: Path, name: str, data: bytes, *, quiet: bool = True) -> Path:
    """A file that was put there long enough ago; with ``quiet=False`` just now."""
    path = folder / name
    path.write_bytes(data)
    if quiet:
        long_ago = time.time() - QUIET.total_seconds() - 5
        os.utime(path, (long_ago, long_ago))
    return path


def pickup(url: str, **changes: Any) -> Pickup:
    return Pickup(**({"partner_id": "telecom-east", "product_code": PRODUCT, "url": url} | changes))


def pickups(database: Database, vault: Vault, *places: Pickup) -> Pickups:
    return Pickups([Place(each, os.environ) for each in places], database, vault, clock.CLOCK)


def run_all(found: Pickups, database: Database, vault: Vault) -> None:
    """Picks up, loads and answers until there is nothing left to do."""
    while found.run() or load_all(database, vault, now=clock.now()):
        pass


def run_all_in_vain(found: Pickups, database: Database, vault: Vault) -> None:
    """The same of what fails, as its stored parts are damaged."""
    while found.run():
        with database.transaction() as tx:
            tx.execute("UPDATE batch_parts SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1)")
        load_all(database, vault, now=clock.now())


def receipt(folder: Path, name: str) -> Any:
    return json.loads((folder / f"{name}.receipt.json").read_bytes())


def pairs(database: Database) -> list[tuple[str, int]]:
    """State and accepted rows of every batch."""
    with database.transaction() as tx:
        return [(row[0], int(row[1])) for row in tx.all("SELECT state, accepted FROM batches ORDER BY batch_id")]
