"""Says whether a delivered file may be taken in: signed by an allowed key wherever the contract names keys."""

from __future__ import annotations

from services.enrollment.partners.domain.errors import SignatureNotAllowed
from services.enrollment.partners.domain.file_keys import signer
from services.enrollment.partners.domain.partners import Contract
from services.enrollment.partners.store import file_keys
from shared.db.transaction import Tx


def verify_file(tx: Tx, contract: Contract, sha256: bytes, signature: bytes | None) -> str | None:
    """The name of the key that signed the file; None where the contract names no keys and the file has no signature.

    ``sha256`` is the file's as 32 bytes or 64 hex digits, ``signature`` the content of the file beside it, if any.

    Raises:
        SignatureNotAllowed: no allowed key made the signature, or there is none and the contract asks for one.
    """
    allowed = file_keys.file_keys(tx, contract.partner_no)
    if signature is None:
        if allowed:
            raise SignatureNotAllowed
        return None
    return signer(allowed, sha256, signature)
