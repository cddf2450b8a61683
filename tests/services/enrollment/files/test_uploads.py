"""Files as partners send them over HTTP, and what they get back, on the real database."""

from __future__ import annotations

import csv as csv_module
import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import polars as pl
import pytest
import zstandard

from services.enrollment.files.domain.results import COLUMNS as RESULT_COLUMNS
from services.enrollment.files.intake.column_names import SYNONYMS
from services.enrollment.files.usecases.end_failed_batches import KEPT, forget_failed_parts
from services.enrollment.policies.domain.rows import COLUMNS, RawRow
from services.enrollment.policies.usecases.vault import Vault
from shared.db.pool import Database
from tests import clock
from tests.services.enrollment.builders import Answer, Partner, csv, faults, load_all
from tests.services.enrollment.files.uploads import fresh, ndjson, parquet

NDJSON = "application/x-ndjson"
PARQUET = "application/vnd.apache.parquet"


def stored_rows(database: Database) -> dict[str, int]:
    """How much there is of what an upload may leave behind."""
    with database.transaction() as tx:
        counts = {}
        for table in ("batches", "batch_parts", "policies", "data_keys", "idempotency_keys", "audit_log"):
            found = tx.one(f"SELECT count(*) FROM {table}")
            assert found is not None
            counts[table] = int(found[0])
    return counts


def done(east: Partner, database: Database, vault: Vault, reply: Answer) -> Any:
    """The batch once the worker has been at it."""
    assert reply.status_code == 202, reply.text
    load_all(database, vault, now=clock.now())
    return east.get(reply.headers["Location"]).json


def results(east: Partner, batch: Any, **query: str) -> list[dict[str, str]]:
    text = east.get(f"/v1/enrollment-batches/{batch['batch_id']}/results", **query).text
    if query.get("format") == "ndjson":
        return [json.loads(line) for line in text.splitlines()]
    return list(csv_module.DictReader(io.StringIO(text)))


@pytest.mark.parametrize(
    ("form", "content_type"),
    [(csv, "text/csv"), (ndjson, NDJSON), (parquet, PARQUET)],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
def test_a_file_is_enrolled_in_each_format_and_compression(  # noqa: PLR0917  # fixtures and what varies
    east: Partner,
    database: Database,
    vault: Vault,
    environ: dict[str, str],
    form: Callable[[Sequence[RawRow]], bytes],
    content_type: str,
    pack: Callable[[bytes], bytes],
) -> None:
    data = pack(form([*(fresh(n) for n in range(5)), fresh(5, phone="12")]))
    batch = done(
        east,
        database,
        vault,
        east.upload(data, content_type=content_type, rows="6", sha256=hashlib.sha256(data).hexdigest()),
    )
    assert (batch["state"], batch["accepted"], batch["rejected"]) == ("finished", 5, 1)
    assert batch["format"] == form.__name__
    assert faults(database, environ) == []


def test_compression_may_be_announced_and_chinese_headers_in_gb18030_are_read(
    east: Partner, database: Database, vault: Vault
) -> None:
    header = ",".join(SYNONYMS[name][0] for name in COLUMNS)
    data = gzip.compress(csv([fresh(1), fresh(2, name="欧阳锋")], header=header).decode().encode("gb18030"))
    reply = east.upload(data, headers={"Content-Encoding": "gzip"}, content_type="text/csv; charset=gb18030")
    batch = done(east, database, vault, reply)
    assert (batch["accepted"], batch["rejected"]) == (2, 0)
    names = {east.get(f"/v1/policies/{each['policy_id']}").json["insured"]["name"] for each in results(east, batch)}
    assert names == {"张**", "欧**"}


def gzip_bomb() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    head = packer.compress(csv([fresh(1)]))
    return head + b"".join(packer.compress(bytes(10_000_000)) for _ in range(30)) + packer.flush()


def wrong_types() -> bytes:
    out = io.BytesIO()
    columns: dict[str, Any] = {name: [getattr(fresh(1), name)] for name in COLUMNS}
    pl.DataFrame(columns | {"phone": [1.39e10]}).write_parquet(out)
    return out.getvalue()


def cut(data: bytes) -> bytes:
    return data[: len(data) * 2 // 3]


def many() -> list[RawRow]:
    return [fresh(n) for n in range(12_000)]


@pytest.mark.parametrize(
    ("data", "content_type", "said"),
    [
        (lambda: cut(gzip.compress(csv(many()))), "text/csv", "gzip ends in the middle"),
        (lambda: cut(zstandard.compress(csv(many()))), "text/csv", "zstd ends in the middle"),
        (lambda: cut(parquet(many())), PARQUET, "no whole Parquet file"),
        (gzip_bomb, "text/csv", "more than"),
        (lambda: csv(many()) + b"x" * 10_000_000, "text/csv", "line 12002 has more than 4096 bytes"),
        (lambda: ndjson(many()) + b"x" * 10_000_000, NDJSON, "line 12001 has more than 4096 bytes"),
        (wrong_types, PARQUET, "column phone is of type double"),
        (lambda: csv(many()).decode().encode("utf-16"), "text/csv", "UTF-8 or GB18030"),
        (lambda: csv(many()).replace(b"\n", b"\r"), "text/csv", "more than 4096 bytes"),
        (lambda: parquet(many()), "text/csv", "It is Parquet"),
    ],
)
def test_a_harmful_or_damaged_file_is_refused_with_what_to_do_and_leaves_nothing(
    east: Partner, database: Database, data: Callable[[], bytes], content_type: str, said: str
) -> None:
    before = stored_rows(database)
    reply = east.upload(data(), content_type=content_type)
    assert (reply.status_code, reply.json["type"].rpartition("/")[2]) == (422, "unreadable-file")
    assert said in reply.json["detail"]
    assert stored_rows(database) == before


@pytest.mark.parametrize("declared", [{"rows": "11999"}, {"sha256": "0" * 64}])
def test_a_file_that_is_not_what_was_declared_leaves_nothing(
    east: Partner, database: Database, declared: dict[str, str]
) -> None:
    before = stored_rows(database)
    reply = east.upload(csv(many()), key=None, content_type="text/csv", headers=None, **declared)
    assert (reply.status_code, reply.json["type"].rpartition("/")[2]) == (422, "not-the-declared-file")
    assert stored_rows(database) == before


def test_a_content_type_that_is_no_file_of_subscribers_is_refused(east: Partner) -> None:
    assert east.upload(b"<xml/>", content_type="text/xml").status_code == 415


def test_formulas_come_out_neutralized_and_nothing_of_the_person_comes_out(
    east: Partner, database: Database, vault: Vault
) -> None:
    attacks = ["=cmd|'/C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1", "＝1+1"]
    rows = [fresh(n, partner_reference=text) for n, text in enumerate(attacks)]
    rows += [fresh(20, name="=cmd|x"), fresh(21, name="=HYPERLINK(1)", phone="=1")]
    batch = done(east, database, vault, east.upload(csv(rows)))
    text = east.get(f"/v1/enrollment-batches/{batch['batch_id']}/results").text
    cells = [cell for line in csv_module.reader(io.StringIO(text)) for cell in line]
    assert len(cells) == (len(rows) + 1) * len(RESULT_COLUMNS)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝"))]
    for each in rows:
        assert each.document_number not in text
        assert each.name not in text
        assert each.phone not in text or each.phone == "=1"


def test_rows_with_nul_bytes_and_mixed_line_ends_are_judged_one_by_one(
    east: Partner, database: Database, vault: Vault
) -> None:
    head, one, two, three, four = csv([fresh(1), fresh(2, name="a\0b"), fresh(3), fresh(4)]).split(b"\n")[:5]
    data = head + b"\r\n" + one + b"\n" + two + b"\r\n" + three + b"\r\n\r\n" + four
    batch = done(east, database, vault, east.upload(data))
    assert (batch["rows"], batch["accepted"], batch["rejected"]) == (4, 3, 1)
    (rejected,) = (each for each in results(east, batch) if each["outcome"] == "rejected")
    assert (rejected["line"], rejected["field"]) == ("3", "name")


def test_lines_that_are_no_rows_have_codes_of_their_own(east: Partner, database: Database, vault: Vault) -> None:
    data = ndjson([fresh(1)]) + b"{nothing\n" + ndjson([fresh(2)]) + b'{"name": "\xff"}\n{"salary": 1}\n'
    batch = done(east, database, vault, east.upload(data, content_type=NDJSON))
    told = [(each["line"], each["code"]) for each in results(east, batch) if each["outcome"] == "rejected"]
    assert told == [("2", "json_invalid"), ("4", "encoding_invalid"), ("5", "json_key_unknown")]


def test_results_tell_each_row_by_line_or_by_reference_and_policy(
    east: Partner, database: Database, vault: Vault
) -> None:
    rows = [fresh(n) for n in range(2500)] + [fresh(3, partner_reference="again"), fresh(9000, phone="1")]
    batch = done(east, database, vault, east.upload(csv(rows)))
    as_csv, as_json = results(east, batch), results(east, batch, format="ndjson")
    assert len(as_csv) == len(as_json) == 2502
    assert [(each["line"], each["code"], each["partner_reference"]) for each in as_csv[:2]] == [
        ("2502", "already_covered", "again"),
        ("2503", "phone_invalid", "sub-000009000"),
    ]
    assert all(each["detail"] and each["fix"] for each in as_csv[:2])
    told = {each["partner_reference"]: each["policy_id"] for each in as_csv[2:]}
    with database.transaction() as tx:
        assert told == dict(tx.all("SELECT partner_reference, policy_id::text FROM policies"))
    assert {each["partner_reference"]: each["policy_id"] for each in as_json[2:]} == told
    assert as_json[2]["line"] is None


def test_the_form_of_results_follows_accept(east: Partner, database: Database, vault: Vault) -> None:
    batch = done(east, database, vault, east.upload(csv([fresh(1)])))
    path = f"/v1/enrollment-batches/{batch['batch_id']}/results"
    for accept, content_type in [
        ("*/*", "text/csv; charset=utf-8"),
        (NDJSON, NDJSON),
        (f"{NDJSON}, text/csv;q=0.5", NDJSON),
        (f"text/csv;q=0.1, {NDJSON};q=0.9", NDJSON),
        ("image/png", "text/csv; charset=utf-8"),
    ]:
        reply = east.client.get(path, headers={**east._headers(), "Accept": accept})
        assert (reply.status_code, reply.content_type) == (200, content_type)


def test_results_wait_until_the_batch_is_done_and_are_the_partners_own(
    east: Partner, west: Partner, database: Database, vault: Vault
) -> None:
    location = east.upload(csv([fresh(1)])).headers["Location"]
    early = east.get(f"{location}/results")
    assert (early.status_code, early.headers["Retry-After"]) == (409, "5")
    load_all(database, vault, now=clock.now())
    assert east.get(f"{location}/results").status_code == 200
    assert west.get(f"{location}/results").status_code == 404


def test_a_dry_run_tells_everything_and_stores_nothing_but_its_report(
    east: Partner, database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    done(east, database, vault, east.upload(csv([fresh(1)])))
    before = stored_rows(database)["policies"]
    rows = [fresh(1), fresh(2), fresh(2, partner_reference="twice"), fresh(3, phone="1"), fresh(4)]
    batch = done(east, database, vault, east.upload(csv(rows), dry_run="true"))
    assert (batch["dry_run"], batch["state"], batch["accepted"], batch["rejected"]) == (True, "finished", 2, 3)
    assert [(each["line"], each["outcome"], each["code"]) for each in results(east, batch)] == [
        ("2", "rejected", "already_enrolled"),
        ("4", "rejected", "already_covered"),
        ("5", "rejected", "phone_invalid"),
        ("3", "accepted", ""),
        ("6", "accepted", ""),
    ]
    told = [(each["partner_reference"], each["policy_id"]) for each in results(east, batch)[3:]]
    assert told == [(rows[1].partner_reference, ""), (rows[4].partner_reference, "")]
    assert stored_rows(database)["policies"] == before
    with database.transaction() as tx:
        assert tx.one("SELECT count(*) FROM outbox WHERE type = 'policies.enrolled'") == (1,)
    assert faults(database, environ) == []
    assert done(east, database, vault, east.upload(csv(rows)))["accepted"] == 2


def test_the_same_file_again_is_the_same_batch_under_its_key_and_told_row_by_row_under_another(
    east: Partner, database: Database, vault: Vault
) -> None:
    data = csv([fresh(n) for n in range(20)])
    first = east.upload(data, key="the-same-key-1")
    again = east.upload(data, key="the-same-key-1")
    assert first.json == again.json
    assert again.headers["Idempotency-Replayed"] == "true"
    batch = done(east, database, vault, east.upload(data, key="another-key-1"))
    assert (batch["accepted"], batch["rejected"]) == (0, 20)
    assert {each["code"] for each in results(east, batch)} == {"already_enrolled"}


def test_batches_are_listed_newest_first_page_by_page_and_by_state(
    east: Partner, west: Partner, database: Database, vault: Vault
) -> None:
    sent = [east.upload(csv([fresh(n)])).json["batch_id"] for n in range(5)]
    load_all(database, vault, now=clock.now())
    waiting = east.upload(csv([fresh(9)])).json["batch_id"]
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = east.get("/v1/enrollment-batches", limit="2", **cursor).json
        found += [each["batch_id"] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert found == [waiting, *reversed(sent)]
    by_state = east.get("/v1/enrollment-batches", state="received").json["items"]
    assert [each["batch_id"] for each in by_state] == [waiting]
    assert west.get("/v1/enrollment-batches").json["items"] == []


def test_what_is_left_of_a_failed_batch_is_forgotten_after_a_week(
    east: Partner, database: Database, vault: Vault, environ: dict[str, str]
) -> None:
    reply = east.upload(csv([fresh(n) for n in range(10)]))
    with database.transaction() as tx:
        tx.execute("UPDATE batch_parts SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1)")
    batch = done(east, database, vault, reply)
    assert (batch["state"], bool(batch["failure"])) == ("failed", True)
    with database.transaction() as tx:
        forget_failed_parts(tx, now=clock.now() + KEPT * 0.9)
        assert tx.one("SELECT count(*) FROM batch_parts WHERE sealed IS NOT NULL") == (1,)
        forget_failed_parts(tx, now=clock.now() + KEPT * 1.1)
        assert tx.one("SELECT count(*) FROM batch_parts WHERE sealed IS NOT NULL") == (0,)
    assert faults(database, environ) == []
