"""The kinds of text that are stored, and what those in clear may not hold. Pure.

Each column that can hold text names its kind in its comment (shared/db/text_columns.py reads them from the catalog),
and each field of a request that ends in one is of the same kind (shared/web/models.py). What is personal is sealed,
hashed or not stored at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from shared.values.personal_numbers import is_personal_number, stands_alone_in, stands_in


class TextKind(StrEnum):
    """What a text is, by how strictly it is looked at. What the field ends in says which one it is."""

    OURS = "ours"
    """Words that this system makes: states, codes, topics, ids, hashes and tokens in hex, its own sentences."""
    LABEL = "label"
    """A short code of others: a channel, a version, a key's name, a code of a product or a bank."""
    REFERENCE = "reference"
    """Another system's number of something: of a subscriber, an item, an event, a transfer."""
    NAME = "name"
    """Of a client, a member of staff or a partner, as the token or the contract says it."""
    FILE_NAME = "file_name"
    """As the partner named its file."""
    URL = "url"
    """Of a partner's server."""
    SENTENCE = "sentence"
    """What somebody writes for others to read: a reason, a note, a contact, the words of a product."""
    JSON = "json"
    """A document of such texts, as text or jsonb."""


class BytesKind(StrEnum):
    """What a column of bytes holds."""

    SEALED = "sealed"
    """Ciphertext, which may be anything."""
    DIGEST = "digest"
    """A hash, a token, a signature, a public key or a model: nobody's text."""
    GZIP = "gzip"
    """Comma-separated values, packed; read like the texts of a document."""


PERSONAL: Final = "It holds a phone or identity number, and what is sent here is stored in clear."
PERSONAL_TO_READ: Final = "It holds a phone or identity number, and others read what is written here."
WITHOUT: Final = "Send it without that number."

_REFERENCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]{0,63}")


def is_reference(text: str) -> bool:
    """Whether it has the form of a reference."""
    return _REFERENCE.fullmatch(text) is not None


def _in_a_document(text: str) -> bool:
    # Whatever a document repeats was judged where it came in; a reference looks like one here too.
    return is_personal_number(text) if is_reference(text) else stands_alone_in(text)


_PERSONAL_IN: Final[Mapping[TextKind, Callable[[str], bool]]] = MappingProxyType(
    {
        TextKind.OURS: stands_alone_in,
        TextKind.LABEL: stands_in,
        TextKind.REFERENCE: is_personal_number,
        TextKind.NAME: stands_alone_in,
        TextKind.FILE_NAME: stands_alone_in,
        TextKind.URL: stands_alone_in,
        TextKind.SENTENCE: stands_alone_in,
        TextKind.JSON: _in_a_document,
    }
)


def is_personal(kind: TextKind, text: str) -> bool:
    """Whether a text of this kind, or one text of a document, tells somebody's number."""
    return _PERSONAL_IN[kind](text)
