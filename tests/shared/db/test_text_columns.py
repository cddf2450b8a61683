"""Every text column of every database says what it holds, and a phone or identity number in one of them is found."""

from __future__ import annotations

import gzip
import json

import pytest

from shared.db import text_columns
from shared.db.pool import Database
from shared.values.clear_text import TextKind
from tests.real_parts import SERVICES, Postgres

PHONE = "13812345678"
IDENTITY = "110101199001011234"

NOTES = """
CREATE TABLE notes (
    id integer GENERATED ALWAYS AS IDENTITY, label text, words varchar(200), many text[], plain json, binary_form jsonb,
    file bytea, reference text, secret bytea
)"""
KINDS = {
    "label": "label",
    "words": "sentence",
    "many": "label",
    "plain": "json",
    "binary_form": "json",
    "file": "gzip",
    "reference": "reference",
    "secret": "sealed",
}


@pytest.fixture
def notes(database: Database) -> Database:
    with database.transaction() as tx:
        tx.execute(NOTES)
        for column, kind in KINDS.items():
            tx.execute(f"COMMENT ON COLUMN notes.{column} IS '{kind}'")
    return database


def found(database: Database) -> list[str]:
    with database.transaction() as tx:
        return [*text_columns.without_kind(tx), *text_columns.personal_numbers(tx)]


@pytest.mark.parametrize("service", SERVICES)
def test_every_text_column_of_a_service_says_what_it_holds(postgres: Postgres, service: str) -> None:
    with postgres.fresh(service) as url:
        database = Database(url, size=1)
        with database.transaction() as tx:
            columns = text_columns.columns(tx)
            assert text_columns.without_kind(tx) == []
        database.close()

    assert len(columns) > 40
    assert {"outbox.body", "audit_log.details"} < {f"{each.table}.{each.name}" for each in columns}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_that_nobody_used_yet_holds_no_number_of_a_person(postgres: Postgres, service: str) -> None:
    with postgres.fresh(service) as url:
        database = Database(url, size=1)
        assert found(database) == []
        database.close()


@pytest.mark.parametrize("type_name", ["text", "varchar(9)", "char(3)", "text[]", "json", "jsonb", "bytea", "name"])
def test_a_new_column_that_does_not_say_what_it_holds_is_named(database: Database, type_name: str) -> None:
    with database.transaction() as tx:
        tx.execute(f"CREATE TABLE stray (id bigint, amount numeric, at timestamptz, remark {type_name})")

    assert [fault.partition(" does not say")[0] for fault in found(database)] == ["stray.remark"]


def test_what_is_no_kind_is_none(notes: Database) -> None:
    with notes.transaction() as tx:
        tx.execute("COMMENT ON COLUMN notes.label IS 'whatever the partner likes'")

    assert [fault.partition(" does not say")[0] for fault in found(notes)] == ["notes.label"]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("label", PHONE),
        ("label", f"app{PHONE}"),
        ("words", f"Asked for by {IDENTITY}."),
        ("words", "电话：１３８１２３４５６７８"),
        ("words", "138\u200b1234\u200b5678"),
        ("words", "①③⑧ 1234 5678"),
        ("many", ["app", PHONE]),
        ("plain", json.dumps({"deep": [{"phone": PHONE}]})),
        ("plain", json.dumps({PHONE: True})),
        ("binary_form", json.dumps({"why": f"holder {IDENTITY[:6]} {IDENTITY[6:14]} {IDENTITY[14:]}"})),
        ("file", gzip.compress(f"reference,fen\r\nSUB-1,100\r\n{PHONE},100\r\n".encode(), mtime=0)),
        ("reference", PHONE),
        ("reference", "0086-138-1234-5678"),
        ("reference", IDENTITY),
    ],
)
def test_a_number_is_found_by_its_column_and_not_repeated(notes: Database, column: str, value: object) -> None:
    with notes.transaction() as tx:
        tx.execute(f"INSERT INTO notes ({column}) VALUES (%s), (NULL)", (value,))

    (fault,) = found(notes)
    assert fault == f"notes.{column} holds what looks like a phone or identity number in 1 rows, first at (0,1)"


def test_what_requests_may_bring_is_not_found(notes: Database) -> None:
    document = {"fen": 15_012_345_678, "score": 0.13812345678, "reference": "SUB-15012345678", "id": "0190163d-8694"}
    with notes.transaction() as tx:
        tx.execute(
            "INSERT INTO notes (label, words, plain, file, reference, secret) VALUES (%s, %s, %s, %s, %s, %s)",
            (
                "2026-01",
                "2026-11-30T13:45:12.345678+08:00 by 0190163d-8694-739b-aea5-966c26f8ad91",
                json.dumps(document),
                gzip.compress(b"SUB-15012345678,15012345678.5\r\n", mtime=0),
                "SUB-15012345678",
                PHONE.encode(),
            ),
        )

    assert found(notes) == []


DAMAGE = {
    ("enrollment", "opt_outs.channel"): f"opt_outs VALUES (decode(repeat('01', 17), 'hex'), now(), '{PHONE}', 'x')",
    ("enrollment", "rejection_reasons.detail"): (
        f"rejection_reasons (field, code, detail, fix) VALUES ('a', 'b', 'Not {PHONE}.', 'c')"
    ),
    ("fraud_detection", "coverage_items.reference"): (
        f"coverage_items VALUES (gen_random_uuid(), 1, '{IDENTITY}', now(), true)"
    ),
    ("payout", "payees.bank_code"): f"payees VALUES (repeat('a', 34), '', '', '', '', '{PHONE}', 'x', now())",
    ("payout", "outbox.body"): (
        "outbox (event_id, type, topic, subject, occurred_at, body)"
        f" VALUES (gen_random_uuid(), 'a', 'b', 'c', now(), '{{\"of\": \"{IDENTITY}\"}}')"
    ),
}


@pytest.mark.parametrize(("service", "column"), DAMAGE)
def test_a_number_in_a_services_own_table_is_found(postgres: Postgres, service: str, column: str) -> None:
    with postgres.fresh(service) as url:
        database = Database(url, size=1)
        with database.transaction() as tx:
            tx.execute(f"INSERT INTO {DAMAGE[service, column]}")
        faults = found(database)
        database.close()

    assert [fault.partition(" holds")[0] for fault in faults] == [column]


def test_each_kind_in_clear_is_searched(notes: Database) -> None:
    for kind in TextKind:
        value = json.dumps(PHONE) if kind is TextKind.JSON else PHONE
        with notes.transaction() as tx:
            tx.execute("TRUNCATE notes")
            tx.execute(f"COMMENT ON COLUMN notes.words IS '{kind}'")
            tx.execute("INSERT INTO notes (words) VALUES (%s)", (value,))

        assert len(found(notes)) == 1, kind
