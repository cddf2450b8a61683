"""Clear values that must come back (a name, an account), sealed by AES-256-GCM. Where the blobs stand is the services'.

A data key seals the fields of one row or of one chunk of rows; it lies in the database, itself sealed ("wrapped") by a
key of the settings. A blob names its data key, so that keys rotate without touching the blobs. ``context`` says whose
field it is (``policy:<id>:name``): a blob copied to another row does not open there. Erasure overwrites the blob.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.db.pool import Database
from shared.db.transaction import Tx
from shared.privacy.keys import KeyRing
from shared.values.errors import FangzhaError

_VERSION: Final = 1
_HEAD: Final = struct.Struct(">BQ")
"""A blob: version, data key's id, nonce, cipher text with tag. 37 bytes more than the text."""
_NONCE_BYTES: Final = 12
"""NIST SP 800-38D's size. Random ones are safe for 2**32 seals under one key; a data key seals a few thousand."""
_REWRAPPED_AT_ONCE: Final = 1000
_NUMBERS_AT_ONCE: Final = 64
"""Numbers of data keys that a process takes ahead; those left when it ends are never used."""

_INSERT: Final = (
    "INSERT INTO data_keys (id, wrapping_key, wrapped) OVERRIDING SYSTEM VALUE"
    " SELECT new.id, %s, new.wrapped FROM unnest(%s, %s) AS new (id, wrapped)"
)
_NEXT_IDS: Final = "SELECT nextval(pg_get_serial_sequence('data_keys', 'id')) FROM generate_series(1, %s)"
_SELECT: Final = "SELECT wrapping_key, wrapped FROM data_keys WHERE id = %s"
_SELECT_OLD: Final = (
    "SELECT id, wrapping_key, wrapped FROM data_keys WHERE wrapping_key <> %s ORDER BY id LIMIT %s FOR UPDATE"
)
_REWRAP: Final = (
    "UPDATE data_keys SET wrapping_key = %s, wrapped = new.wrapped"
    " FROM unnest(%s, %s) AS new (id, wrapped) WHERE data_keys.id = new.id"
)


@dataclass(frozen=True)
class SealBroken(FangzhaError):
    """A sealed value does not open: it was damaged, moved from its place, or sealed under another key."""


@dataclass(frozen=True, slots=True)
class DataKey:
    """One unwrapped data key; keep it for the work at hand, not longer."""

    id: int
    _cipher: AESGCM = field(repr=False)

    def seal(self, text: str, context: str) -> bytes:
        """``text``, readable again only with this key and the same ``context``."""
        return self.seal_bytes(text.encode(), context)

    def seal_bytes(self, data: bytes, context: str) -> bytes:
        """The same of what is no text, or no text yet."""
        nonce = os.urandom(_NONCE_BYTES)
        return _HEAD.pack(_VERSION, self.id) + nonce + self._cipher.encrypt(nonce, data, context.encode())

    def open(self, blob: bytes, context: str) -> str:
        """The text.

        Raises:
            SealBroken: the blob is not this key's, not this context's, or damaged.
        """
        return self.open_bytes(blob, context).decode()

    def open_bytes(self, blob: bytes, context: str) -> bytes:
        """What was sealed by ``seal_bytes``.

        Raises:
            SealBroken: as by ``open``.
        """
        if data_key_id(blob) != self.id:
            raise SealBroken
        nonce, sealed = blob[_HEAD.size : _HEAD.size + _NONCE_BYTES], blob[_HEAD.size + _NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, sealed, context.encode())
        except InvalidTag:
            raise SealBroken from None


class Sealer:
    """Makes data keys and unwraps them."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys
        self._numbers: SimpleQueue[int] = SimpleQueue()

    def new_data_key(self, tx: Tx) -> DataKey:
        """A new data key, stored wrapped under the current key of the settings. Mostly in no message of its own."""
        try:
            number = self._numbers.get_nowait()
        except Empty:
            # A sequence is of no transaction: whatever becomes of this one, nobody else gets these numbers.
            number, *others = tx.all(_NEXT_IDS, (_NUMBERS_AT_ONCE,), into=int)
            for other in others:
                self._numbers.put(other)
        key = AESGCM.generate_key(bit_length=256)
        tx.later(_INSERT, (self._keys.current, [number], [self._wrap(number, key)]))
        return DataKey(number, AESGCM(key))

    def new_data_keys(self, tx: Tx, count: int) -> list[DataKey]:
        """So many of them, in two statements."""
        numbers = tx.all(_NEXT_IDS, (count,), into=int)
        keys = [AESGCM.generate_key(bit_length=256) for _ in numbers]
        wrapped = [self._wrap(number, key) for number, key in zip(numbers, keys, strict=True)]
        tx.execute(_INSERT, (self._keys.current, numbers, wrapped))
        return [DataKey(number, AESGCM(key)) for number, key in zip(numbers, keys, strict=True)]

    def data_key(self, tx: Tx, number: int) -> DataKey:
        """The data key of that id.

        Raises:
            SealBroken: there is none, or it was damaged.
            UnknownKey: the settings lack the key that wraps it.
        """
        row = tx.one(_SELECT, (number,))
        if row is None:
            raise SealBroken
        return DataKey(number, AESGCM(self._unwrap(number, *row)))

    def open(self, tx: Tx, blob: bytes, context: str) -> str:
        """One blob's text, its data key read for it. For many blobs of one key, get the key once by ``data_key``."""
        return self.open_bytes(tx, blob, context).decode()

    def open_bytes(self, tx: Tx, blob: bytes, context: str) -> bytes:
        """What was sealed by ``seal_bytes``, its data key read for it."""
        return self.data_key(tx, data_key_id(blob)).open_bytes(blob, context)

    def rotate(self, database: Database) -> int:
        """Wrap every data key anew under the current key of the settings; how many were wrapped.

        Afterwards the older keys may leave the settings. It may be stopped and run again, and while services run.
        """
        rewrapped = 0
        while True:
            with database.transaction() as tx:
                old = tx.all(_SELECT_OLD, (self._keys.current, _REWRAPPED_AT_ONCE))
                if not old:
                    return rewrapped
                numbers = [row[0] for row in old]
                wrapped = [self._wrap(number, self._unwrap(number, under, blob)) for number, under, blob in old]
                tx.execute(_REWRAP, (self._keys.current, numbers, wrapped))
            rewrapped += len(old)

    def _wrap(self, number: int, key: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + AESGCM(self._keys.key(self._keys.current)).encrypt(nonce, key, _wrap_context(number))

    def _unwrap(self, number: int, under: int, wrapped: bytes) -> bytes:
        cipher = AESGCM(self._keys.key(under))
        try:
            return cipher.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], _wrap_context(number))
        except InvalidTag:
            raise SealBroken from None


def data_key_id(blob: bytes) -> int:
    """Which data key sealed the blob.

    Raises:
        SealBroken: it is no sealed value.
    """
    if len(blob) < _HEAD.size + _NONCE_BYTES:
        raise SealBroken
    version, number = _HEAD.unpack_from(blob)
    if version != _VERSION:
        raise SealBroken
    return int(number)


def _wrap_context(number: int) -> bytes:
    return f"data-key:{number}".encode()
