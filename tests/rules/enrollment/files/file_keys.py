"""Keys that sign files."""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from services.enrollment.partners.domain.file_keys import FileKey

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))

OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))

DIGEST = hashlib.sha256(b"a file").digest()


def key(private: Ed25519PrivateKey, name: str) -> FileKey:
    return FileKey(name, private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


KEYS = (key(OTHER, "2025"), key(PRIVATE, "2026"))
