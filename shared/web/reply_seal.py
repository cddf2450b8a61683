"""Seals replies that are kept for a repeated request. Which replies are kept is shared.web.idempotency's business.

A kept reply shows what is sealed everywhere else: a masked person, the reasons of a refusal. So it opens only with both
keys: the service's, from the settings, and the client's own Idempotency-Key, of which we keep a hash alone. Neither a
copy of the database nor we ourselves can read it until the client asks again.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES: Final = 12
_NUMBER_BYTES: Final = 1


class ReplySeal:
    """``keys`` are the settings' by their numbers from 1 to 255, the current one first."""

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        # A key of their own is made from each, so that no bytes of these seals bear on what else the key seals.
        self._keys: Final = {
            number: hashlib.blake2b(key=key, digest_size=32, person=b"reply-seal").digest()
            for number, key in keys.items()
        }
        self._current = next(iter(keys))

    def seal(self, body: bytes, secret: bytes) -> bytes:
        """``body``, readable again only with ``secret``, which is the request's."""
        nonce = os.urandom(_NONCE_BYTES)
        return (
            self._current.to_bytes(_NUMBER_BYTES)
            + nonce
            + self._cipher(self._current, secret).encrypt(nonce, body, None)
        )

    def open(self, sealed: bytes, secret: bytes) -> bytes | None:
        """The body; None if it was overwritten, or if the settings have no longer the key that sealed it."""
        if not sealed or sealed[0] not in self._keys:
            return None
        nonce, text = sealed[_NUMBER_BYTES : _NUMBER_BYTES + _NONCE_BYTES], sealed[_NUMBER_BYTES + _NONCE_BYTES :]
        try:
            return self._cipher(sealed[0], secret).decrypt(nonce, text, None)
        except InvalidTag:
            return None

    def _cipher(self, number: int, secret: bytes) -> AESGCM:
        return AESGCM(hashlib.blake2b(secret, key=self._keys[number], digest_size=32).digest())
