"""A file as it lies in the store: no piece can be changed, swapped, left out, cut off or put into another's place."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.fraud_detection.evidence.domain.errors import ObjectBroken
from services.fraud_detection.evidence.objects.sealed_stream import PIECE, new_key, seal, unseal

KEY = new_key()
STORED_PIECE = PIECE + 16


def stored(data: bytes, name: str = "a") -> bytes:
    return b"".join(seal(cut(data, 10_000), KEY, name))


def cut(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def read(sealed: bytes, key: bytes = KEY, name: str = "a", size: int = 7_919) -> bytes:
    return b"".join(unseal(cut(sealed, size), key, name))


DATA = bytes(range(256)) * (3 * PIECE // 256) + b"the end"


@pytest.mark.parametrize("length", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, len(DATA)])
@pytest.mark.parametrize("size", [1_000, STORED_PIECE, 10**7])
def test_what_was_sealed_comes_back(length: int, size: int) -> None:
    assert read(stored(DATA[:length]), size=size) == DATA[:length]


def pieces(sealed: bytes) -> list[bytes]:
    return list(cut(sealed[1:], STORED_PIECE))


def joined(parts: list[bytes]) -> bytes:
    return b"\x01" + b"".join(parts)


@pytest.mark.parametrize("end", [0, 1, 2, STORED_PIECE, 1 + STORED_PIECE, 2 + 2 * STORED_PIECE, -1, -16, -23])
def test_a_stream_that_was_cut_off_is_noticed(end: int) -> None:
    with pytest.raises(ObjectBroken):
        read(stored(DATA)[:end])


def test_pieces_that_were_swapped_left_out_doubled_or_added_are_noticed() -> None:
    first, second, third, last = pieces(stored(DATA))
    for parts in (
        [second, first, third, last],
        [first, third, last],
        [first, first, second, third, last],
        [first, second, third],
        [first, second, third, last, last],
        [last],
        [last, first, second, third],
    ):
        with pytest.raises(ObjectBroken):
            read(joined(parts))


def test_each_changed_byte_is_noticed() -> None:
    sealed = stored(b"a short file")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(ObjectBroken):
            read(bytes(changed))


def test_an_object_opens_by_its_own_key_and_under_its_own_name_alone() -> None:
    for key, name in ((new_key(), "a"), (KEY, "b")):
        with pytest.raises(ObjectBroken):
            read(stored(DATA), key, name)


def test_nothing_is_given_out_of_a_piece_that_is_not_genuine() -> None:
    sealed = bytearray(stored(DATA))
    sealed[1 + STORED_PIECE + 5] ^= 1
    reading = unseal(iter([bytes(sealed)]), KEY, "a")
    assert next(reading) == DATA[:PIECE]
    with pytest.raises(ObjectBroken):
        next(reading)
