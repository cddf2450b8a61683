"""Links as texts that nobody else can make, change or read: the whole link is sealed by AES-256-GCM into its own URL.

So nothing is stored of a link, and the text tells neither file, page nor person. Whether it is over says its reader.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Mapping
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.fraud_detection.evidence.domain.errors import UnknownLink
from services.fraud_detection.evidence.domain.links import Link

_NONCE_BYTES: Final = 12


class LinkSeal:
    """``keys`` are the settings' by their numbers from 1 to 255, the current one first."""

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        # A key of their own is made from each, so that a link bears on nothing else that the key seals.
        self._ciphers = {
            number: AESGCM(hashlib.blake2b(key=key, digest_size=32, person=b"evidence-link").digest())
            for number, key in keys.items()
        }
        self._current = next(iter(keys))

    def seal(self, link: Link) -> str:
        """Letters, digits, hyphens and underscores."""
        number, nonce = self._current.to_bytes(), os.urandom(_NONCE_BYTES)
        sealed = self._ciphers[self._current].encrypt(nonce, msgspec.json.encode(link), number)
        return base64.urlsafe_b64encode(number + nonce + sealed).rstrip(b"=").decode()

    def open(self, text: str) -> Link:
        """What was sealed.

        Raises:
            UnknownLink: it was not made here.
        """
        try:
            given = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise UnknownLink from None
        cipher = self._ciphers.get(given[0]) if given else None
        if cipher is None or len(given) < 1 + _NONCE_BYTES:
            raise UnknownLink
        try:
            opened = cipher.decrypt(given[1 : 1 + _NONCE_BYTES], given[1 + _NONCE_BYTES :], given[:1])
        except InvalidTag:
            raise UnknownLink from None
        return msgspec.json.decode(opened, type=Link)
