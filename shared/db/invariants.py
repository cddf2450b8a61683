"""An invariant that a database can prove of itself: queries that find what breaks it. Running them is entry's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from shared.db.transaction import Tx

Finder: TypeAlias = Callable[[Tx], list[str]]
"""One sentence for each thing that breaks the invariant; none if it holds."""

_AT_MOST: Final = 100
"""Sentences of one query: enough to see what is wrong, few enough to read."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """``number`` is the one in docs/invariants.md, the same in every service."""

    number: int
    name: str
    find: Finder


def found_by(*queries: str) -> Finder:
    """What these queries find: each gives rows of one sentence, and none in a sound database."""

    def find(tx: Tx) -> list[str]:
        return [sentence for query in queries for sentence in tx.all(f"{query} LIMIT {_AT_MOST}", into=str)]

    return find
