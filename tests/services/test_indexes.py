"""What the indexes of each service's database must be like, read from its catalog."""

from __future__ import annotations

from contextlib import closing

import psycopg2
import pytest

from tests.real_parts import SERVICES, Postgres

_BY_NO_DISTANCE = """
SELECT index.relname FROM pg_index
JOIN pg_class AS index ON index.oid = indexrelid
JOIN pg_am ON pg_am.oid = index.relam AND amname = 'gist'
JOIN pg_attribute ON attrelid = indexrelid AND attnum = 1
JOIN pg_range ON rngtypid = atttypid AND rngsubdiff = 0"""


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_range_index_is_ordered_by_first_knows_a_distance(postgres: Postgres, service: str) -> None:
    """One that does not keeps its pages in no order: with 300,000 rows an insert read hundreds (PostgreSQL 18.6)."""
    with postgres.fresh(service) as url, closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(_BY_NO_DISTANCE)
        assert cursor.fetchall() == []
