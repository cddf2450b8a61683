"""A dataclass, the columns that it is kept in, and what happens when one of them is called otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NewType

import msgspec
import pytest

from shared.db.columns import Columns, WrongColumns
from shared.db.pool import Database
from shared.db.transaction import NotOneRow, Tx
from shared.process.new_ids import new_id
from shared.values.money import Fen

StayId = NewType("StayId", str)


@dataclass(frozen=True, slots=True)
class Span:
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Bed:
    room: int
    wide: bool


@dataclass(frozen=True, slots=True)
class Booked:
    stay_id: StayId
    guests: int
    price: Fen
    wishes: tuple[str, ...]
    beds: tuple[Bed, ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay(Booked):
    canceled: Span | None
    nights: int


class Numbered(msgspec.Struct, frozen=True):
    number: int
    name: str
    bed: Bed


_STAY: Final = Columns(
    Stay,
    price="price_fen",
    span={"start": "begins", "end": "ends"},
    canceled={"start": "canceled_from", "end": "canceled_from + interval '1 day'"},
    nights="extract(day FROM ends - begins)::integer",
)
_MADE: Final = """
CREATE TABLE stays (ends timestamptz, begins timestamptz, price_fen bigint, guests integer, wishes text[], beds jsonb,
                    stay_id uuid, note text, canceled_from timestamptz)"""
_WRITTEN: Final = Columns(Booked, price="price_fen", span={"start": "begins", "end": "ends"})
_ADD: Final = f"INSERT INTO stays (note, {_WRITTEN.names}) VALUES (%(note)s, {_WRITTEN.places})"
_ADD_MANY: Final = f"INSERT INTO stays ({_WRITTEN.names}) VALUES %s"
_READ: Final = f"SELECT {_STAY} FROM stays ORDER BY guests"
_READ_JOINED: Final = f"SELECT {_WRITTEN.of('s')} FROM stays s JOIN stays other USING (stay_id) ORDER BY s.guests"


@pytest.fixture
def tx(platform_url: str) -> Iterator[Tx]:
    database = Database(platform_url, size=1)
    with database.transaction() as tx:
        tx.execute(_MADE)
        yield tx
    database.close()


def booked() -> Booked:
    return Booked(
        stay_id=StayId(new_id()),
        guests=2,
        price=Fen(88_000),
        wishes=("quiet", "朝南"),
        beds=(Bed(7, wide=False), Bed(8, wide=True)),
        span=Span(datetime(2026, 11, 30, 4, tzinfo=UTC), datetime(2026, 12, 2, 4, tzinfo=UTC)),
    )


def fields_of(stay: Booked) -> dict[str, Any]:
    return {each.name: getattr(stay, each.name) for each in fields(stay)}


def test_what_was_written_by_names_is_read_by_names(tx: Tx) -> None:
    one, other = booked(), replace(booked(), guests=3, wishes=(), beds=())

    tx.execute(_ADD, {**_WRITTEN.values(one), "note": "late"})
    tx.insert_many(_ADD_MANY, [list(_WRITTEN.values(other).values())])

    assert tx.all(_READ_JOINED, into=Booked) == [one, other]
    assert tx.all("SELECT note, guests FROM stays ORDER BY guests", into=tuple[str, int]) == [("late", 2), (None, 3)]


def test_many_rows_by_one_parameter_are_read_as_they_were_written(tx: Tx) -> None:
    written = [
        booked(),
        replace(booked(), guests=3, wishes=(), beds=()),
        replace(booked(), guests=4, wishes=('"', "\\")),
    ]

    assert tx.execute(f"INSERT INTO stays ({_WRITTEN.names}) {_WRITTEN.rows('stays')}", (_WRITTEN.json(written),)) == 3

    assert tx.all(_READ_JOINED, into=Booked) == written


@dataclass(frozen=True, slots=True)
class Sealed:
    number: int
    words: bytes | None
    share: float


def test_bytes_and_fractions_by_one_parameter_are_the_same_to_the_bit(tx: Tx) -> None:
    tx.execute("CREATE TABLE sealed (number integer, words bytea, share double precision)")
    columns = Columns(Sealed)
    written = [Sealed(1, b"\x00\\x'\xff", 0.1 + 0.2), Sealed(2, None, -1e-300), Sealed(3, b"", 1 / 3)]
    tx.execute(f"INSERT INTO sealed {columns.rows('sealed')}", (columns.json(written),))

    found = tx.all(f"SELECT {columns} FROM sealed ORDER BY number")
    assert [(number, words and bytes(words), share) for number, words, share in found] == [
        (each.number, each.words, each.share) for each in written
    ]


def test_a_part_is_none_where_all_its_columns_are_null_and_expressions_are_read_alone(tx: Tx) -> None:
    kept = booked()
    tx.execute(_ADD, {**_WRITTEN.values(kept), "note": None})

    assert tx.the(_READ, into=Stay) == Stay(**fields_of(kept), canceled=None, nights=2)
    tx.execute("UPDATE stays SET canceled_from = begins")

    day = kept.span.start
    assert tx.the(_READ, into=Stay).canceled == Span(day, day + timedelta(days=1))
    assert "nights" not in _STAY.names


def test_a_struct_is_made_as_a_dataclass_is_and_its_order_is_not_the_statements(tx: Tx) -> None:
    found = tx.one("SELECT 'seven' AS name, 7 AS number, '{\"room\": 1, \"wide\": true}'::jsonb AS bed", into=Numbered)

    assert found == Numbered(number=7, name="seven", bed=Bed(1, wide=True))


def test_one_column_is_its_value(tx: Tx) -> None:
    assert tx.all("SELECT generate_series(1, 3)", into=Fen) == [1, 2, 3]
    assert tx.one("SELECT 1 WHERE false", into=int) is None
    assert tx.one("SELECT max(guests) FROM stays", into=int) is None


@pytest.mark.parametrize("rows", [0, 2])
def test_the_row_of_a_statement_that_always_has_one_is_the_only_one(tx: Tx, rows: int) -> None:
    with pytest.raises(NotOneRow, match=f"{rows} rows, and always one of: SELECT generate_series"):
        tx.the("SELECT generate_series(1, %s)", (rows,))


def test_a_name_that_is_no_field_fails_where_the_columns_are_said() -> None:
    with pytest.raises(WrongColumns, match="Stay has no field cost"):
        Columns(Stay, cost="price_fen")
    with pytest.raises(WrongColumns, match="Span has no field begin"):
        Columns(Stay, span={"begin": "begins"})


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ("1 AS room", "Bed and what came back differ by wide; the columns: room"),
        (
            "1 AS room, true AS wide, 2 AS floor",
            "Bed and what came back differ by floor; the columns: room, wide, floor",
        ),
        ("1 AS number, true AS wide", "Bed and what came back differ by number, room; the columns: number, wide"),
        ("1 AS room, true AS wide, 2 AS room", "Bed and what came back differ by a name given twice"),
    ],
)
def test_a_column_renamed_forgotten_left_over_or_given_twice_fails_at_its_first_use_with_a_sentence(
    tx: Tx, listed: str, said: str
) -> None:
    with pytest.raises(WrongColumns, match=said):
        tx.all(f"SELECT {listed} WHERE false", into=Bed)


def test_several_columns_are_no_plain_value(tx: Tx) -> None:
    with pytest.raises(WrongColumns, match="not 1 column but room, wide"):
        tx.one("SELECT 1 AS room, true AS wide", into=int)


def test_columns_that_change_their_places_change_nothing(tx: Tx) -> None:
    assert tx.all("SELECT true AS wide, 1 AS room", into=Bed) == [Bed(1, wide=True)]
