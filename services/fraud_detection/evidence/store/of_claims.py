"""Documents as claims name them, each with its file where the claim's channel sent it, and the claims that share it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.fraud_detection.claims.store.claims import DOCUMENTS
from services.fraud_detection.evidence.domain.files import EvidenceFile
from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.evidence_kinds import EvidenceKind
from shared.values.ids import ClaimId


@dataclass(frozen=True, slots=True)
class NamedDocument:
    """One document of a claim."""

    kind: EvidenceKind
    sha256: str
    captured_at: datetime | None
    added_at: datetime
    file: EvidenceFile | None
    """None: the channel keeps it and sent no file."""


_FILE: Final[Mapping[str, str]] = {name: f"f.{name}" for name in EvidenceFile.__dataclass_fields__}
_DOCUMENT: Final = Columns(
    NamedDocument,
    kind="e.kind",
    sha256="e.sha256",
    captured_at="e.captured_at",
    added_at="e.added_at",
    file=_FILE,
)
_OF_CLAIM: Final = f"""
SELECT {_DOCUMENT} FROM {DOCUMENTS} e JOIN claims c USING (claim_id)
LEFT JOIN evidence_files f ON f.tenant = c.tenant AND f.sha256 = e.sha256
WHERE e.claim_id = %s ORDER BY e.added_at, e.sha256, e.kind
"""


def documents(tx: Tx, claim_id: ClaimId) -> list[NamedDocument]:
    """All that the claim names, in the order in which they came."""
    return tx.all(_OF_CLAIM, (claim_id,), into=NamedDocument)


_HOLDERS: Final = """
SELECT sha256, claim_id FROM evidence WHERE sha256 = ANY(%s) AND claim_id <> %s ORDER BY claim_id LIMIT %s
"""
MOST_HOLDERS: Final = 1000


def other_holders(tx: Tx, claim_id: ClaimId, sha256s: Sequence[str]) -> dict[str, list[ClaimId]]:
    """Of each of these contents the other claims that name it, whichever channel took them; MOST_HOLDERS in all."""
    holders: dict[str, list[ClaimId]] = {}
    found = tx.all(_HOLDERS, (list(sha256s), claim_id, MOST_HOLDERS), into=tuple[str, ClaimId])
    for sha256, holder in found:
        holders.setdefault(sha256, []).append(holder)
    return holders
