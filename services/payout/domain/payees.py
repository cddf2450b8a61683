"""A payee's account and holder as one normalized form each. Sealing and tokens are the use case's."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from shared.values.errors import InvalidField

# Chinese bank cards have 16 to 19 digits, corporate accounts 12 to 25 (GB/T 32319-2015 leaves the length to the bank).
_ACCOUNT = re.compile(r"[0-9]{12,25}")
# CNAPS numbers of branches have 12 digits, BICs 8 or 11 characters, short codes of banks 3 or more.
_BANK_CODE = re.compile(r"[A-Z0-9]{3,14}")
_MAX_HOLDER = 70


@dataclass(frozen=True, slots=True)
class PayeeDetails:
    """Clear values on their way into the vault."""

    holder_name: str
    account: str
    bank_code: str


def normalize(holder_name: str, account: str, bank_code: str) -> PayeeDetails:
    """Full-width characters, spaces and hyphens do not make another account.

    Raises:
        InvalidField: one of them cannot be what it should be.
    """
    plain_account = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", account))
    if not _ACCOUNT.fullmatch(plain_account):
        raise InvalidField("/account", "This is not an account number.", "Send its 12 to 25 digits.")
    plain_code = unicodedata.normalize("NFKC", bank_code).strip().upper()
    if not _BANK_CODE.fullmatch(plain_code):
        raise InvalidField(
            "/bank_code", "This is not a bank's code.", "Send a CNAPS number, a BIC or the bank's short code."
        )
    name = " ".join(unicodedata.normalize("NFKC", holder_name).split())
    if not name or len(name) > _MAX_HOLDER or any(unicodedata.category(each)[0] == "C" for each in name):
        raise InvalidField("/holder_name", "This is not a name.", f"Send 1 to {_MAX_HOLDER} printable characters.")
    return PayeeDetails(name, plain_account, plain_code)
