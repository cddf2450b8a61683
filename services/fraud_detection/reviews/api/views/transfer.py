"""A claim's transfers as its reviewer sees them: which of them another claim has, and what is frozen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.transfers import Channel, Place
from services.fraud_detection.claims.store import transfers
from services.fraud_detection.claims.store.transfers import KeptTransfer
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from shared.db.transaction import Tx
from shared.privacy.masking import mask_account, mask_name
from shared.web.models import ReplyModel


class TransferView(ReplyModel):
    """One payment out of the claimant's pocket."""

    line: int
    told: bool
    """Whether the claim tells it; else it stands for the whole loss."""
    occurred_at: datetime
    amount_fen: int
    channel: Channel
    reference: str | None
    """Masked but for its end; null once the person was erased."""
    payee_token: str | None
    payee_name: str | None
    """Masked."""
    refunded_fen: int
    frozen_fen: int
    """What the police or a bank froze: not back yet, and no deduction."""
    place: Place | None
    """Null where another claim has it."""
    held_by: list[str]
    """The claims that have it; if it is another one than it looks like, say so and why."""
    refused: bool
    """The claim's newest approval is not for it."""
    different_from: str | None
    different_reason: str | None
    """Why a person said that it is another one."""


def transfer_views(tx: Tx, claim: Claim, personal_data: PersonalData) -> list[TransferView]:
    held = transfers.held_by_others(tx, [claim.claim_id]).get(claim.claim_id, ())
    return [
        TransferView.of(
            each.transfer,
            reference=_masked(mask_account, _opened(tx, each, each.reference, "reference", personal_data)),
            payee_name=_masked(mask_name, _opened(tx, each, each.payee_name, "payee_name", personal_data)),
            held_by=[other.holder for other in held if other.line == each.transfer.line],
            different_from=each.different_from,
            different_reason=_opened(tx, each, each.different_reason, "different", personal_data),
        )
        for each in transfers.of_claim(tx, claim.claim_id)
    ]


def _opened(tx: Tx, kept: KeptTransfer, sealed: bytes | None, field: str, personal_data: PersonalData) -> str | None:
    if sealed is None:
        return None
    return personal_data.open(tx, sealed, kept.transfer.claim_id, f"{field}:{kept.transfer.line}")


def _masked(mask: Callable[[str], str], text: str | None) -> str | None:
    return None if text is None else mask(text)
