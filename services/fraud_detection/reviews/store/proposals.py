"""Approvals that wait for a second person, and what became of them. At most one of a claim is open.

A proposal stands as long as its claim is as it was proposed on; whatever changes the claim since takes it away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import ClaimId, DecisionId
from shared.values.money import Fen

Ending = Literal["confirmed", "sent_back", "outdated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalRow:
    """``version`` is the claim's as of the proposal.

    Sealed are the reasons, as a decision's, and the ``note`` with which it was sent back; empty once the person was
    erased.
    """

    proposal_id: DecisionId
    claim_id: ClaimId
    round: int
    version: int
    proposed_by: str
    proposed_at: datetime
    amount_fen: Fen
    deductible_fen: Fen
    event_deductible_fen: Fen
    refused_fen: Fen
    clause: str | None
    reasons: bytes | None
    reasons_en: bytes | None
    ending: Ending | None = None
    ended_by: str | None = None
    ended_at: datetime | None = None
    note: bytes | None = None


_ROW: Final = Columns(ProposalRow)
_ADD: Final = f"INSERT INTO approval_proposals ({_ROW.names}) VALUES ({_ROW.places})"
_OF_CLAIM: Final = f"SELECT {_ROW} FROM approval_proposals WHERE claim_id = %s ORDER BY proposal_id"
_STANDING: Final = f"""
SELECT {_ROW.of("approval_proposals")} FROM approval_proposals JOIN claims USING (claim_id)
WHERE ended_at IS NULL AND approval_proposals.version = claims.version AND claim_id = ANY(%s::uuid[])"""
_END: Final = """
UPDATE approval_proposals SET ending = %(ending)s, ended_by = %(by)s, ended_at = %(now)s, note = %(note)s
WHERE proposal_id = %(proposal_id)s AND ended_at IS NULL"""
_END_OUTDATED: Final = """
UPDATE approval_proposals SET ending = 'outdated', ended_by = %s, ended_at = %s
WHERE claim_id = %s AND ended_at IS NULL"""
_FORGET: Final = """
UPDATE approval_proposals
SET reasons = substr(reasons, 1, 0), reasons_en = substr(reasons_en, 1, 0), note = substr(note, 1, 0)
FROM claims
WHERE claims.claim_id = approval_proposals.claim_id AND claims.policy_id = ANY(%s::uuid[])
  AND (reasons <> '' OR reasons_en <> '' OR note <> '')"""


class AlreadyEnded(Exception):
    """A proposal was ended between reading and ending it, although its claim was locked."""


def add(tx: Tx, proposal: ProposalRow) -> None:
    """In place of one on the claim that does not stand any more."""
    tx.execute(_END_OUTDATED, (proposal.proposed_by, proposal.proposed_at, proposal.claim_id))
    tx.execute(_ADD, _ROW.values(proposal))


def of_claim(tx: Tx, claim_id: ClaimId) -> list[ProposalRow]:
    """The oldest first."""
    return tx.all(_OF_CLAIM, (claim_id,), into=ProposalRow)


def standing(tx: Tx, claim_ids: Sequence[ClaimId]) -> dict[ClaimId, ProposalRow]:
    """Of each of these claims the proposal that waits for a second person."""
    return {row.claim_id: row for row in tx.all(_STANDING, (list(claim_ids),), into=ProposalRow)}


def end(tx: Tx, proposal: ProposalRow, ending: Ending, *, by: str, now: datetime, note: bytes | None = None) -> None:
    """Of a locked claim.

    Raises:
        AlreadyEnded: it was ended before. The caller's transaction must not commit.
    """
    values = {"proposal_id": proposal.proposal_id, "ending": ending, "by": by, "now": now, "note": note}
    if tx.execute(_END, values) != 1:
        raise AlreadyEnded(proposal.proposal_id)


def overwrite(tx: Tx, policies: Sequence[str]) -> int:
    """Forget the words of proposals on claims of these policies; how many rows had some left."""
    return tx.execute(_FORGET, (list(policies),))
