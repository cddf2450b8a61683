"""Partners' own numbers of their subscribers: they are stored and shown in clear, so they must tell nobody."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from shared.values.clear_text import is_reference
from shared.values.personal_numbers import bare, is_personal_number

_SHORTEST_NUMBER: Final = 5
"""Of a document; what is shorter stands in a reference by chance."""


def tells_somebody(text: str, own_numbers: Iterable[str]) -> bool:
    """Whether it is a phone or identity number, or holds one of ``own_numbers``: the row's, in their one form.

    A phone inside a longer reference is known by the row's own phone alone: among millions of references of letters
    and digits, some look so by chance.
    """
    return is_personal_number(text) or holds_own(text, own_numbers)


def holds_own(text: str, own_numbers: Iterable[str]) -> bool:
    """Whether it holds one of ``own_numbers``: the row's, in their one form."""
    plain = bare(text)
    return any(len(number) >= _SHORTEST_NUMBER and number in plain for number in own_numbers)


def reference_to_show(text: str, *own_numbers: str) -> str | None:
    """The partner's reference of a row where it may stand in a result: None where it is none, or personal.

    ``own_numbers`` are the row's document and phone as they were sent.
    """
    return text if is_reference(text) and not tells_somebody(text, map(_number, own_numbers)) else None


def _number(written: str) -> str:
    """A number that may be written in any way, a phone without the code of the country."""
    return re.sub(r"^(?:00)?86(?=1[0-9]{10}$)", "", bare(written))
