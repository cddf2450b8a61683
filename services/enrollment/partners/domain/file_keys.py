"""Whether a delivered file was signed by a key of the partner's contract. Pure; reading files is the intake's.

A signature is Ed25519 (RFC 8032) over the 32 bytes of the file's SHA-256, so that a file of gigabytes is signed and
checked without being whole in memory. It stands beside the file as base64, the 64 raw bytes, or hexadecimal digits.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from services.enrollment.partners.domain.errors import SignatureNotAllowed
from shared.values.errors import InvalidField

KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
_SHA256_BYTES: Final = 32
_HEX_DIGITS: Final = 2 * SIGNATURE_BYTES


@dataclass(frozen=True, slots=True)
class FileKey:
    """A partner's public key, under the name that receipts and the audit trail call it by."""

    name: str
    public_key: bytes
    """The 32 raw bytes."""


def read_public_key(text: str, *, pointer: str) -> bytes:
    """The raw key in the base64 that ``openssl pkey -pubout -outform DER | tail -c 32 | base64`` prints.

    Raises:
        InvalidField: it is no Ed25519 public key.
    """
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != KEY_BYTES:
        raise InvalidField(
            pointer, "This is no Ed25519 public key.", "Send its 32 bytes in base64: 44 characters, the last one `=`."
        )
    return raw


def signer(keys: Iterable[FileKey], sha256: bytes, signature: bytes) -> str:
    """The name of the key that signed the file with this SHA-256 (32 bytes or 64 hex digits).

    Raises:
        SignatureNotAllowed: the signature cannot be read, is of another file, or of a key that is not allowed.
    """
    digest = sha256 if len(sha256) == _SHA256_BYTES else bytes.fromhex(sha256.decode("ascii"))
    raw = _signature(signature)
    for key in keys:
        try:
            Ed25519PublicKey.from_public_bytes(key.public_key).verify(raw, digest)
        except (InvalidSignature, ValueError):
            continue
        return key.name
    raise SignatureNotAllowed


def _signature(text: bytes) -> bytes:
    if len(text) == SIGNATURE_BYTES:
        return text
    stripped = b"".join(text.split())
    try:
        raw = bytes.fromhex(stripped.decode()) if len(stripped) == _HEX_DIGITS else base64.b64decode(stripped)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != SIGNATURE_BYTES:
        raise SignatureNotAllowed
    return raw
