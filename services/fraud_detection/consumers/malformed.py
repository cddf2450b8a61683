"""A value that its column cannot hold will not fit at the next try either: such an event is poison, no bug."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2

from shared.messaging.failures import Poison


@contextmanager
def malformed_is_poison() -> Iterator[None]:
    """Around the storing of an event's values as they came."""
    try:
        yield
    except (psycopg2.DataError, OverflowError) as error:
        raise Poison("one of its values has not the form that it should have") from error
