"""Bodies that are read in pieces: never whole in memory, hashed on the way, limited."""

from __future__ import annotations

import hashlib
import io
import resource
import tracemalloc
from contextlib import ExitStack

import pytest
from typing_extensions import override

from shared.web.errors import NoRoomForUpload, TooManyUploads
from shared.web.receiving import MOST_AT_ONCE, MOST_OF_ONE_CLIENT, Reception
from shared.web.uploads import CHUNK, Upload
from tests.shared.web.builders import Caller


class Endless(io.RawIOBase):
    """A body of a given size that is made while it is read."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.left = size
        self.largest_read = 0

    @override
    def readable(self) -> bool:
        return True

    @override
    def read(self, size: int = -1, /) -> bytes:
        self.largest_read = max(self.largest_read, size)
        given = min(self.left, size)
        self.left -= given
        return b"x" * given


def test_a_file_arrives_whole_and_hashed(caller: Caller) -> None:
    data = b"name,phone\n" * 100_000
    reply = caller.send("/v1/uploads", data, "text/csv")
    assert reply.status_code == 202
    assert reply.json == {"bytes_read": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def test_a_large_file_is_never_whole_in_memory() -> None:
    source = Endless(64 * CHUNK)
    upload = Upload(source, None, limit=65 * CHUNK)
    tracemalloc.start()
    upload.receive()
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert upload.bytes_read == 64 * CHUNK
    assert source.largest_read <= CHUNK
    assert sum(map(len, upload.chunks())) == 64 * CHUNK
    assert peak < 8 * CHUNK


def test_an_upload_is_read_as_a_file_is() -> None:
    upload = Upload(io.BytesIO(b"a,b\nc,d\n"), None, limit=100)
    assert upload.readline() == b"a,b\n"
    assert list(upload) == [b"c,d\n"]
    assert upload.sha256() == hashlib.sha256(b"a,b\nc,d\n").hexdigest()


def test_a_file_above_the_limit_is_refused_before_it_is_read(caller: Caller) -> None:
    reply = caller.client.post(
        "/v1/uploads",
        input_stream=io.BytesIO(b"x"),
        environ_overrides={"CONTENT_LENGTH": str(10**8 + 1)},
        content_type="text/csv",
        headers=caller.headers(Idempotency_Key="large-file"),
    )
    assert reply.status_code == 413


def test_a_file_that_ends_early_is_refused_and_can_be_sent_again(caller: Caller) -> None:
    headers = caller.headers(Idempotency_Key="short-file")
    cut = caller.client.post(
        "/v1/uploads",
        input_stream=io.BytesIO(b"a,b\n"),
        environ_overrides={"CONTENT_LENGTH": "100"},
        content_type="text/csv",
        headers=headers,
    )
    assert cut.status_code == 400
    whole = caller.client.post("/v1/uploads", data=b"a,b\n" * 25, content_type="text/csv", headers=headers)
    assert whole.status_code == 202
    assert "Idempotency-Replayed" not in whole.headers


def test_one_client_has_some_uploads_at_once_and_all_have_some_more() -> None:
    reception = Reception()
    with ExitStack() as places:
        for _ in range(MOST_OF_ONE_CLIENT):
            places.enter_context(reception.place("east"))
        with pytest.raises(TooManyUploads), reception.place("east"):
            pass
        for number in range(MOST_AT_ONCE - MOST_OF_ONE_CLIENT):
            places.enter_context(reception.place(f"other-{number}"))
        with pytest.raises(TooManyUploads), reception.place("west"):
            pass
    with reception.place("east"), reception.place("west"):
        pass


def test_a_body_for_which_the_disk_has_no_room_is_our_fault() -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(NoRoomForUpload):
            Upload(Endless(10_000), None, limit=100_000).receive()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
