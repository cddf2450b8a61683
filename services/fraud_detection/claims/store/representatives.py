"""Who acts for the insureds of claims, and what persons said of their mandates. Checks are only added, the newest
counts; of an erased person tokens, masks and sealed words are overwritten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from services.fraud_detection.claims.domain.representatives import Representative, Role
from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.documents import DocumentType
from shared.values.ids import ClaimId, TokenHex


@dataclass(frozen=True, slots=True, kw_only=True)
class RepresentativeRow:
    """``name``, ``document_number`` and ``phone`` are sealed. Once the insured was erased they and the mask are empty,
    and the tokens are nobody's.

    ``person_token`` is under the oldest key at hand: a rotation of keys parts no two claims of one representative.
    """

    claim_id: ClaimId
    role: Role
    person_token: TokenHex
    name_token: TokenHex
    name_masked: str
    name: bytes
    document_type: DocumentType
    document_number: bytes
    phone: bytes | None
    mandate_sha256: str | None
    valid_until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateCheckRow:
    """What a person said of a mandate, by the document that they looked at. ``version`` is the claim's from then on.

    ``reason`` is sealed, and empty once the person was erased.
    """

    claim_id: ClaimId
    version: int
    holds: bool
    document_sha256: str | None
    reason: bytes
    checked_by: str
    checked_at: datetime


@dataclass(frozen=True, slots=True)
class _OfClaim:
    claim_id: ClaimId
    representative: Representative


_ROW: Final = Columns(RepresentativeRow)
_CHECK: Final = Columns(MandateCheckRow)
_ADD: Final = f"INSERT INTO claim_representatives ({_ROW.names}) VALUES %s"
_MANY: Final = f"SELECT {_ROW} FROM claim_representatives WHERE claim_id = ANY(%s::uuid[])"
_NEWEST: Final = """(SELECT holds FROM mandate_checks
    WHERE mandate_checks.claim_id = claim_representatives.claim_id ORDER BY version DESC LIMIT 1)"""
# What was named in review, who decides sees; otherwise it is a step.
_SEEN: Final = """NOT EXISTS (SELECT FROM claim_steps
    WHERE claim_steps.claim_id = claim_representatives.claim_id AND why = 'another_account'
      AND version > (SELECT max(version) FROM mandate_checks WHERE mandate_checks.claim_id = claim_steps.claim_id))"""
_FACTS: Final = f"""
SELECT {Columns(_OfClaim, representative={"mandate_holds": _NEWEST, "account_seen": _SEEN})}
FROM claim_representatives WHERE claim_id = ANY(%s::uuid[])"""
_NAME_ANEW: Final = "UPDATE claim_representatives SET name_token = %s WHERE claim_id = %s"
_ADD_CHECK: Final = f"INSERT INTO mandate_checks ({_CHECK.names}) VALUES ({_CHECK.places})"
_CHECKS: Final = f"SELECT {_CHECK} FROM mandate_checks WHERE claim_id = %s ORDER BY version"
_OTHERS: Final = """
SELECT count(DISTINCT other.person_token)
FROM claim_representatives AS mine
JOIN claims AS own USING (claim_id)
JOIN claim_representatives AS same ON same.person_token = mine.person_token
JOIN claims AS other ON other.claim_id = same.claim_id AND other.person_token <> own.person_token
WHERE mine.claim_id = %s"""


def add(tx: Tx, rows: Sequence[RepresentativeRow]) -> None:
    if rows:
        tx.insert_many(_ADD, [tuple(_ROW.values(each).values()) for each in rows])


def many(tx: Tx, claim_ids: Sequence[ClaimId]) -> dict[ClaimId, RepresentativeRow]:
    """Those of these claims; one without is left out."""
    return {row.claim_id: row for row in tx.all(_MANY, (list(claim_ids),), into=RepresentativeRow)}


def of_claims(tx: Tx, claim_ids: Sequence[ClaimId]) -> dict[ClaimId, Representative]:
    """The same, as far as decisions need it."""
    return {each.claim_id: each.representative for each in tx.all(_FACTS, (list(claim_ids),), into=_OfClaim)}


def name_anew(tx: Tx, claim_id: ClaimId, name_token: TokenHex) -> None:
    """Keep the name's token under another key."""
    tx.execute(_NAME_ANEW, (name_token, claim_id))


def add_check(tx: Tx, check: MandateCheckRow) -> None:
    tx.execute(_ADD_CHECK, _CHECK.values(check))


def checks(tx: Tx, claim_id: ClaimId) -> list[MandateCheckRow]:
    """The first one first; the last one counts."""
    return tx.all(_CHECKS, (claim_id,), into=MandateCheckRow)


def other_claimants(tx: Tx, claim_id: ClaimId) -> int:
    """For how many other claimants the same representative acts, or acted."""
    return tx.one(_OTHERS, (claim_id,), into=int) or 0
