"""The account that a claim names as its reviewer sees it: whose it is beside who is insured, both masked."""

from __future__ import annotations

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.store import payees, representatives
from services.fraud_detection.coverage.domain.cover import Coverage
from services.fraud_detection.decisions.domain.payee_doubts import Holder, holder_is
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
    holder_is: Holder | None
    """Whose name the account bears, by the names as they were told; null where it is another's, or not known."""
    doubts: list[PayeeDoubt]
    """What speaks against the account now."""


def payee(tx: Tx, claim: Claim, found: Coverage | None) -> PayeeView:
    known = payees.find(tx, [claim.payee_token]).get(claim.payee_token)
    acting = representatives.of_claims(tx, [claim.claim_id])
    doubts = {} if found is None else doubt_payees(tx, [claim], {claim.policy_id: found}, acting)
    return PayeeView(
        holder_name=known.holder_masked if known else None,
        account=known.account_masked if known else None,
        bank_code=known.bank_code if known else None,
        insured_name=found.name_masked if found else None,
        holder_is=holder_is(
            known.name_tokens if known else None, found.name_token if found else None, acting.get(claim.claim_id)
        ),
        doubts=list(doubts.get(claim.claim_id, ())),
    )
