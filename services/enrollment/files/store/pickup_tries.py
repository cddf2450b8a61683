"""How often it was tried in vain to read a file that a partner left. It is forgotten once the file is dealt with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, TypeAlias

from shared.db.transaction import Tx

File: TypeAlias = tuple[int, str, str, str]
"""Number of the partner, place, name and etag."""

_COUNT: Final = """
INSERT INTO pickup_tries (partner_no, place, name, etag, tries) VALUES (%s, %s, %s, %s, 1)
ON CONFLICT (partner_no, place, name, etag) DO UPDATE SET tries = pickup_tries.tries + 1
RETURNING tries
"""


def count(tx: Tx, file: File) -> int:
    """How often reading the file was begun and has not ended, this time included."""
    return tx.the(_COUNT, file, into=int)


_REST: Final = """
UPDATE pickup_tries SET again_at = %s WHERE partner_no = %s AND place = %s AND name = %s AND etag = %s
"""


def rest(tx: Tx, file: File, until: datetime) -> None:
    """Other files go first until then."""
    tx.execute(_REST, (until, *file))


_TAKE_BACK: Final = """
UPDATE pickup_tries SET tries = tries - 1, again_at = DEFAULT
WHERE partner_no = %s AND place = %s AND name = %s AND etag = %s
"""


def take_back(tx: Tx, file: File) -> None:
    """The last try was none: what ended it is no fault of the file's."""
    tx.execute(_TAKE_BACK, file)


_FORGET: Final = "DELETE FROM pickup_tries WHERE partner_no = %s AND place = %s AND name = %s AND etag = %s"


def forget(tx: Tx, file: File) -> None:
    """The file is dealt with."""
    tx.execute(_FORGET, file)


_RESTING: Final = """
SELECT name, etag FROM pickup_tries WHERE partner_no = %s AND place = %s AND name = ANY(%s) AND again_at > %s
"""


def resting(tx: Tx, partner_no: int, place: str, names: Sequence[str], now: datetime) -> set[tuple[str, str]]:
    """Name and etag of those that are not to be tried now."""
    return set(tx.all(_RESTING, (partner_no, place, list(names), now), into=tuple[str, str]))
