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
from shared.values.ids import ClaimId, TokenHex


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


@dataclass(frozen=True, slots=True)
class Line:
    """One transfer of a claim in its place, as told. ``told`` is False for the one that stands for a whole loss."""

    claim_id: ClaimId
    person: TokenHex
    line: int
    told: bool
    paid: ToldTransfer


def keep_transfers(tx: Tx, filed: Sequence[OfTransfers], personal_data: PersonalData) -> None:
    lines = [
        Line(each.claim.claim_id, each.person, line, bool(each.told), paid)
        for each in filed
        for line, paid in enumerate(each.lines())
    ]
    transfers.add(tx, sealed_lines(tx, lines, personal_data))


def transfer_of(line: Line, personal_data: PersonalData) -> Transfer:
    """As it is kept, but for what is sealed of it."""
    paid = line.paid
    return Transfer(
        claim_id=line.claim_id,
        line=line.line,
        person_token=line.person,
        told=line.told,
        occurred_at=paid.occurred_at,
        amount_fen=paid.amount_fen,
        channel=paid.channel,
        reference_token=personal_data.reference(paid.reference),
        payee_token=personal_data.account(paid.payee_account),
        refunded_fen=paid.refunded_fen,
        frozen_fen=paid.frozen_fen,
    )


def sealed_lines(tx: Tx, lines: Sequence[Line], personal_data: PersonalData) -> list[KeptTransfer]:
    """As they are kept, under one data key."""
    texts = {
        (each.claim_id, f"{field}:{each.line}"): text
        for each in lines
        for field, text in (("reference", each.paid.reference), ("payee_name", each.paid.payee_name))
        if text is not None
    }
    sealed = personal_data.seal_fields(tx, texts)
    return [
        KeptTransfer(
            transfer=transfer_of(each, personal_data),
            reference=sealed.get((each.claim_id, f"reference:{each.line}")),
            payee_name=sealed.get((each.claim_id, f"payee_name:{each.line}")),
        )
        for each in lines
    ]
