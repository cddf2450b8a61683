"""Consent texts as published; the table refuses to change or remove one."""

from __future__ import annotations

from typing import Final

from services.enrollment.people.domain.consents import ConsentText
from shared.db.transaction import Row, Tx

_ADD: Final = """
INSERT INTO consent_texts (text_version, zh, en, zh_sha256, en_sha256, channels, valid_from, published_at, published_by)
VALUES (%s, %s, %s, decode(%s, 'hex'), decode(%s, 'hex'), %s::text[], %s, %s, %s)
ON CONFLICT (text_version) DO NOTHING
"""


def add(tx: Tx, text: ConsentText) -> bool:
    """Publish a version; False where there is one of that name."""
    facts = (text.text_version, text.zh, text.en, text.zh_sha256, text.en_sha256, list(text.channels))
    return tx.execute(_ADD, (*facts, text.valid_from, text.published_at, text.published_by)) == 1


_SELECT: Final = "SELECT text_version, zh, en, channels, valid_from, published_at, published_by FROM consent_texts "
_ONE: Final = _SELECT + "WHERE text_version = %s"
_PAGE: Final = _SELECT + "WHERE text_version > %s ORDER BY text_version LIMIT %s"
_ALL: Final = _SELECT + "ORDER BY text_version"


def text(tx: Tx, text_version: str) -> ConsentText | None:
    row = tx.one(_ONE, (text_version,))
    return None if row is None else _text(row)


def page(tx: Tx, *, after: str, limit: int) -> list[ConsentText]:
    """Texts by version, beginning after ``after``."""
    return [_text(row) for row in tx.all(_PAGE, (after, limit))]


def all_texts(tx: Tx) -> list[ConsentText]:
    """Every version: a handful a year."""
    return [_text(row) for row in tx.all(_ALL)]


def _text(row: Row) -> ConsentText:
    return ConsentText(row[0], row[1], row[2], tuple(row[3]), row[4], row[5], row[6])
