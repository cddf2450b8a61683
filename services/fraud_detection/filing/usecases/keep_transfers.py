"""Store the transfers of claims that are filed: persons and accounts as tokens, what must come back sealed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.domain.transfers import Transfer
from services.fraud_detection.claims.store import transfers
from services.fraud_detection.claims.store.transfers import KeptTransfer
from services.fraud_detection.claims.usecases.personal_data import PersonalData
from services.fraud_detection.filing.domain.told_transfers import ToldTransfer
from shared.db.transaction import Tx
from shared.values.ids import TokenHex


@dataclass(frozen=True, slots=True)
class OfTransfers:
    """A claim whose loss consists of transfers, with those told. ``person`` is the claimant as transfers know it."""

    claim: Claim
    told: Sequence[ToldTransfer]
    person: TokenHex

    def lines(self) -> Sequence[ToldTransfer]:
        """Those that are told; else one of the whole loss, so that what was lost is claimed once however it is told."""
        claim = self.claim
        return self.told or [ToldTransfer(occurred_at=claim.occurred_at, amount_fen=claim.amount_fen, channel="other")]


def keep_transfers(tx: Tx, filed: Sequence[OfTransfers], personal_data: PersonalData) -> None:
    told = [(each, line, paid) for each in filed for line, paid in enumerate(each.lines())]
    texts = {
        (each.claim.claim_id, f"{field}:{line}"): text
        for each, line, paid in told
        for field, text in (("reference", paid.reference), ("payee_name", paid.payee_name))
        if text is not None
    }
    sealed = personal_data.seal_fields(tx, texts)
    kept = [
        KeptTransfer(
            transfer=Transfer(
                claim_id=each.claim.claim_id,
                line=line,
                person_token=each.person,
                told=bool(each.told),
                occurred_at=paid.occurred_at,
                amount_fen=paid.amount_fen,
                channel=paid.channel,
                reference_token=personal_data.reference(paid.reference),
                payee_token=personal_data.account(paid.payee_account),
                refunded_fen=paid.refunded_fen,
                frozen_fen=paid.frozen_fen,
            ),
            reference=sealed.get((each.claim.claim_id, f"reference:{line}")),
            payee_name=sealed.get((each.claim.claim_id, f"payee_name:{line}")),
        )
        for each, line, paid in told
    ]
    transfers.add(tx, kept)
