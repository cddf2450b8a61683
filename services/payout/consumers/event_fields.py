"""Checks of event fields that the database would otherwise refuse again and again: what fails here is poison."""

from __future__ import annotations

import re
from uuid import UUID

from shared.messaging.failures import Poison

_CURRENCY = re.compile(r"[A-Z]{3}")


def id_of(text: str, name: str) -> str:
    """``text`` if it is a UUID.

    Raises:
        Poison: it is not.
    """
    try:
        return str(UUID(text))
    except ValueError:
        raise Poison(f"{name} is not an id") from None


def currency_of(text: str) -> str:
    if not _CURRENCY.fullmatch(text):
        raise Poison("currency is not an ISO 4217 code")
    return text


def require(*, holds: bool, detail: str) -> None:
    """Raise Poison with ``detail`` unless it holds."""
    if not holds:
        raise Poison(detail)
