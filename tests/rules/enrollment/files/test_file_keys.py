"""Which signatures of delivered files a contract's keys allow."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.enrollment.partners.domain.errors import SignatureNotAllowed
from services.enrollment.partners.domain.file_keys import read_public_key, signer
from shared.values.errors import InvalidField
from tests.rules.enrollment.files.file_keys import DIGEST, KEYS, OTHER, PRIVATE


def test_a_file_signed_by_an_allowed_key_is_known_by_the_keys_name() -> None:
    signature = PRIVATE.sign(DIGEST)
    assert signer(KEYS, DIGEST, signature) == "2026"
    assert signer(KEYS, DIGEST.hex().encode(), base64.b64encode(signature) + b"\n") == "2026"
    assert signer(KEYS, DIGEST, signature.hex().encode()) == "2026"
    wrapped = base64.encodebytes(OTHER.sign(DIGEST))
    assert b"\n" in wrapped.strip()
    assert signer(KEYS, DIGEST, wrapped) == "2025"


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        b"no signature",
        bytes(64),
        b"\xff" * 63,
        base64.b64encode(b"short"),
        "签名".encode(),
        PRIVATE.sign(hashlib.sha256(b"another file").digest()),
        Ed25519PrivateKey.from_private_bytes(b"\x01" * 32).sign(DIGEST),
    ],
)
def test_what_no_allowed_key_signed_is_refused(signature: bytes) -> None:
    with pytest.raises(SignatureNotAllowed):
        signer(KEYS, DIGEST, signature)


def test_a_contract_without_keys_allows_no_signature() -> None:
    with pytest.raises(SignatureNotAllowed):
        signer((), DIGEST, PRIVATE.sign(DIGEST))


def test_a_public_key_is_read_from_its_base64_alone() -> None:
    raw = KEYS[0].public_key
    assert read_public_key(base64.b64encode(raw).decode(), pointer="/file_keys/0/public_key") == raw
    for text in ("", "ssh-ed25519 AAAA", base64.b64encode(raw + b"1").decode(), "密钥"):
        with pytest.raises(InvalidField):
            read_public_key(text, pointer="/file_keys/0/public_key")
