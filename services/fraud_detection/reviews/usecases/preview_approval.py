"""What an approval of some of a claim's transfers would pay now, worked out as it does. Writes nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from services.fraud_detection.claims.domain.errors import UnknownClaim
from services.fraud_detection.claims.domain.transfers import Transfer
from services.fraud_detection.claims.store import claims
from services.fraud_detection.coverage.domain.cover import NO_FEN, liability
from services.fraud_detection.coverage.store import coverage
from services.fraud_detection.coverage.store.products import Terms
from services.fraud_detection.decisions.domain.accepted_part import in_two
from services.fraud_detection.decisions.domain.authority import Authority
from services.fraud_detection.decisions.domain.payable import (
    annual_left,
    deductibles,
    event_left,
    insured_elsewhere,
    loss_to_bear,
    still_lost,
)
from services.fraud_detection.decisions.store import decisions, limits, reviews
from services.fraud_detection.decisions.usecases.case_file import Held, collect
from services.fraud_detection.reviews.domain.errors import NoOpenReview
from services.fraud_detection.reviews.store import authorities
from services.fraud_detection.reviews.usecases.approve_case import is_within, same_reference, told_transfers
from shared.db.transaction import Tx
from shared.messaging.failures import Unready
from shared.values.errors import InvalidField
from shared.values.ids import ClaimId
from shared.values.money import Fen


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Amounts in fen. ``loss_fen`` is borne in all, ``refused_fen`` of it is not accepted, ``open_fen`` stays open.

    Of the rest the policy bears ``share_part`` of ``share_whole`` without the deductibles, and at most ``unpaid_fen``,
    what nobody paid of it, and what is left of the limits. ``insured_elsewhere_fen`` of the whole are other insurers'.
    ``standing`` are the rules that no person may waive, ``same_reference`` the lines for
    which a second person is needed.
    """

    transfers: tuple[Transfer, ...]
    loss_fen: Fen
    refused_fen: Fen
    open_fen: Fen
    unpaid_fen: Fen
    event_deductible_fen: Fen
    deductible_fen: Fen
    pay_percent: int
    share_part: int
    share_whole: int
    insured_elsewhere_fen: Fen
    event_left_fen: Fen
    annual_left_fen: Fen
    amount_fen: Fen
    remains_fen: Fen
    standing: tuple[str, ...]
    within_authority: bool
    same_reference: tuple[int, ...]


def preview_approval(
    tx: Tx,
    claim_id: ClaimId,
    refused: Collection[int],
    still_open: Collection[int] = (),
    *,
    reviewer: str,
    lowest: Authority,
) -> Preview:
    """Of a claim that waits for a person, without the lines ``refused`` and those that are ``still_open``.

    Raises:
        UnknownClaim: there is none.
        NoOpenReview: it waits for no person.
        Unready: its policy or terms have not arrived.
        InvalidField: it has no such lines, or one of them is refused and stays open.
    """
    claim = claims.find(tx, claim_id)
    if claim is None:
        raise UnknownClaim(claim_id)
    if reviews.open_of(tx, claim_id) is None:
        raise NoOpenReview(claim_id)
    told = told_transfers(tx, claim)
    lines = [each.line for each in told]
    for pointer, asked in (("/refused", refused), ("/open", still_open)):
        if not set(asked) <= set(lines):
            fix = f"Send lines of: {', '.join(map(str, lines))}." if lines else "Preview the whole claim."
            raise InvalidField(pointer, "The claim has no such transfers.", fix)
    if set(refused) & set(still_open):
        raise InvalidField("/open", "A transfer is refused and stays open.", "Send each line in one of both.")
    covers = coverage.many(tx, {claim.policy_id})
    if claim.policy_id not in covers or not decisions.of_claim(tx, claim_id):
        raise Unready(f"policy {claim.policy_id}")
    whole = collect(tx, Held((claim,), covers), Terms())[claim_id]
    case = whole.without(told, frozenset(refused), frozenset(still_open)) if told else whole
    staying, apart = in_two(claim, told, still_open) if still_open else (claim, None)
    product = case.product
    use = limits.use(tx, [claim])[claim_id]
    payable = case.payable(use)
    terms = liability(product, claim.liability)
    left = annual_left(product, claim, use)
    of_event, of_year = deductibles(product, case.claim, use, case.share, terms) if terms else (NO_FEN, NO_FEN)
    authority = authorities.of_person(tx, reviewer, lowest)
    return Preview(
        transfers=told,
        loss_fen=loss_to_bear(product, claim),
        refused_fen=Fen(loss_to_bear(product, staying) - loss_to_bear(product, case.claim)),
        open_fen=loss_to_bear(product, apart) if apart else NO_FEN,
        unpaid_fen=Fen(max(0, still_lost(case.claim) - case.share.loss_paid_fen)),
        event_deductible_fen=Fen(of_event),
        deductible_fen=Fen(of_year),
        pay_percent=terms.pay_percent if terms else 0,
        share_part=case.share.part,
        share_whole=case.share.whole,
        insured_elsewhere_fen=insured_elsewhere(product, claim),
        event_left_fen=event_left(product, claim, case.share),
        annual_left_fen=left,
        amount_fen=payable.amount_fen,
        remains_fen=Fen(left - payable.amount_fen),
        standing=tuple(each.code for each in case.failed_rules(use) if not each.waivable),
        within_authority=is_within(authority, payable.amount_fen, whole),
        same_reference=same_reference(tx, claim, {*refused, *still_open}),
    )
