"""Files that partners leave in a folder: taken once, answered beside, whatever dies in between."""

from __future__ import annotations

import base64
import csv as csv_module
import gzip
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from prometheus_client import REGISTRY
from psycopg2 import OperationalError
from structlog.testing import capture_logs

from services.enrollment.files.domain.errors import NoRoom
from services.enrollment.files.intake.pickup_places import FoundFile, Place, PlaceAway
from services.enrollment.files.store import picked_files
from services.enrollment.files.usecases.pickup_note import MOST_TRIES
from services.enrollment.partners.domain.file_keys import FileKey
from services.enrollment.partners.store import file_keys
from services.enrollment.policies.usecases.vault import Vault
from shared.db.pool import Database
from tests.services.enrollment.builders import csv, faults, load_all, row
from tests.services.enrollment.files.pickup_builders import (
    left,
    pairs,
    pickup,
    pickups,
    receipt,
    run_all,
    run_all_in_vain,
)
from tests.services.enrollment.files.uploads import fresh, ndjson, parquet


class KilledError(BaseException):
    """Nothing of the worker's own comes after it."""


def die(*_args: object, **_kwargs: object) -> None:
    raise KilledError


def due(database: Database) -> None:
    """Let the time pass after which a file is tried again."""
    with database.transaction() as tx:
        tx.execute("UPDATE pickup_tries SET again_at = DEFAULT")


def counted(outcome: str) -> float:
    """How many files this process says it dealt with so."""
    return REGISTRY.get_sample_value("fangzha_pickup_files_total", {"outcome": outcome}) or 0.0


def last_look() -> float:
    """When this process says that it last looked at every place."""
    return REGISTRY.get_sample_value("fangzha_pickups_looked_timestamp") or 0.0


def test_a_file_in_the_folder_is_enrolled_and_answered_beside_it(
    database: Database, vault: Vault, environ: dict[str, str], tmp_path: Path
) -> None:
    data = csv([fresh(1), fresh(2), fresh(3, phone="1")])
    left(tmp_path, "2026-03.csv", data)
    run_all(pickups(database, vault, pickup(tmp_path.as_uri())), database, vault)
    said = receipt(tmp_path, "2026-03.csv")
    assert (said["state"], said["rows"], said["accepted"], said["rejected"]) == ("finished", 3, 2, 1)
    assert said["sha256"] == hashlib.sha256(data).hexdigest()
    with (tmp_path / "2026-03.csv.results.csv").open(newline="") as file:
        told = list(csv_module.DictReader(file))
    assert [(each["line"], each["outcome"], each["code"]) for each in told] == [
        ("4", "rejected", "phone_invalid"),
        ("", "accepted", ""),
        ("", "accepted", ""),
    ]
    assert (tmp_path / "2026-03.csv").read_bytes() == data
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "2026-03.csv",
        "2026-03.csv.receipt.json",
        "2026-03.csv.results.csv",
    ]
    assert faults(database, environ) == []


def test_every_format_is_known_by_its_name(database: Database, vault: Vault, tmp_path: Path) -> None:
    left(tmp_path, "a.csv.gz", gzip.compress(csv([fresh(1)])))
    left(tmp_path, "b.ndjson", ndjson([fresh(2)]))
    left(tmp_path, "c.parquet", parquet([fresh(3)]))
    run_all(pickups(database, vault, pickup(tmp_path.as_uri())), database, vault)
    assert pairs(database) == [("finished", 1)] * 3


def test_a_receipt_stands_there_as_soon_as_the_file_is_taken(database: Database, vault: Vault, tmp_path: Path) -> None:
    left(tmp_path, "a.csv", csv([fresh(1)]))
    found = pickups(database, vault, pickup(tmp_path.as_uri()))
    found.run()
    assert receipt(tmp_path, "a.csv")["state"] == "received"
    assert not (tmp_path / "a.csv.results.csv").exists()


def test_a_file_is_left_alone_until_it_is_quiet_or_its_marker_stands_there(
    database: Database, vault: Vault, tmp_path: Path
) -> None:
    found = pickups(database, vault, pickup(tmp_path.as_uri()))
    growing = left(tmp_path, "a.csv", csv([fresh(1)]), quiet=False)
    assert not found.run()
    (tmp_path / "a.csv.done").touch()
    assert found.run()
    left(tmp_path, "b.csv", csv([fresh(2)]), quiet=False)
    (tmp_path / "b.csv.sha256").write_text(f"{hashlib.sha256(csv([fresh(2)])).hexdigest()}  b.csv\n")
    run_all(found, database, vault)
    assert [receipt(tmp_path, name)["state"] for name in ("a.csv", "b.csv")] == ["finished", "finished"]
    assert growing.exists()


@pytest.mark.parametrize("name", [".a.csv", "a.csv.part", "a.txt", "a.csv.filepart", "a.results.csv", "a.xlsx"])
def test_what_is_on_its_way_or_not_for_us_is_left_alone(
    database: Database, vault: Vault, tmp_path: Path, name: str
) -> None:
    left(tmp_path, name, csv([fresh(1)]))
    (tmp_path / "folder.csv").mkdir()
    secret = left(tmp_path.parent, f"secret-{name}", csv([fresh(1)]))
    (tmp_path / "link.csv").symlink_to(secret)
    (tmp_path / "link.csv.done").touch()
    assert not pickups(database, vault, pickup(tmp_path.as_uri())).run()


@pytest.mark.parametrize(
    ("name", "data", "companion", "problem"),
    [
        ("a.csv", b"no header\n", {}, "unreadable-file"),
        ("a.csv.gz", csv([row(1)]), {}, "unreadable-file"),
        ("a.csv", csv([row(1)]), {".sha256": b"0" * 64}, "not-the-declared-file"),
        ("a.csv", csv([row(1)]), {".sha256": b"what?"}, "unreadable-file"),
        ("a.csv", csv([row(1)]), {".sig": b"0" * 64}, "signature-not-allowed"),
    ],
)
def test_a_file_that_is_refused_has_a_receipt_that_says_why_and_is_not_asked_again(
    database: Database,
    vault: Vault,
    tmp_path: Path,
    *,
    name: str,
    data: bytes,
    companion: dict[str, bytes],
    problem: str,
) -> None:
    left(tmp_path, name, data)
    for ending, content in companion.items():
        left(tmp_path, name + ending, content)
    found = pickups(database, vault, pickup(tmp_path.as_uri()))
    before = counted("refused")
    run_all(found, database, vault)
    said = receipt(tmp_path, name)
    assert counted("refused") == before + 1
    assert (said["state"], said["problem"]["type"]) == ("refused", problem)
    assert said["problem"]["detail"]
    assert pairs(database) == []
    assert not found.run()


def test_a_refused_file_is_taken_once_it_was_mended(database: Database, vault: Vault, tmp_path: Path) -> None:
    found = pickups(database, vault, pickup(tmp_path.as_uri()))
    left(tmp_path, "a.csv", b"oops\n")
    run_all(found, database, vault)
    left(tmp_path, "a.csv", csv([fresh(1)]))
    run_all(found, database, vault)
    assert receipt(tmp_path, "a.csv")["state"] == "finished"


def test_a_file_whose_hash_was_wrong_is_taken_once_the_hash_is_mended(
    database: Database, vault: Vault, tmp_path: Path
) -> None:
    found = pickups(database, vault, pickup(tmp_path.as_uri()))
    data = csv([fresh(1)])
    left(tmp_path, "a.csv", data)
    left(tmp_path, "a.csv.sha256", b"0" * 64)
    run_all(found, database, vault)
    assert receipt(tmp_path, "a.csv")["problem"]["type"] == "not-the-declared-file"
    (tmp_path / "a.csv.sha256").write_text(hashlib.sha256(data).hexdigest())
    run_all(found, database, vault)
    assert receipt(tmp_path, "a.csv")["state"] == "finished"


def test_a_marker_of_the_file_before_makes_a_new_one_of_its_name_no_whole_one(
    database: Database, vault: Vault, tmp_path: Path
) -> None:
    found = pickups(database, vault, pickup(tmp_path.as_uri()))
    left(tmp_path, "a.csv", csv([fresh(1)]))
    left(tmp_path, "a.csv.done", b"")
    run_all(found, database, vault)
    left(tmp_path, "a.csv", csv([fresh(2)]), quiet=False)
    assert not found.run(), "it may still be on its way"
    os.utime(tmp_path / "a.csv.done")
    run_all(found, database, vault)
    assert pairs(database) == [("finished", 1)] * 2


def test_a_name_that_is_no_text_is_left_alone_and_holds_up_nobody(
    database: Database, vault: Vault, tmp_path: Path
) -> None:
    (tmp_path / os.fsdecode("张".encode("gb18030") + b".csv")).write_bytes(csv([fresh(1)]))
    left(tmp_path, os.fsdecode("张".encode("gb18030") + b".csv"), csv([fresh(1)]))
    left(tmp_path, "z.csv", csv([fresh(2)]))
    run_all(pickups(database, vault, pickup(tmp_path.as_uri())), database, vault)
    assert pairs(database) == [("finished", 1)]


def test_a_name_is_taken_as_long_as_the_names_of_what_is_written_beside_fit_the_folder(
    database: Database, vault: Vault, tmp_path: Path
) -> None:
    longest = "名" * 76 + "n.csv"
    too_long = "名" * 76 + "nn.csv"
    assert len(f".{longest}.receipt.json.partial".encode()) == os.pathconf(tmp_path, "PC_NAME_MAX")
    left(tmp_path, longest, csv([fresh(1)]))
    left(tmp_path, too_long, csv([fresh(2)]))
    with capture_logs() as logs:
        run_all(pickups(database, vault, pickup(tmp_path.as_uri())), database, vault)
    assert pairs(database) == [("finished", 1)]
    assert receipt(tmp_path, longest)["state"] == "finished"
    assert (tmp_path / f"{longest}.results.csv").exists()
    assert {each["file"] for each in logs if each["event"] == "pickup_name_too_long"} == {too_long}


def test_a_file_that_is_called_by_a_phone_number_is_left_alone_and_its_name_is_nowhere(
    database: Database, vault: Vault, tmp_path: Path
) -> None:
    left(tmp_path, "roster-13812345678.csv", csv([fresh(1)]))
    with capture_logs() as logs:
        run_all(pickups(database, vault, pickup(tmp_path.as_uri())), database, vault)

    assert pairs(database) == []
    assert "pickup_name_is_personal" in {each["event"] for each in logs}
    assert "13812345678" not in str(logs)


def test_a_file_that_no_day_has_room_for_is_refused_and_one_for_tomorrow_waits_while_others_go_on(
    database: Database, vault: Vault, tmp_path: Path
) -> None:
    with database.transaction() as tx:
        tx.execute("UPDATE partners SET rows_a_day = 3")
    left(tmp_path, "a.csv", csv([fresh(n) for n in range(4)]))
    left(tmp_path, "b.csv", csv([fresh(n) for n in range(2)]))
    left(tmp_path, "c.csv", csv([fresh(n) for n in range(5, 7)]))
    left(tmp_path, "d.csv", csv([fresh(9)]))
    run_all(pickups(database, vault, pickup(tmp_path.as_uri())), database, vault)
    assert receipt(tmp_path, "a.csv")["problem"]["type"] == "larger-than-a-day"
    assert [receipt(tmp_path, name)["state"] for name in ("b.csv", "d.csv")] == ["finished", "finished"]
    assert not (tmp_path / "c.csv.receipt.json").exists(), "there is room for it tomorrow"


def test_a_file_that_comes_during_a_suspension_waits_for_its_end(
    database: Database, vault: Vault, tmp_path: Path
) -> None:
    with database.transaction() as tx:
        tx.execute("UPDATE partners SET state = 'suspended'")
    left(tmp_path, "a.csv", csv([fresh(1)]))
    run_all(pickups(database, vault, pickup(tmp_path.as_uri())), database, vault)
    assert not (tmp_path / "a.csv.receipt.json").exists()
    with database.transaction() as tx:
        tx.execute("UPDATE partners SET state = 'active'")
    run_all(pickups(database, vault, pickup(tmp_path.as_uri())), database, vault)
    assert receipt(tmp_path, "a.csv")["state"] == "finished"


def test_where_a_contract_names_keys_only_a_signed_file_is_taken(
    database: Database, vault: Vault, tmp_path: Path
) -> None:
    private = Ed25519PrivateKey.generate()
    with database.transaction() as tx:
        row_of = tx.one("SELECT partner_no FROM partners WHERE partner_id = 'telecom-east'")
        assert row_of is not None
        raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        file_keys.replace(tx, row_of[0], [FileKey("spring", raw)])
    found = pickups(database, vault, pickup(tmp_path.as_uri()))
    left(tmp_path, "unsigned.csv", csv([fresh(1)]))
    signed = csv([fresh(2)])
    left(tmp_path, "signed.csv", signed)
    left(tmp_path, "signed.csv.sig", base64.b64encode(private.sign(hashlib.sha256(signed).digest())))
    run_all(found, database, vault)
    assert receipt(tmp_path, "unsigned.csv")["problem"]["type"] == "signature-not-allowed"
    assert (receipt(tmp_path, "signed.csv")["state"], receipt(tmp_path, "signed.csv")["signed_by"]) == (
        "finished",
        "spring",
    )


def test_the_same_content_touched_again_is_the_same_batch(database: Database, vault: Vault, tmp_path: Path) -> None:
    found = pickups(database, vault, pickup(tmp_path.as_uri()))
    path = left(tmp_path, "a.csv", csv([fresh(1)]))
    run_all(found, database, vault)
    first = receipt(tmp_path, "a.csv")["batch_id"]
    before = counted("taken"), counted("known")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    run_all(found, database, vault)
    assert (counted("taken"), counted("known")) == (before[0], before[1] + 1)
    assert receipt(tmp_path, "a.csv")["batch_id"] == first
    assert pairs(database) == [("finished", 1)]


def test_a_file_whose_batch_failed_is_taken_as_often_as_it_is_sent_again(
    database: Database, vault: Vault, environ: dict[str, str], tmp_path: Path
) -> None:
    found = pickups(database, vault, pickup(tmp_path.as_uri()))
    path = left(tmp_path, "a.csv", csv([fresh(1)]))
    for seconds in (1_000_000_000, 1_050_000_000):
        os.utime(path, (seconds, seconds))
        run_all_in_vain(found, database, vault)
        assert receipt(tmp_path, "a.csv")["state"] == "failed"
    run_all(found, database, vault)
    assert pairs(database) == [("failed", 0)] * 2, "nobody sent it again"
    for seconds in (1_100_000_000, 1_200_000_000):
        os.utime(path, (seconds, seconds))
        run_all(found, database, vault)
        assert receipt(tmp_path, "a.csv")["state"] == "finished"
        assert pairs(database) == [("failed", 0), ("failed", 0), ("finished", 1)], "what was enrolled is not sent again"
    assert faults(database, environ) == []


def test_a_file_that_changes_while_it_is_read_is_left_for_later(
    database: Database, vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = left(tmp_path, "a.csv", csv([fresh(1)]))
    read = Place.read

    def read_while_it_grows(place: Place, found: object) -> Iterator[bytes]:
        left(tmp_path, "a.csv", path.read_bytes() + b"more\n")
        return read(place, found)  # type: ignore[arg-type]  # whatever it gets

    monkeypatch.setattr(Place, "read", read_while_it_grows)
    assert not pickups(database, vault, pickup(tmp_path.as_uri())).run()
    assert pairs(database) == []
    assert not (tmp_path / "a.csv.receipt.json").exists()


def test_where_nothing_can_be_written_the_file_is_enrolled_and_the_receipt_follows_later(
    database: Database, vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left(tmp_path, "a.csv", csv([fresh(1)]))
    (tmp_path / "a.csv.receipt.json").mkdir()
    found = pickups(database, vault, pickup(tmp_path.as_uri()))
    run_all(found, database, vault)
    assert pairs(database) == [("finished", 1)]
    (tmp_path / "a.csv.receipt.json").rmdir()
    with database.transaction() as tx:
        tx.execute("UPDATE picked_files SET try_again_at = NULL")
    run_all(found, database, vault)
    assert receipt(tmp_path, "a.csv")["state"] == "finished"


def test_a_folder_that_is_away_does_not_keep_others_waiting(database: Database, vault: Vault, tmp_path: Path) -> None:
    left(tmp_path, "a.csv", csv([fresh(1)]))
    away = pickup((tmp_path / "nowhere").as_uri())
    taken, looked = counted("taken"), last_look()
    run_all(pickups(database, vault, away, pickup(tmp_path.as_uri())), database, vault)
    assert receipt(tmp_path, "a.csv")["state"] == "finished"
    assert (counted("taken"), last_look()) == (taken + 1, looked), "one of its places was not reached"
    pickups(database, vault, pickup(tmp_path.as_uri())).run()
    assert last_look() > looked


def test_a_worker_that_dies_after_the_results_and_before_it_noted_so_writes_them_again_alike(
    database: Database, vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left(tmp_path, "a.csv", csv([fresh(n) for n in range(30)] + [fresh(99, phone="1")]))
    found = pickups(database, vault, pickup(tmp_path.as_uri()))
    found.run()
    load_all(database, vault)
    with monkeypatch.context() as patched:
        patched.setattr(picked_files, "answered", die)
        with pytest.raises(KilledError):
            found.run()
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert "a.csv.results.csv" in written
    run_all(found, database, vault)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == written


def test_a_worker_that_dies_while_it_takes_a_file_leaves_nothing_and_the_next_one_takes_it(
    database: Database, vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left(tmp_path, "a.csv", csv([fresh(1)]))
    found = pickups(database, vault, pickup(tmp_path.as_uri()))
    with monkeypatch.context() as patched:
        patched.setattr(picked_files, "add", die)
        with pytest.raises(KilledError):
            found.run()
    assert pairs(database) == []
    due(database)
    run_all(found, database, vault)
    assert pairs(database) == [("finished", 1)]


def test_the_database_takes_one_content_of_a_file_once(database: Database, vault: Vault, tmp_path: Path) -> None:
    left(tmp_path, "a.csv", csv([fresh(1)]))
    run_all(pickups(database, vault, pickup(tmp_path.as_uri())), database, vault)
    with database.transaction() as tx:
        columns = "partner_no, place, name, etag, sha256, batch_id, picked_at"
        (taken,) = tx.all(f"SELECT {columns} FROM picked_files")
    for changed in ({3: "other etag"}, {4: "f" * 64}):
        values = [changed.get(place, value) for place, value in enumerate(taken)]
        with pytest.raises(Exception, match=r"one_(batch_per_content|answer_per_file)"), database.transaction() as tx:
            tx.execute(f"INSERT INTO picked_files ({columns}) VALUES (%s, %s, %s, %s, %s, %s, %s)", values)


class BugError(Exception):
    """Nothing that anybody foresaw."""


def reads_of(monkeypatch: pytest.MonkeyPatch, name: str, error: type[BaseException]) -> list[str]:
    """Have each reading of the file ``name`` end with ``error``; the names of all that are read from now on."""
    found: list[str] = []
    read = Place.read

    def read_or_end(place: Place, file: FoundFile) -> Iterator[bytes]:
        found.append(file.name)
        if file.name == name:
            raise error
        return read(place, file)

    monkeypatch.setattr(Place, "read", read_or_end)
    return found


def test_a_file_at_which_a_bug_shows_keeps_no_other_waiting_and_is_refused_after_some_tries(
    database: Database, vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    east, other = tmp_path / "east", tmp_path / "other"
    for folder in (east, other):
        folder.mkdir()
    left(east, "a.csv", csv([fresh(1)]))
    left(east, "b.csv", csv([fresh(2)]))
    left(other, "c.csv", csv([fresh(3)]))
    found = pickups(database, vault, pickup(east.as_uri()), pickup(other.as_uri()))
    failed, refused = counted("failed"), counted("refused")
    with monkeypatch.context() as patched:
        reads = reads_of(patched, "a.csv", BugError)
        run_all(found, database, vault)
        assert sorted(reads) == ["a.csv", "b.csv", "c.csv"], "it rests after a try"
        assert [receipt(east, "b.csv")["state"], receipt(other, "c.csv")["state"]] == ["finished"] * 2
        for _ in range(MOST_TRIES):
            due(database)
            run_all(found, database, vault)
    assert reads.count("a.csv") == MOST_TRIES
    assert (counted("failed"), counted("refused")) == (failed + MOST_TRIES - 1, refused + 1)
    said = receipt(east, "a.csv")
    assert (said["state"], said["problem"]["type"]) == ("refused", "not-worked-off")
    assert said["problem"]["detail"] == "The file could not be worked off; ask the insurer."
    left(east, "a.csv", csv([fresh(1), fresh(4)]))
    run_all(found, database, vault)
    assert receipt(east, "a.csv")["state"] == "finished"


def test_a_file_that_kills_each_worker_is_refused_after_some_tries_and_waits_after_each(
    database: Database, vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left(tmp_path, "a.csv", csv([fresh(1)]))
    left(tmp_path, "b.csv", csv([fresh(2)]))
    reads = reads_of(monkeypatch, "a.csv", KilledError)
    for _ in range(MOST_TRIES):
        with pytest.raises(KilledError):
            pickups(database, vault, pickup(tmp_path.as_uri())).run()
        if len(reads) == 1:
            run_all(pickups(database, vault, pickup(tmp_path.as_uri())), database, vault)
            assert receipt(tmp_path, "b.csv")["state"] == "finished"
        if reads.count("a.csv") < MOST_TRIES:
            due(database)
    run_all(pickups(database, vault, pickup(tmp_path.as_uri())), database, vault)
    assert reads.count("a.csv") == MOST_TRIES
    assert receipt(tmp_path, "a.csv")["problem"]["type"] == "not-worked-off"
    with database.transaction() as tx:
        assert tx.one("SELECT count(*) FROM pickup_tries") == (0,)


@pytest.mark.parametrize("passing", [OperationalError, partial(PlaceAway, "file:///away", "OSError"), NoRoom])
def test_what_is_no_fault_of_the_file_is_no_try_of_it(
    database: Database,
    vault: Vault,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    passing: Callable[[], Exception],
) -> None:
    left(tmp_path, "a.csv", csv([fresh(1)]))
    found = pickups(database, vault, pickup(tmp_path.as_uri()))

    def not_now(*_args: object) -> None:
        raise passing()

    with monkeypatch.context() as patched:
        patched.setattr(Place, "read", not_now)
        for _ in range(MOST_TRIES + 1):
            with suppress(OperationalError):
                found.run()
    run_all(found, database, vault)
    assert receipt(tmp_path, "a.csv")["state"] == "finished"


def test_a_file_that_waits_for_its_day_or_the_end_of_a_suspension_may_be_read_again_and_again(
    database: Database, vault: Vault, tmp_path: Path
) -> None:
    left(tmp_path, "a.csv", csv([fresh(n) for n in range(2)]))
    with database.transaction() as tx:
        tx.execute("UPDATE partners SET rows_a_day = 2")
    left(tmp_path, "0.csv", csv([fresh(9)]))
    for state in ("active", "suspended", "active"):
        with database.transaction() as tx:
            tx.execute("UPDATE partners SET state = %s", (state,))
        for _ in range(MOST_TRIES):
            run_all(pickups(database, vault, pickup(tmp_path.as_uri())), database, vault)
    assert receipt(tmp_path, "0.csv")["state"] == "finished"
    assert not (tmp_path / "a.csv.receipt.json").exists()
    with database.transaction() as tx:
        tx.execute("UPDATE partners SET rows_a_day = 3")
    run_all(pickups(database, vault, pickup(tmp_path.as_uri())), database, vault)
    assert receipt(tmp_path, "a.csv")["state"] == "finished"


def test_a_receipt_at_which_a_bug_shows_keeps_no_other_waiting(
    database: Database, vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left(tmp_path, "a.csv", csv([fresh(1)]))
    left(tmp_path, "b.csv", csv([fresh(2)]))
    found = pickups(database, vault, pickup(tmp_path.as_uri()))
    write = Place.write

    def write_or_end(place: Place, name: str, data: Iterable[bytes]) -> None:
        if name.startswith("a.csv"):
            raise BugError
        write(place, name, data)

    with monkeypatch.context() as patched:
        patched.setattr(Place, "write", write_or_end)
        run_all(found, database, vault)
    assert receipt(tmp_path, "b.csv")["state"] == "finished"
    with database.transaction() as tx:
        tx.execute("UPDATE picked_files SET try_again_at = NULL")
    run_all(found, database, vault)
    assert receipt(tmp_path, "a.csv")["state"] == "finished"


def test_a_place_at_which_a_bug_shows_keeps_no_other_waiting_and_counts_as_not_reached(
    database: Database, vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left(tmp_path, "a.csv", csv([fresh(1)]))
    files = Place.files
    odd = (tmp_path / "odd").as_uri()

    def files_or_end(place: Place, now: datetime) -> list[FoundFile]:
        if place.url == odd:
            raise BugError
        return files(place, now)

    monkeypatch.setattr(Place, "files", files_or_end)
    looked = last_look()
    run_all(pickups(database, vault, pickup(odd), pickup(tmp_path.as_uri())), database, vault)
    assert receipt(tmp_path, "a.csv")["state"] == "finished"
    assert last_look() == looked


def test_a_deeply_nested_line_in_a_folder_is_one_rejected_row(database: Database, vault: Vault, tmp_path: Path) -> None:
    left(tmp_path, "a.ndjson", b'{"name": ' + b"[" * 2000 + b"\n" + ndjson([fresh(1)]))
    run_all(pickups(database, vault, pickup(tmp_path.as_uri())), database, vault)
    assert [receipt(tmp_path, "a.ndjson")[each] for each in ("state", "accepted", "rejected")] == ["finished", 1, 1]
