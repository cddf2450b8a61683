"""A supervisor says how much a person may approve alone, or takes it back. Nobody says it of themselves."""

from __future__ import annotations

from datetime import datetime

from services.fraud_detection.decisions.domain.authority import Authority
from services.fraud_detection.reviews.domain.errors import OwnAuthority
from services.fraud_detection.reviews.store import authorities
from services.fraud_detection.reviews.store.authorities import AuthorityRow
from shared.db import audit
from shared.db.transaction import Tx


def set_authority(tx: Tx, person: str, authority: Authority, *, supervisor: str, now: datetime) -> AuthorityRow:
    """From now on; what the person proposed or approved before stays.

    Raises:
        OwnAuthority: it is the supervisor's own.
    """
    if person == supervisor:
        raise OwnAuthority
    before = authorities.lock(tx, person)
    row = AuthorityRow(
        person=person,
        pays_up_to_fen=authority.pays_up_to_fen,
        claims_up_to_fen=authority.claims_up_to_fen,
        set_by=supervisor,
        set_at=now,
    )
    authorities.keep(tx, row)
    audit.record(
        tx,
        actor=supervisor,
        action="authority.set",
        subject=person,
        details={
            "pays_up_to_fen": row.pays_up_to_fen,
            "claims_up_to_fen": row.claims_up_to_fen,
            "pays_up_to_fen_before": before.pays_up_to_fen if before else None,
            "claims_up_to_fen_before": before.claims_up_to_fen if before else None,
        },
        now=now,
    )
    return row


def remove_authority(tx: Tx, person: str, *, supervisor: str, now: datetime) -> None:
    """The person has the lowest authority from now on; of who has that already nothing changes.

    Raises:
        OwnAuthority: it is the supervisor's own.
    """
    if person == supervisor:
        raise OwnAuthority
    before = authorities.lock(tx, person)
    if before is None or not authorities.remove(tx, person):
        return
    details = {
        "pays_up_to_fen_before": before.pays_up_to_fen,
        "claims_up_to_fen_before": before.claims_up_to_fen,
    }
    audit.record(tx, actor=supervisor, action="authority.removed", subject=person, details=details, now=now)
