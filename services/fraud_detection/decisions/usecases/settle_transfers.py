"""An approved claim has a place of its own for each of its transfers: one transfer is in at most one paid claim."""

from __future__ import annotations

from services.fraud_detection.claims.store import transfers
from services.fraud_detection.decisions.domain.cover_rules import claimed_elsewhere
from services.fraud_detection.decisions.domain.errors import TransferPaid
from services.fraud_detection.decisions.usecases.case_file import CaseFile
from shared.db.transaction import Tx


def settle_transfers(tx: Tx, case: CaseFile) -> None:
    """What another claim holds and was not paid for is this one's from now on: a person approved it in spite of that.

    Where a person did not accept a transfer, it stays where it is: this claim goes on holding what it holds, and takes
    nothing from another.

    What that one's policy shares it pays a part of, and what persons told apart by their events is apart.

    Raises:
        TransferPaid: money was promised for the other claim.
    """
    claim_id, share = case.claim.claim_id, case.share
    refused = case.transfers.refused
    held = [each for each in case.transfers.held if each.line not in refused]
    elsewhere = [
        each for each in claimed_elsewhere(case.claim, case.others, share, case.transfers) if each.line not in refused
    ]
    paid = next((each for each in elsewhere if each.approved), None)
    if paid is not None:
        raise TransferPaid(claim_id, paid.line, paid.holder)
    if elsewhere:
        transfers.take_over(tx, claim_id, elsewhere)
    for each in held:
        if each.policy_id in share.beside:
            transfers.share(tx, claim_id, [each.line])
        elif each not in elsewhere:
            transfers.part(tx, claim_id, [each.line], different_from=each.holder)
