"""The account that a claim names as its reviewer sees it: whose it is beside who is insured, both masked."""

from __future__ import annotations

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.store import payees
from services.fraud_detection.coverage.domain.cover import Coverage
from services.fraud_detection.decisions.usecases.doubt_payees import doubt_payees
from shared.db.transaction import Tx
from shared.values.payee_doubts import PayeeDoubt
from shared.web.models import ReplyModel


class PayeeView(ReplyModel):
    """Where the money would go."""

    holder_name: str | None
    """Masked; none where payout announced no such account."""
    account: str | None
    """Masked: the last four digits."""
    bank_code: str | None
    insured_name: str | None
    """Masked; told where the account is doubted, some seconds after the decision."""
    doubts: list[PayeeDoubt]
    """What speaks against the account now."""


def payee(tx: Tx, claim: Claim, found: Coverage | None) -> PayeeView:
    known = payees.find(tx, [claim.payee_token]).get(claim.payee_token)
    doubts = {} if found is None else doubt_payees(tx, [claim], {claim.policy_id: found})
    return PayeeView(
        holder_name=known.holder_masked if known else None,
        account=known.account_masked if known else None,
        bank_code=known.bank_code if known else None,
        insured_name=found.name_masked if found else None,
        doubts=list(doubts.get(claim.claim_id, ())),
    )
