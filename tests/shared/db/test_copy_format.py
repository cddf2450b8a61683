"""Values as COPY in binary form takes them, read back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.db.copy_format import copy_rows, doubles, integer, jsonb, texts
from shared.db.pool import Database
from shared.db.transaction import Tx


@pytest.fixture
def tx(platform_url: str) -> Iterator[Tx]:
    database = Database(platform_url, size=1)
    with database.transaction() as tx:
        yield tx
    database.close()


def test_arrays_and_json_come_out_as_they_went_in(tx: Tx) -> None:
    tx.execute("CREATE TABLE known (number integer, names text[], vector double precision[], said jsonb)")
    rows = [
        (1, ["age", "朝南", ""], [0.1 + 0.2, -0.0, 1e300], '{"a": [1, "朝"]}'),
        (2, [], [], "null"),
    ]

    copied = copy_rows(
        tx,
        "COPY known FROM STDIN (FORMAT binary)",
        [
            (integer(number), texts(names), doubles(vector), jsonb(said.encode()))
            for number, names, vector, said in rows
        ],
    )

    assert copied == 2
    assert tx.all("SELECT number, names, vector FROM known ORDER BY number") == [row[:3] for row in rows]
    assert tx.all("SELECT said #>> '{a,1}' FROM known WHERE number = 1") == [("朝",)]
