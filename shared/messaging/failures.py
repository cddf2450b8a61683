"""Which failures of a handler mean what: try again, give up on this event, or crash. Acting on it is consumer's.

Passing: the database or the broker is away, a deadlock, a full disk; tried again with back-off for as long as it takes,
and never skipped. Unready: a fact that this one builds on has not arrived yet; tried again for a stated while.
Poison: this event can never be taken; it goes to the dead letters. Anything else is a bug: the process ends, and who
supervises it starts it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import psycopg2

from shared.db.errors import AWAY, NoConnectionFree
from shared.values.errors import FangzhaError


@dataclass(frozen=True)
class Poison(FangzhaError):
    """The event cannot be taken: {detail}."""

    detail: str


@dataclass(frozen=True)
class Unready(FangzhaError):
    """The event needs a fact that has not arrived yet: {detail}."""

    detail: str


PASSING: Final = (*AWAY, NoConnectionFree)


@contextmanager
def malformed_is_poison() -> Iterator[None]:
    """Around the storing of an event's values as they came: what no column holds now, none holds at the next try.

    Raises:
        Poison: one of them has not the form that it should have.
    """
    try:
        yield
    except (psycopg2.DataError, OverflowError) as error:
        raise Poison("one of its values has not the form that it should have") from error
