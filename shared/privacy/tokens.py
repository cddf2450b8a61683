"""Keyed hashes under which persons, phones, payees, devices and names are stored, joined and published.

What is hashed is already normalized (shared.values.documents, shared.values.names). A token is 17 bytes: the key's
number, then 16 bytes of keyed BLAKE2b, whose ``person`` parameter keeps the kinds apart: a phone never equals a payee.
Without the key the numbers cannot be tried one by one, which is why a bare hash of an 18-digit number would protect
nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final, Literal, TypeAlias

from shared.privacy.keys import KeyRing
from shared.values.ids import TokenHex

Kind: TypeAlias = Literal["person", "phone", "payee", "device", "name"]
_KINDS: Final[tuple[Kind, ...]] = ("person", "phone", "payee", "device", "name")

PERSON_SEPARATOR: Final = "\0"
"""Between a document's type and its number."""

_HASH_BYTES: Final = 16
"""128 bits: among a billion persons the chance that any two collide is about 1 in 10^21."""


class Tokenizer:
    """Makes tokens under the current key, and candidates under each key while a rotation is on."""

    def __init__(self, keys: KeyRing) -> None:
        self._current = keys.current
        self._older = tuple(number for number in keys.keys if number != keys.current)
        self._started = {
            (number, kind): hashlib.blake2b(digest_size=_HASH_BYTES, key=key, person=f"fangzha:{kind}".encode())
            for number, key in keys.keys.items()
            for kind in _KINDS
        }

    def person(self, document_type: str, number: str) -> TokenHex:
        return self._token(self._current, "person", person_text(document_type, number))

    def phone(self, number: str) -> TokenHex:
        return self._token(self._current, "phone", number)

    def payee(self, account: str) -> TokenHex:
        return self._token(self._current, "payee", account)

    def device(self, text: str) -> TokenHex:
        return self._token(self._current, "device", text)

    def name(self, normal: str) -> TokenHex:
        """Of a name's normal form. Many people have one name: it says whether two names differ, not who somebody is."""
        return self._token(self._current, "name", normal)

    def person_candidates(self, document_type: str, number: str) -> tuple[TokenHex, ...]:
        """The tokens this person may be stored under, the current key's first. Look up by all of them."""
        return self.candidates("person", person_text(document_type, number))

    def candidates(self, kind: Kind, text: str) -> tuple[TokenHex, ...]:
        """The tokens of a phone, payee, device or name under each key, the current key's first."""
        return tuple(self._token(number, kind, text) for number in self.keys)

    def many(self, kind: Kind, texts: Iterable[bytes], *, key: int | None = None) -> list[bytes]:
        """The tokens of normalized values in UTF-8, 17 bytes each, under key number ``key`` or else the current one.

        A person's text is ``person_text``. A microsecond each, a third of one call each.
        """
        number = self._current if key is None else key
        first, copy = bytes((number,)), self._started[number, kind].copy
        tokens: list[bytes] = []
        add = tokens.append
        for text in texts:
            hashed = copy()
            hashed.update(text)
            add(first + hashed.digest())
        return tokens

    @property
    def keys(self) -> tuple[int, ...]:
        """The numbers of all keys, the current one's first."""
        return (self._current, *self._older)

    @property
    def older_keys(self) -> tuple[int, ...]:
        """The numbers of the keys besides the current one, while a rotation is on."""
        return self._older

    def _token(self, number: int, kind: Kind, text: str) -> TokenHex:
        hashed = self._started[number, kind].copy()
        hashed.update(text.encode())
        return TokenHex(f"{number:02x}{hashed.hexdigest()}")


def person_text(document_type: str, number: str) -> str:
    """What is hashed of a person."""
    return f"{document_type}{PERSON_SEPARATOR}{number}"
