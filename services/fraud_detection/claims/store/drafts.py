"""Claims that are begun and not handed in: each sealed as a whole. Only the client that made one finds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import ClaimId, PolicyId, TokenHex


@dataclass(frozen=True, slots=True)
class Client:
    """Whose a draft is: one client of one channel."""

    tenant: str
    client_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """``content`` is what is told so far, sealed; ``policy_id`` and ``person_token`` are known as far as it tells them.

    ``draft_id`` is the claim's own id once it is filed.
    """

    draft_id: ClaimId
    client: Client
    version: int
    policy_id: PolicyId | None
    person_token: TokenHex | None
    content: bytes
    begun_at: datetime
    changed_at: datetime
    lapses_at: datetime


_DRAFT: Final = Columns(Draft, client={})
_ADD: Final = f"INSERT INTO claim_drafts ({_DRAFT.names}) VALUES ({_DRAFT.places})"
_OWN: Final = "tenant = %(tenant)s AND client_id = %(client_id)s AND lapses_at > %(now)s"
_FIND: Final = f"SELECT {_DRAFT} FROM claim_drafts WHERE draft_id = %(draft_id)s AND {_OWN}"
_LOCK: Final = f"{_FIND} FOR UPDATE"
_LIST: Final = f"""
SELECT {_DRAFT} FROM claim_drafts
WHERE {_OWN} AND (%(before)s::uuid IS NULL OR draft_id < %(before)s::uuid) ORDER BY draft_id DESC LIMIT %(limit)s"""
_CHANGE: Final = """
UPDATE claim_drafts
SET version = version + 1, policy_id = %s, person_token = %s, content = %s, changed_at = %s WHERE draft_id = %s"""
_DROP: Final = "DELETE FROM claim_drafts WHERE draft_id = %s"
_LAPSE: Final = """
DELETE FROM claim_drafts WHERE draft_id IN (
    SELECT draft_id FROM claim_drafts WHERE lapses_at <= %s ORDER BY lapses_at LIMIT %s FOR UPDATE SKIP LOCKED)"""
# Before the covers are overwritten: they still tell whose the policies are.
_ERASE: Final = """
DELETE FROM claim_drafts WHERE policy_id = ANY(%(policies)s::uuid[]) OR person_token IN (
    SELECT encode(person_token, 'hex') FROM coverage WHERE policy_id = ANY(%(policies)s::uuid[]))"""


def add(tx: Tx, draft: Draft) -> None:
    tx.execute(_ADD, _DRAFT.values(draft))


def find(tx: Tx, draft_id: ClaimId, client: Client, *, now: datetime) -> Draft | None:
    """The draft, if it is this client's and has not lapsed."""
    return tx.one(_FIND, _named(client, now, draft_id=draft_id), into=Draft)


def lock(tx: Tx, draft_id: ClaimId, client: Client, *, now: datetime) -> Draft | None:
    """The same, and nobody else changes, files or deletes it before this transaction ends."""
    return tx.one(_LOCK, _named(client, now, draft_id=draft_id), into=Draft)


def of_client(tx: Tx, client: Client, *, before: str | None, limit: int, now: datetime) -> list[Draft]:
    """The newest first."""
    return tx.all(_LIST, _named(client, now, before=before, limit=limit), into=Draft)


def change(tx: Tx, draft: Draft) -> None:
    """Keep a locked draft as it is now told; the table counts its version."""
    tx.execute(_CHANGE, (draft.policy_id, draft.person_token, draft.content, draft.changed_at, draft.draft_id))


def drop(tx: Tx, draft_id: ClaimId) -> None:
    tx.execute(_DROP, (draft_id,))


def lapse(tx: Tx, *, now: datetime, limit: int) -> int:
    """Delete drafts whose time is over; how many."""
    return tx.execute(_LAPSE, (now, limit))


def erase(tx: Tx, policies: Sequence[str]) -> int:
    """Delete the drafts that name these policies or are by their insureds; how many."""
    return tx.execute(_ERASE, {"policies": list(policies)})


def _named(client: Client, now: datetime, **others: object) -> dict[str, object]:
    return {"tenant": client.tenant, "client_id": client.client_id, "now": now, **others}
