"""A stream of bytes under AES-256-GCM, piece by piece, so that a file is never whole in memory. Keys are the caller's.

Each object has a key of its own, used once, so a nonce is the number of its piece; its last byte says whether the piece
is the last (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, CRYPTO 2015, with the layout of age v1).
So a piece that was changed, swapped, left out or cut off does not open, nor does an object in another's place, for its
name is bound to each piece.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.fraud_detection.evidence.domain.errors import ObjectBroken

PIECE: Final = 65_536
"""Bytes in clear; age's size. The tag adds 16 to each."""
KEY_BYTES: Final = 32

_TAG: Final = 16
_VERSION: Final = b"\x01"
_COUNTER_BYTES: Final = 11


def new_key() -> bytes:
    """For one object."""
    return os.urandom(KEY_BYTES)


def seal(data: Iterable[bytes], key: bytes, name: str) -> Iterator[bytes]:
    """``data`` as what is stored under ``name``."""
    yield _VERSION
    cipher = AESGCM(key)
    for number, (piece, last) in enumerate(_pieces(data, PIECE)):
        yield cipher.encrypt(_nonce(number, last=last), piece, name.encode())


def unseal(stored: Iterable[bytes], key: bytes, name: str) -> Iterator[bytes]:
    """What was sealed, each piece only once it is known to be genuine.

    Raises:
        ObjectBroken: it is not what ``seal`` made with this key and name, or not all of it.
    """
    rest = iter(stored)
    first = b""
    while not first:
        first = next(rest, b"\x00")
    if first[:1] != _VERSION:
        raise ObjectBroken
    cipher = AESGCM(key)
    try:
        for number, (piece, last) in enumerate(_pieces(chain((first[1:],), rest), PIECE + _TAG)):
            yield cipher.decrypt(_nonce(number, last=last), piece, name.encode())
    except InvalidTag:
        raise ObjectBroken from None


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(_COUNTER_BYTES) + bytes([last])


def _pieces(data: Iterable[bytes], size: int) -> Iterator[tuple[bytes, bool]]:
    """``data`` in pieces of ``size``, each with whether it is the last; one empty piece where there is nothing."""
    held = bytearray()
    for given in data:
        held += given
        while len(held) > size:
            yield bytes(held[:size]), False
            del held[:size]
    yield bytes(held), True
