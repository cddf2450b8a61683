"""Files lie in a folder or in a store that speaks S3, reached over HTTP at a real server: the same is asked of both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from fsspec import filesystem
from moto.server import ThreadedMotoServer

from services.fraud_detection.evidence.domain.errors import ObjectStoreAway
from services.fraud_detection.evidence.domain.files import ObjectId
from services.fraud_detection.evidence.objects.object_store import ObjectStore
from services.fraud_detection.evidence.objects.sealed_stream import new_key
from services.fraud_detection.evidence.store import forgetting
from services.fraud_detection.evidence.usecases.sealed_objects import SealedObjects
from services.fraud_detection.evidence.wiring import sealed_objects_of
from services.fraud_detection.settings import Settings
from shared.db.pool import Database
from shared.process.new_ids import new_id
from tests import clock
from tests.rules.fraud_detection.evidence.documents import pdf
from tests.services.fraud_detection.builders import World
from tests.services.fraud_detection.evidence.office import Office

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

LONG = bytes(range(256)) * 40_000
"""Ten megabytes."""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    httpx.post(f"http://{host}:{port}/moto-api/reset", timeout=60)
    server.stop()


@pytest.fixture
def in_s3(endpoint: str, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The settings of a service whose files lie there."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    fs = filesystem("s3", key="a-key", secret="a-secret", endpoint_url=endpoint, skip_instance_cache=True)
    if not fs.exists("evidence"):
        fs.mkdir("evidence")
    return environ | {
        "FRAUD_DETECTION_EVIDENCE_URL": "s3://evidence/of/claims",
        "FRAUD_DETECTION_EVIDENCE_STORE_ENDPOINT": endpoint,
        "FRAUD_DETECTION_EVIDENCE_STORE_KEY": "a-key",
        "FRAUD_DETECTION_EVIDENCE_STORE_SECRET": "a-secret",
    }


@pytest.fixture(params=["folder", "s3"])
def sealed(request: pytest.FixtureRequest, database: Database, environ: dict[str, str]) -> SealedObjects:
    given = environ if request.param == "folder" else request.getfixturevalue("in_s3")
    return sealed_objects_of(Settings.load(given), database)


def broken() -> Iterable[bytes]:
    yield LONG
    raise ConnectionResetError


def test_what_was_put_comes_back_until_it_is_dropped(sealed: SealedObjects) -> None:
    store, name, key = sealed.store, ObjectId(new_id()), new_key()
    for data in (b"", b"short", LONG):
        store.put(name, (data[:70_000], data[70_000:]), key)
        assert b"".join(store.get(name, key)) == data
    store.drop(name)
    store.drop(name)
    with pytest.raises(ObjectStoreAway):
        list(store.get(name, key))


def test_what_broke_off_is_not_there(sealed: SealedObjects) -> None:
    store, name, key = sealed.store, ObjectId(new_id()), new_key()
    with pytest.raises(ObjectStoreAway):
        store.put(name, broken(), key)
    with pytest.raises(ObjectStoreAway):
        list(store.get(name, key))


def test_pictures_are_made_of_what_lies_there(world: World, office: Office, sealed: SealedObjects) -> None:
    office.sealed = sealed
    written = sealed.write((pdf(2),))
    with sealed.database.transaction() as tx:
        assert sealed.keep(tx, (written,))
        tx.execute(
            "INSERT INTO evidence_files (evidence_id, tenant, sha256, media_type, size_bytes, object_id, state,"
            " received_at, tries, try_at) VALUES (%s, 'mobile-backend', %s, 'application/pdf', 1, %s, 'received',"
            " now(), 0, now() - interval '1 hour')",
            (new_id(), "ab" * 32, written.object_id),
        )
    office.prepare()
    assert world.rows("SELECT state, pages FROM evidence_files") == [("ready", 2)]
    ids = [object_id for (object_id,) in world.rows("SELECT object_id FROM evidence_views")]
    assert len(ids) == 3
    with sealed.database.transaction() as tx:
        for object_id in ids:
            assert b"".join(sealed.read(object_id, sealed.key(tx, object_id))).startswith(b"\xff\xd8\xff")
    with sealed.database.transaction() as tx:
        assert forgetting.drop_unclaimed(tx, clock.now() + timedelta(days=1), most=10, now=clock.real_now()) == 1
    office.sweep()
    assert world.rows("SELECT count(*) FROM evidence_objects") == [(0,)]
    for object_id in ids:
        with pytest.raises(ObjectStoreAway):
            list(sealed.read(object_id, new_key()))


def test_a_store_that_nobody_answers_for_is_away() -> None:
    options = {"endpoint_url": "http://127.0.0.1:9", "key": "a", "secret": "b"}
    options |= {"config_kwargs": {"retries": {"max_attempts": 0}, "connect_timeout": 1}}  # type: ignore[dict-item]
    store = ObjectStore("s3://evidence/x", **options)
    with pytest.raises(ObjectStoreAway):
        store.put(ObjectId(new_id()), (b"data",), new_key())


def test_a_folder_is_for_its_user_alone(tmp_path: Path) -> None:
    store, name = ObjectStore((tmp_path / "new" / "folder").as_uri()), ObjectId(new_id())
    store.put(name, (b"data",), new_key())
    (file,) = [each for each in (tmp_path / "new" / "folder").rglob("*") if each.is_file()]
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
