"""What bench-enrollment is measured against: the bare limit of the database, and what anybody would write first.

Both store the same people in a table of the same columns, on the same server.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import itertools
import re
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO

import psycopg2
from psycopg2.extras import execute_values

from shared.process.new_ids import new_id

CONNECTIONS = 2
PAGE_ROWS = 1000

# As policies is, with what makes it durable and each person covered once, and without the indexes of other questions.
TABLE = """
CREATE TABLE bare_policies (
    policy_id uuid PRIMARY KEY, chunk_id uuid NOT NULL, effective_from timestamptz NOT NULL,
    effective_to timestamptz NOT NULL, consent_given_at timestamptz NOT NULL, premium_fen bigint NOT NULL,
    partner_no integer NOT NULL, product_id integer NOT NULL, product_version integer NOT NULL,
    version integer NOT NULL, stacks_by integer NOT NULL, birth_year smallint NOT NULL, chunk_place smallint NOT NULL,
    state text NOT NULL, person_token bytea NOT NULL, phone_token bytea NOT NULL, partner_reference text NOT NULL,
    consent_text_version text NOT NULL, consent_channel text NOT NULL, consent_sha256 bytea NOT NULL
);
CREATE UNIQUE INDEX ON bare_policies (person_token, product_id, stacks_by) WHERE state = 'in_force';
"""
_COLUMNS = """chunk_id, effective_from, effective_to, consent_given_at, premium_fen, partner_no, product_id,
    product_version, version, stacks_by, birth_year, chunk_place, state, person_token, phone_token, partner_reference,
    consent_text_version, consent_channel, consent_sha256"""
_GUARD = "ON CONFLICT (person_token, product_id, stacks_by) WHERE state = 'in_force' DO NOTHING"
# One half of the tokens: their second byte is the first of the hash.
_SORTED = f"""
COPY (SELECT uuidv7() AS policy_id, {_COLUMNS} FROM policies WHERE get_byte(person_token, 1) / 128 = %s
      ORDER BY person_token) TO STDOUT (FORMAT binary)
"""
_STAGE = "CREATE TEMPORARY TABLE staged (LIKE bare_policies) ON COMMIT DROP"
_FILL = f"COPY staged (policy_id, {_COLUMNS}) FROM STDIN (FORMAT binary)"
_STORE = f"INSERT INTO bare_policies (policy_id, {_COLUMNS}) SELECT policy_id, {_COLUMNS} FROM staged {_GUARD}"


def ceiling(url: str) -> float:
    """Rows a second of sorted binary COPY and INSERT over two connections, of the rows that we stored ourselves."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"sorted-{number}" for number in range(CONNECTIONS)]
        for number, path in enumerate(files):
            with path.open("wb") as file, closing(psycopg2.connect(url)) as connection:
                connection.cursor().copy_expert(_SORTED % number, file)
        _fresh(url)

        def load(path: Path) -> int:
            with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
                cursor.execute(_STAGE)
                with path.open("rb") as file:
                    cursor.copy_expert(_FILL, file, 1 << 17)
                cursor.execute(_STORE)
                return int(cursor.rowcount)

        began = time.monotonic()
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            stored = sum(pool.map(load, files))
        return stored / (time.monotonic() - began)


def naive(csv_file: Path, url: str, most: int) -> float:
    """Rows a second of reading, checking and hashing each row by itself, and execute_values of 1,000 rows a page."""
    _fresh(url)
    insert = f"INSERT INTO bare_policies (policy_id, {_COLUMNS}) VALUES %s {_GUARD}"
    done = 0
    began = time.monotonic()
    with csv_file.open(encoding="utf-8", newline="") as file, closing(psycopg2.connect(url)) as connection:
        rows = itertools.islice(_checked(file), most)
        while page := list(itertools.islice(rows, PAGE_ROWS)):
            with connection, connection.cursor() as cursor:
                execute_values(cursor, insert, page, page_size=PAGE_ROWS)
            done += len(page)
    return done / (time.monotonic() - began)


_KEY = b"a key of thirty-two bytes, no less"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]{0,63}")
_NUMBER = re.compile(r"[0-9]{17}[0-9X]")
_PHONE = re.compile(r"1[0-9]{10}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def _checked(file: IO[str]) -> Iterator[tuple[object, ...]]:
    """The rows that are right, as the table holds them."""
    chunk_id = new_id()
    for row in csv.DictReader(file):
        number, phone = row["document_number"].strip().upper(), row["phone"].strip()
        try:
            first_day = date.fromisoformat(row["effective_date"])
            given_at = datetime.fromisoformat(row["consent_given_at"])
            born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
        except ValueError:
            continue
        if not (_REFERENCE.fullmatch(row["partner_reference"]) and _NUMBER.fullmatch(number) and row["name"]):
            continue
        if not (_PHONE.fullmatch(phone) and _SHA256.fullmatch(row["consent_sha256"])) or given_at > datetime.now(UTC):
            continue
        total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
        if "10X98765432"[total % 11] != number[17] or not 16 <= first_day.year - born.year <= 80:
            continue
        person = b"\1" + hmac.new(_KEY, number.encode(), hashlib.sha256).digest()[:16]
        caller = b"\1" + hmac.new(_KEY, phone.encode(), hashlib.sha256).digest()[:16]
        begins = datetime.combine(first_day, datetime.min.time(), UTC)
        shared = (1200, 1, 1, 1, 1, 0, born.year, 0, "in_force", person, caller, row["partner_reference"])
        consent = (row["consent_text_version"], row["consent_channel"], bytes.fromhex(row["consent_sha256"]))
        yield new_id(), chunk_id, begins, begins.replace(year=begins.year + 1), given_at, *shared, *consent


def _fresh(url: str) -> None:
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bare_policies")
        cursor.execute(TABLE)
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        connection.cursor().execute("VACUUM")  # what the run before left behind is not this one's cost
