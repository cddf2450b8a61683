"""Consent texts as published; the table refuses to change or remove one."""

from __future__ import annotations

from typing import Final

from services.enrollment.people.domain.consents import ConsentText
from shared.db.columns import Columns
from shared.db.transaction import Tx

_TEXT: Final = Columns(ConsentText)
_ADD: Final = f"""
INSERT INTO consent_texts ({_TEXT.names}, zh_sha256, en_sha256)
VALUES ({_TEXT.places}, decode(%(zh_sha256)s, 'hex'), decode(%(en_sha256)s, 'hex'))
ON CONFLICT (text_version) DO NOTHING
"""


def add(tx: Tx, text: ConsentText) -> bool:
    """Publish a version; False where there is one of that name."""
    values = {**_TEXT.values(text), "zh_sha256": text.zh_sha256, "en_sha256": text.en_sha256}
    return tx.execute(_ADD, values) == 1


_SELECT: Final = f"SELECT {_TEXT} FROM consent_texts "
_ONE: Final = _SELECT + "WHERE text_version = %s"
_PAGE: Final = _SELECT + "WHERE text_version > %s ORDER BY text_version LIMIT %s"
_ALL: Final = _SELECT + "ORDER BY text_version"


def text(tx: Tx, text_version: str) -> ConsentText | None:
    return tx.one(_ONE, (text_version,), into=ConsentText)


def page(tx: Tx, *, after: str, limit: int) -> list[ConsentText]:
    """Texts by version, beginning after ``after``."""
    return tx.all(_PAGE, (after, limit), into=ConsentText)


def all_texts(tx: Tx) -> list[ConsentText]:
    """Every version: a handful a year."""
    return tx.all(_ALL, into=ConsentText)
