"""Looks for people in bytes: names, document numbers, phones and accounts, clear, escaped or in base64."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable


def disguises(value: str) -> set[bytes]:
    """What a value looks like in a message: UTF-8, JSON's escapes, hex, and base64 at each of its three alignments."""
    clear = value.encode()
    found = {clear, json.dumps(value)[1:-1].encode(), clear.hex().encode()}
    for shift in range(3):
        # Cut what neighbouring bytes would change: only the middle is the same whatever stands around the value.
        padded = base64.b64encode(b"\0" * shift + clear)
        middle = padded[-(-shift * 8 // 6) : (shift + len(clear)) * 8 // 6]
        found |= {middle, middle.replace(b"+", b"-").replace(b"/", b"_")}
    # Two Chinese characters are six bytes; anything shorter would be found by chance.
    return {each for each in found if len(each) >= 6}


def found(values: Iterable[str], content: bytes) -> list[str]:
    """The values that stand in ``content`` in whatever disguise."""
    return sorted({value for value in values for disguise in disguises(value) if disguise in content})
