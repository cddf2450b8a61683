"""The keys with which a partner's files may be signed, as stored. What a signature proves is the domain's to say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from services.enrollment.partners.domain.file_keys import FileKey
from shared.db.transaction import Tx

_OF_PARTNER: Final = "SELECT name, public_key FROM partner_file_keys WHERE partner_no = %s ORDER BY name"


def file_keys(tx: Tx, partner_no: int) -> tuple[FileKey, ...]:
    """The allowed keys by name; empty where the contract names none."""
    return tuple(tx.all(_OF_PARTNER, (partner_no,), into=FileKey))


_FORGET: Final = "DELETE FROM partner_file_keys WHERE partner_no = %s"
_ADD: Final = "INSERT INTO partner_file_keys (partner_no, name, public_key) VALUES %s"


def replace(tx: Tx, partner_no: int, keys: Iterable[FileKey]) -> None:
    """Allow these keys and no others, from the next file on."""
    tx.execute(_FORGET, (partner_no,))
    tx.insert_many(_ADD, [(partner_no, key.name, key.public_key) for key in keys])
