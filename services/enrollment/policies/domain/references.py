"""Partners' own numbers of their subscribers: they are stored and shown in clear, so they must tell nobody."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

_REFERENCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]{0,63}")
_SEPARATORS: Final = re.compile(r"[^0-9A-Za-z]")
_PERSONAL_NUMBER: Final = re.compile(r"[0-9]{17}[0-9Xx]|(?:(?:00)?86)?1[3-9][0-9]{9}")
"""Of a reference without its separators. A phone inside a longer reference is known by the row's own phone alone:
among millions of references of letters and digits, some look so by chance."""
_SHORTEST_NUMBER: Final = 5
"""Of a document; what is shorter stands in a reference by chance."""


def is_reference(text: str) -> bool:
    """Whether it has the form of a reference."""
    return _REFERENCE.fullmatch(text) is not None


def is_personal(reference: str, own_numbers: Iterable[str]) -> bool:
    """Whether it is a phone or identity number, or holds one of ``own_numbers``: the row's, in their one form."""
    bare = _SEPARATORS.sub("", reference).upper()
    if _PERSONAL_NUMBER.fullmatch(bare):
        return True
    return any(len(number) >= _SHORTEST_NUMBER and number in bare for number in own_numbers)


def reference_to_show(text: str, *own_numbers: str) -> str | None:
    """The partner's reference of a row where it may stand in a result: None where it is none, or personal.

    ``own_numbers`` are the row's document and phone as they were sent.
    """
    return text if is_reference(text) and not is_personal(text, map(_bare, own_numbers)) else None


def _bare(number: str) -> str:
    """A number that may be written in any way, a phone without the code of the country."""
    bare = _SEPARATORS.sub("", unicodedata.normalize("NFKC", number)).upper()
    return re.sub(r"^(?:00)?86(?=1[0-9]{10}$)", "", bare)
