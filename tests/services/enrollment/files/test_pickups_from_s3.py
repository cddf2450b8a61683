"""Files that partners leave in an object store that speaks S3, over HTTP to a real server."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fsspec import filesystem
from moto.server import ThreadedMotoServer

from services.enrollment.files.intake.pickup_places import Pickup
from services.enrollment.policies.usecases.vault import Vault
from shared.db.pool import Database
from tests.services.enrollment.builders import csv, faults
from tests.services.enrollment.files.pickup_builders import pairs, pickup, pickups, run_all, run_all_in_vain
from tests.services.enrollment.files.uploads import fresh

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("EAST_KEY", "a-key")
    monkeypatch.setenv("EAST_SECRET", "a-secret")
    yield f"http://{host}:{port}"
    httpx.post(f"http://{host}:{port}/moto-api/reset", timeout=60)
    server.stop()


@pytest.fixture
def store(endpoint: str) -> Any:
    """The partner's side of the bucket."""
    store = filesystem(
        "s3",
        key="a-key",
        secret="a-secret",
        client_kwargs={"endpoint_url": endpoint},
        skip_instance_cache=True,
        use_listings_cache=False,
    )
    store.mkdir("partners")
    return store


def prefix(endpoint: str) -> Pickup:
    return pickup(
        "s3://partners/east/new",
        options={"client_kwargs": {"endpoint_url": endpoint}},
        secrets={"key": "EAST_KEY", "secret": "EAST_SECRET"},
    )


def test_an_object_is_enrolled_once_and_answered_beside_it(
    database: Database, vault: Vault, environ: dict[str, str], endpoint: str, store: Any
) -> None:
    store.pipe_file("partners/east/new/a.csv.gz", gzip.compress(csv([fresh(1), fresh(2), fresh(3, phone="1")])))
    store.pipe_file("partners/east/new/a.csv.gz.done", b"")
    store.pipe_file("partners/east/new/still-coming.csv", csv([fresh(4)]))
    store.pipe_file("partners/east/old/b.csv", csv([fresh(5)]))
    found = pickups(database, vault, prefix(endpoint))
    run_all(found, database, vault)
    assert pairs(database) == [("finished", 2)]
    said = json.loads(store.cat_file("partners/east/new/a.csv.gz.receipt.json"))
    assert (said["state"], said["accepted"], said["rejected"]) == ("finished", 2, 1)
    results = store.cat_file("partners/east/new/a.csv.gz.results.csv").decode()
    assert results.count("accepted") == 2
    assert "phone_invalid" in results
    assert not found.run()
    assert not pickups(database, vault, prefix(endpoint)).run()
    assert faults(database, environ) == []


def test_an_object_that_is_no_file_of_subscribers_has_a_receipt_that_says_so(
    database: Database, vault: Vault, endpoint: str, store: Any
) -> None:
    store.pipe_file("partners/east/new/a.parquet", b"PAR1 and nothing")
    store.pipe_file("partners/east/new/a.parquet.done", b"")
    run_all(pickups(database, vault, prefix(endpoint)), database, vault)
    said = json.loads(store.cat_file("partners/east/new/a.parquet.receipt.json"))
    assert (said["state"], said["problem"]["type"]) == ("refused", "unreadable-file")


def test_an_object_whose_batch_failed_is_taken_when_the_same_one_is_put_again(
    database: Database, vault: Vault, endpoint: str, store: Any
) -> None:
    """A store's ETag tells of the content alone, and is the same again."""
    found = pickups(database, vault, prefix(endpoint))

    def put() -> Any:
        store.pipe_file("partners/east/new/a.csv", csv([fresh(1)]))
        store.pipe_file("partners/east/new/a.csv.done", b"")
        return store.info("partners/east/new/a.csv")["LastModified"]

    last = put()
    run_all_in_vain(found, database, vault)
    for _ in range(2):
        while (now := put()) == last:
            pass  # the store tells seconds
        last = now
        run_all(found, database, vault)
        assert pairs(database) == [("failed", 0), ("finished", 1)]
    said = json.loads(store.cat_file("partners/east/new/a.csv.receipt.json"))
    assert (said["state"], said["accepted"]) == ("finished", 1)


def test_a_store_that_is_away_is_asked_again(database: Database, vault: Vault, endpoint: str) -> None:
    nowhere = pickup(
        "s3://partners/east/new",
        options={
            "client_kwargs": {"endpoint_url": "http://127.0.0.1:9"},
            "config_kwargs": {"retries": {"max_attempts": 0}, "connect_timeout": 1},
        },
        secrets={"key": "EAST_KEY", "secret": "EAST_SECRET"},
    )
    assert not pickups(database, vault, nowhere, prefix(endpoint)).run()
