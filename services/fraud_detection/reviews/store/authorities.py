"""How much each person may approve alone, as a supervisor set it. Who has no row has the lowest authority."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.fraud_detection.decisions.domain.authority import Authority
from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.money import Fen


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityRow:
    """``person`` and ``set_by`` are subjects of tokens."""

    person: str
    pays_up_to_fen: Fen
    claims_up_to_fen: Fen
    set_by: str
    set_at: datetime


_ROW: Final = Columns(AuthorityRow)
_SET: Final = f"""
INSERT INTO authorities ({_ROW.names}) VALUES ({_ROW.places})
ON CONFLICT (person) DO UPDATE
SET pays_up_to_fen = excluded.pays_up_to_fen, claims_up_to_fen = excluded.claims_up_to_fen, set_by = excluded.set_by,
    set_at = excluded.set_at"""
_REMOVE: Final = "DELETE FROM authorities WHERE person = %s"
# A reader that decides holds the row, so that no authority is lowered between the question and the decision.
_FIND: Final = "SELECT pays_up_to_fen, claims_up_to_fen FROM authorities WHERE person = %s FOR SHARE"
_ROW_OF: Final = f"SELECT {_ROW} FROM authorities WHERE person = %s FOR UPDATE"
_PAGE: Final = f"""
SELECT {_ROW} FROM authorities WHERE %(after)s::text IS NULL OR person > %(after)s ORDER BY person LIMIT %(limit)s"""


def keep(tx: Tx, row: AuthorityRow) -> None:
    """In place of what the person had."""
    tx.execute(_SET, _ROW.values(row))


def remove(tx: Tx, person: str) -> bool:
    """False if the person had none of their own."""
    return tx.execute(_REMOVE, (person,)) == 1


def lock(tx: Tx, person: str) -> AuthorityRow | None:
    """What was set for the person, and nobody else changes it before this transaction ends."""
    return tx.one(_ROW_OF, (person,), into=AuthorityRow)


def of_person(tx: Tx, person: str, lowest: Authority) -> Authority:
    """What the person may approve alone; it stays so until this transaction ends."""
    return tx.one(_FIND, (person,), into=Authority) or lowest


def page(tx: Tx, *, after: str | None, limit: int) -> list[AuthorityRow]:
    """By the persons' names."""
    return tx.all(_PAGE, {"after": after, "limit": limit}, into=AuthorityRow)
