"""Store what the police gave the claimant, sealed, and take their word for the type of scam."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.police import ToldPaper, scam_type_of
from services.fraud_detection.claims.domain.states import WAITS_FOR_PAPERS
from services.fraud_detection.claims.store import claims, police
from services.fraud_detection.claims.store.police import PaperRow
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.claims.usecases.submit import file_anew
from services.fraud_detection.filing.domain.filing import paper_faults
from services.fraud_detection.filing.usecases.complete_claim import own, require_takes_documents
from shared.db.transaction import Tx
from shared.values.errors import InvalidFields
from shared.values.ids import ClaimId


def add_papers(
    tx: Tx,
    claim_id: ClaimId,
    told: Sequence[ToldPaper],
    *,
    tenant: str,
    personal_data: PersonalData,
    now: datetime,
) -> None:
    """Attach papers. If one was waited for, the claim is decided anew; else who reviews it sees a new version.

    Raises:
        UnknownClaim: it is none of this tenant's.
        ClaimClosed: it is decided.
        PolicyErased: the insured was forgotten.
        InvalidFields: a paper was issued in the future.
    """
    claim = own(tx, claim_id, tenant)
    require_takes_documents(tx, claim)
    if faults := tuple(paper_faults(told, "/papers", now)):
        raise InvalidFields(faults)
    known = police.of_claim(tx, claim_id)
    keep_papers(tx, [(claim, told)], personal_data=personal_data, now=now, after=len(known))
    found = scam_type_of([*known, *told])
    claim = claims.correct_scam_type(tx, claim, found or claim.scam_type)
    if claim.state in WAITS_FOR_PAPERS:
        file_anew(tx, claim, by=tenant, why="police_paper", now=now)


def keep_papers(
    tx: Tx,
    told: Iterable[tuple[Claim, Sequence[ToldPaper]]],
    *,
    personal_data: PersonalData,
    now: datetime,
    after: int = 0,
) -> None:
    """Those of each claim, behind the ones that it has, which are ``after``."""
    lines = [(claim.claim_id, line, each) for claim, papers in told for line, each in enumerate(papers, start=after)]
    police.add(tx, sealed_papers(tx, lines, personal_data, now=now))


def sealed_papers(
    tx: Tx, lines: Sequence[tuple[ClaimId, int, ToldPaper]], personal_data: PersonalData, *, now: datetime
) -> list[PaperRow]:
    """As they are kept, each in its line of its claim, under one data key."""
    texts = {
        (claim_id, f"police:{field}:{line}"): text
        for claim_id, line, each in lines
        for field, text in (("number", each.number), ("unit", each.unit), ("officer", each.officer))
        if text is not None
    }
    sealed = personal_data.seal_fields(tx, texts)
    return [
        PaperRow(
            claim_id=claim_id,
            line=line,
            kind=each.kind,
            number=sealed[claim_id, f"police:number:{line}"],
            unit=sealed[claim_id, f"police:unit:{line}"],
            officer=sealed.get((claim_id, f"police:officer:{line}")),
            issued_on=each.issued_on,
            scam_type=each.scam_type,
            added_at=now,
        )
        for claim_id, line, each in lines
    ]
