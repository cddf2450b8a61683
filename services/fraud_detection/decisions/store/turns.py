"""Whose turn it is: one person's claims are decided one after the other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from shared.db.transaction import Tx
from shared.values.ids import TokenHex

# Of two claims that tell of one loss, the second must see the first. In one order, so that no two wait crosswise.
_ONE_AT_A_TIME: Final = """
SELECT pg_advisory_xact_lock(hashtextextended('claims of ' || person, 0)) FROM unnest(%s::text[]) AS person"""


def one_at_a_time(tx: Tx, persons: Iterable[TokenHex]) -> None:
    """Wait until no other transaction decides on a claim of one of these persons, and let none begin."""
    tx.all(_ONE_AT_A_TIME, (sorted(set(persons)),))
