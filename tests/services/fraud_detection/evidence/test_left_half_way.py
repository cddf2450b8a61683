"""What is killed, cut off or away in the midst of it leaves no half file: all of it counts, or nothing does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from services.fraud_detection.evidence.domain.errors import ObjectStoreAway
from services.fraud_detection.evidence.objects.object_store import ObjectStore
from services.fraud_detection.evidence.pictures import reader
from services.fraud_detection.evidence.store import objects
from services.fraud_detection.evidence.usecases.sealed_objects import SealedObjects
from services.fraud_detection.evidence.usecases.sweep import STAGED_FOR
from tests import clock
from tests.rules.fraud_detection.evidence.documents import pdf
from tests.rules.fraud_detection.evidence.pictures import jpeg
from tests.services.fraud_detection.builders import World
from tests.services.fraud_detection.evidence.office import Office
from tests.who_may import slug

SENDING = """
import sys, time
from services.fraud_detection.evidence.objects.object_store import ObjectStore
from services.fraud_detection.evidence.usecases.sealed_objects import SealedObjects
from shared.db.pool import Database
from shared.privacy.keys import KeyRing
from shared.privacy.sealed import Sealer

def slowly():
    while True:
        yield b"x" * 100_000
        print("written", flush=True)
        time.sleep(0.05)

SealedObjects(Database(sys.argv[1]), Sealer(KeyRing({1: b"k" * 32})), ObjectStore(sys.argv[2])).write(slowly())
"""


def test_a_process_that_is_killed_while_it_writes_leaves_what_the_sweeper_removes(
    world: World, office: Office, fraud_detection_url: str
) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", SENDING, fraud_detection_url, office.place.as_uri()], stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"written\n"
    assert child.stdout.readline() == b"written\n"
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    assert len(office.objects()) == 1
    assert world.rows("SELECT state FROM evidence_objects") == [("staged",)]
    office.sweep()
    assert len(office.objects()) == 1, "somebody may still be writing it"
    world.rows(f"UPDATE evidence_objects SET since = since - interval '{STAGED_FOR.total_seconds()} s' RETURNING 1")
    office.sweep()
    assert office.objects() == []
    assert world.rows("SELECT count(*) FROM evidence_objects") == [(0,)]


def test_an_object_that_was_given_up_is_not_referred_to(world: World, office: Office) -> None:
    written = office.sealed.write((b"data",))
    with world.database.transaction() as tx:
        objects.give_up(tx, clock.real_now() + timedelta(hours=1), most=10)
    with world.database.transaction() as tx:
        assert not office.sealed.keep(tx, (written,))


def test_an_object_that_is_referred_to_is_never_swept(world: World, office: Office) -> None:
    office.ready(jpeg())
    world.rows("UPDATE evidence_objects SET since = since - interval '1 year' RETURNING 1")
    office.sweep()
    assert len(office.objects()) == 3


class Full(ObjectStore):
    """A store that takes a few objects, and then one half-way."""

    takes = 0

    def put(self, object_id: object, data: Iterable[bytes], key: bytes) -> None:
        if not self.takes:
            data = _half(data)
        self.takes -= 1
        super().put(object_id, data, key)  # type: ignore[arg-type]


def _half(data: Iterable[bytes]) -> Iterator[bytes]:
    yield next(iter(data))[:10]
    raise OSError(28, "No space left on device")


@pytest.fixture
def full(office: Office, place: Path) -> Full:
    store = Full(place.as_uri())
    office.sealed = SealedObjects(office.sealed.database, office.sealed.sealer, store)
    return store


def test_a_store_that_is_full_takes_nothing(world: World, office: Office, full: Full) -> None:
    with pytest.raises(ObjectStoreAway):
        office.sealed.write((b"data", b"more"))
    assert world.rows("SELECT state FROM evidence_objects") == [("staged",)]
    assert [each.suffix for each in office.objects()] == [".partial"]


def test_pictures_that_could_not_all_be_written_are_made_again(world: World, office: Office, full: Full) -> None:
    evidence_id = office.sent(pdf(3))
    full.takes = 2
    office.prepare()
    assert office.shown(evidence_id)["state"] == "received"
    assert world.rows("SELECT count(*) FROM evidence_views") == [(0,)]
    full.takes = 100
    office.prepare()
    assert office.shown(evidence_id)["state"] == "received", "the store is left alone for a while"
    world.rows("UPDATE evidence_files SET try_at = try_at - interval '1 hour' RETURNING 1")
    office.prepare()
    assert office.shown(evidence_id)["state"] == "ready"
    assert world.rows("SELECT tries FROM evidence_files") == [(1,)]
    world.rows("UPDATE evidence_objects SET since = since - interval '2 hours' RETURNING 1")
    office.sweep()
    assert len(office.objects()) == 5


def test_a_store_that_is_away_is_told_so(office: Office, place: Path) -> None:
    place.write_bytes(b"no folder")
    assert (office.send(jpeg()).status_code, slug(office.send(jpeg()))) == (503, "files-away")


def test_a_file_that_was_changed_in_the_store_is_handed_to_nobody(office: Office) -> None:
    evidence_id = office.ready(jpeg())
    link = office.sealed_link(evidence_id, "original")
    for each in office.objects():
        data = bytearray(each.read_bytes())
        data[len(data) // 2] ^= 1
        each.write_bytes(data)
    with pytest.raises(Exception, match="not what was written"):
        _ = office.follow(link).data


def test_a_file_that_ends_its_reader_each_time_holds_up_no_other(world: World, office: Office) -> None:
    bad, good = office.sent(jpeg()), office.sent(pdf())
    world.rows(f"UPDATE evidence_files SET tries = 3 WHERE evidence_id = '{bad}' RETURNING 1")
    began = time.monotonic()
    office.prepare()
    assert time.monotonic() - began < 60
    assert (office.shown(bad)["why"], office.shown(good)["state"]) == ("takes_too_much", "ready")


def test_a_file_by_which_the_system_ends_its_reader_is_given_up_in_the_end(
    world: World, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "_READER", ("-c", "import os; os.kill(os.getpid(), 9)"))
    evidence_id = office.sent(jpeg())
    for _ in range(4):
        assert office.shown(evidence_id)["state"] == "received"
        office.prepare()
        world.rows("UPDATE evidence_files SET try_at = try_at - interval '1 hour' RETURNING 1")
    assert office.shown(evidence_id)["why"] == "takes_too_much"
