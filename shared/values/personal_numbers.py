"""Numbers that tell who somebody is: identity numbers and mobile numbers of mainland China, however they are written.

The one place of their patterns. Which texts must be free of them, and how strictly, stands in clear_text. Pure.

What is told apart from other numbers: an identity number by the region and the date of birth inside it (of random
18 digits one in 3,000 looks so), a mobile number by its 11 digits and its first two (of random 11 digits one in 14).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from shared.values.documents import PROVINCES, SIMULATED_REGION, check_digit

_REGIONS: Final = "|".join(sorted((*PROVINCES, "8[123]", "9[0-9]", SIMULATED_REGION)))
"""81 to 83 and 9 begin residence permits; simulated ones are kept out too, so that a sandbox teaches what is right."""
_BORN: Final = "(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
IDENTITY: Final = rf"(?:{_REGIONS})[0-9]{{4}}{_BORN}[0-9]{{3}}[0-9Xx]"
"""GB 11643 without its check digit: a number with a slip in it names nearly the same person."""
MOBILE: Final = "1[3-9][0-9]{9}"
WHOLE: Final = rf"(?:{IDENTITY}|(?:(?:00)?86)?{MOBILE})"
"""Of a text without its separators. These three are read alike by re, polars and PostgreSQL."""

ANY_DIGIT: Final = (
    "0-9\u00b2\u00b3\u00b9\u2070\u2074-\u2079\u2080-\u2089\u2460-\u2468\u24ea\uff10-\uff19"
    "\U0001d7ce-\U0001d7ff\U0001fbf0-\U0001fbf9"
)
"""Between brackets of a pattern: whatever NFKC makes a digit. For PostgreSQL, where folding a text costs too much."""

_GAP: Final = "[ ._-]{0,2}"
_SPACED_IDENTITY: Final = rf"(?:{_REGIONS})[0-9]{{4}}{_GAP}{_BORN}{_GAP}[0-9]{{3}}[0-9Xx]"
_SPACED_MOBILE: Final = rf"(?:(?:00)?86{_GAP})?1[3-9][0-9]{_GAP}[0-9]{{4}}{_GAP}[0-9]{{4}}"
_ALONE: Final = re.compile(rf"(?<![0-9A-Za-z])(?<![0-9][.])(?:{_SPACED_IDENTITY}|{_SPACED_MOBILE})(?![0-9A-Za-z])")
_AMONG_LETTERS: Final = re.compile(rf"(?<![0-9])(?:{_SPACED_IDENTITY}|{_SPACED_MOBILE})(?![0-9])")
_WHOLE: Final = re.compile(WHOLE)
_EMBEDDED: Final = re.compile(rf"(?<![0-9])({IDENTITY})(?![0-9])")
_SEPARATORS: Final = re.compile("[^0-9A-Za-z]")
SHORTEST: Final = 11
"""Characters; a shorter text holds neither."""
_ELEVEN: Final = re.compile("[0-9](?:[^0-9A-Za-z]*[0-9]){10}")
"""What every one of them has; most texts are known not to have it in a third of the time."""


def fold(text: str) -> str:
    """Half-width (NFKC), without invisible marks; what looks like a hyphen is one."""
    if text.isascii():
        return text
    kept = (each for each in unicodedata.normalize("NFKC", text) if unicodedata.category(each) not in {"Cf", "Cc"})
    return "".join("-" if unicodedata.category(each) == "Pd" else each for each in kept)


def bare(text: str) -> str:
    """Only its letters and digits, half-width and capital."""
    return _SEPARATORS.sub("", fold(text)).upper()


def is_personal_number(text: str) -> bool:
    """Whether the whole text is one, e.g. ``138-1234-5678``, or holds an identity number whose check digit is right.

    For texts in which other long numbers are usual: a partner's ``SUB-15012345678`` is its own number of a subscriber.
    """
    if not _may_hold(text):
        return False
    plain = bare(text)
    if _WHOLE.fullmatch(plain):
        return True
    return any(check_digit(found[:17]) == found[17] for found in _EMBEDDED.findall(plain))


def stands_alone_in(text: str) -> bool:
    """Whether one stands in the text with no letter or digit around it, as in a sentence or a URL.

    So it is found in ``phone=13812345678`` and not in the middle of a hash.
    """
    return _may_hold(text) and _ALONE.search(fold(text)) is not None


def stands_in(text: str) -> bool:
    """Whether one stands anywhere in the text, letters around it or not: for short codes, which hold no hashes."""
    return _may_hold(text) and _AMONG_LETTERS.search(fold(text)) is not None


def _may_hold(text: str) -> bool:
    return len(text) >= SHORTEST and _ELEVEN.search(fold(text)) is not None
