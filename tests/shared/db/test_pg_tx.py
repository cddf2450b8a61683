"""One transaction in few messages: the same promises as statement by statement."""

from __future__ import annotations

import io
from collections.abc import Iterator

import psycopg2
import pytest

from shared.db.pool import Database
from shared.values.errors import InvalidField


@pytest.fixture
def marks(platform_url: str) -> Iterator[Database]:
    """One connection alone, so that the next transaction finds what one leaves behind; a table to write to."""
    database = Database(platform_url, size=1)
    with database.transaction() as tx:
        tx.execute("CREATE TABLE marks (mark text PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, number serial)")
    yield database
    database.close()


def marked(database: Database) -> list[str]:
    with database.transaction() as tx:
        return [row[0] for row in tx.all("SELECT mark FROM marks ORDER BY number")]


INSERT = "INSERT INTO marks (mark) VALUES (%s)"


def test_a_statement_put_off_takes_effect_in_its_place(marks: Database) -> None:
    with marks.transaction() as tx:
        tx.later(INSERT, ("first",))
        assert tx.one("SELECT count(*) FROM marks") == (1,)
        tx.later(INSERT, ("second",))
        tx.execute(INSERT, ("third",))
        tx.later(INSERT, ("fourth",))
        tx.insert_many("INSERT INTO marks (mark) VALUES %s", [("fifth",)])
        tx.later(INSERT, ("sixth",))
        tx.copy_in("COPY marks (mark) FROM STDIN", io.BytesIO(b"seventh\n"))
        tx.later(INSERT, ("100 %",))

    assert marked(marks) == ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "100 %"]


def test_statements_put_off_alone_are_one_transaction(marks: Database) -> None:
    with pytest.raises(psycopg2.errors.DivisionByZero), marks.transaction() as tx:
        tx.later(INSERT, ("kept?",))
        tx.later("SELECT 1/0")

    assert marked(marks) == []


def test_what_was_put_off_is_undone_with_the_rest(marks: Database) -> None:
    with pytest.raises(KeyError), marks.transaction() as tx:
        tx.execute(INSERT, ("done",))
        tx.later(INSERT, ("put off",))
        raise KeyError("any")

    assert marked(marks) == []


def test_a_commit_that_a_constraint_refuses_is_told_and_leaves_a_connection_fit_for_the_next(marks: Database) -> None:
    with pytest.raises(psycopg2.errors.UniqueViolation), marks.transaction() as tx:
        tx.execute(INSERT, ("twice",))
        tx.execute(INSERT, ("twice",))
        tx.notify("tidings")

    assert marked(marks) == []


def test_after_an_error_that_was_caught_nothing_more_is_done(marks: Database) -> None:
    with pytest.raises(psycopg2.errors.InFailedSqlTransaction), marks.transaction() as tx:
        tx.execute(INSERT, ("before",))
        with pytest.raises(psycopg2.errors.DivisionByZero):
            tx.one("SELECT 1/0")
        tx.execute(INSERT, ("after",))

    assert marked(marks) == []


def test_after_a_message_that_does_not_parse_the_next_statement_is_still_in_a_transaction(marks: Database) -> None:
    with pytest.raises(KeyError), marks.transaction() as tx:
        with pytest.raises(psycopg2.errors.SyntaxError):
            tx.execute("SELEKT")
        tx.execute(INSERT, ("after",))
        raise KeyError("any")

    assert marked(marks) == []


def test_what_is_refused_within_an_attempt_is_undone_alone(marks: Database) -> None:
    with marks.transaction() as tx:
        tx.execute(INSERT, ("before",))
        with pytest.raises(psycopg2.errors.NotNullViolation), tx.attempt():
            tx.execute(INSERT, ("undone",))
            tx.execute(INSERT, (None,))
        tx.execute(INSERT, ("after",))

    assert marked(marks) == ["before", "after"]


def test_of_an_attempt_within_another_each_is_undone_as_a_whole(marks: Database) -> None:
    with marks.transaction() as tx:
        with pytest.raises(InvalidField), tx.attempt():
            tx.execute(INSERT, ("outer",))
            with tx.attempt(keep=False):
                tx.execute(INSERT, ("inner",))
            with tx.attempt():
                tx.execute(INSERT, ("kept for now",))
            raise InvalidField("/mark", "It is wrong.", "Send another one.")
        with tx.attempt():
            with tx.attempt(keep=False):
                tx.execute(INSERT, ("undone",))
            tx.execute(INSERT, ("kept",))
            tx.later(INSERT, ("put off",))

    assert marked(marks) == ["kept", "put off"]


def test_an_attempt_that_is_not_kept_is_undone_with_what_it_put_off(marks: Database) -> None:
    with marks.transaction() as tx:
        tx.execute(INSERT, ("before",))
        with tx.attempt(keep=False):
            tx.execute(INSERT, ("tried",))
            tx.later(INSERT, ("put off",))
        with tx.attempt():
            tx.execute(INSERT, ("kept",))

    assert marked(marks) == ["before", "kept"]
