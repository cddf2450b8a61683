"""What screens, logs and replies show instead of a clear value: enough for a person to know their own, no more."""

from __future__ import annotations

_STAR = "*"


def mask_name(name: str) -> str:
    """``张小明`` is ``张**``; a name of several words keeps each first letter: ``John Smith`` is ``J*** S****``."""
    return " ".join(word[:1] + _STAR * (len(word) - 1) if len(word) > 1 else _STAR for word in name.split())


def mask_document(number: str) -> str:
    """The first 3 and the last 2 characters; the birth date inside an 18-digit number never shows."""
    return _middle(number, first=3, last=2)


def mask_account(number: str) -> str:
    """The last 4 digits, as on any bank slip."""
    return _middle(number, first=0, last=4)


def mask_phone(number: str) -> str:
    """``138****5678``."""
    return _middle(number, first=3, last=4)


def _middle(text: str, *, first: int, last: int) -> str:
    """Stars in the middle; all stars if the text is too short to hide enough of it."""
    hidden = len(text) - first - last
    if hidden < min(4, first + last):
        return _STAR * len(text)
    return text[:first] + _STAR * hidden + text[len(text) - last :]
