"""Of a claim that is paid: what came back of its loss since it was approved is the insurer's, up to what it paid."""

from __future__ import annotations

from services.fraud_detection.claims.domain.claims import Claim
from services.fraud_detection.claims.store import recoveries
from services.fraud_detection.decisions.store import decisions
from services.fraud_detection.decisions.store.limits import Reservation
from shared.db.transaction import Tx
from shared.events.claims import ClaimRecovered
from shared.messaging import outbox
from shared.values.money import Fen


def settle_recoveries(tx: Tx, claim: Claim, held: Reservation) -> bool:
    """Publish ``claims.recovered`` for each that is not settled yet; whether any came back since the approval.

    What was told before was taken off what is payable. Where some transfers were not accepted, what comes back is
    of them too, in proportion, and that part is the resident's. What another insurer pays of its own part is the
    resident's as well, and nothing that came back, as long as any of the loss is open: only what it pays beyond that
    was paid here already.
    """
    approved_at = decisions.decided_at(tx, held.decision_id)
    told = [each for each in recoveries.of_claim(tx, claim.claim_id) if each.told_at > approved_at]
    left = held.amount_fen - sum(each.insurers_fen for each in told)
    lost = claim.amount_fen - claim.recovered_fen - claim.other_insurance_fen + sum(each.amount_fen for each in told)
    shared = decisions.shared(tx, held.decision_id)
    accepted = lost - shared.refused_fen
    open_fen = 0 if shared.among_insurers is None else shared.among_insurers.open_fen
    came_back = False
    for each in told:
        of_accepted = each.amount_fen * accepted // lost
        of_others = min(of_accepted, open_fen) if each.kind == "other_insurance" else 0
        open_fen -= of_others
        came_back = came_back or of_others == 0 or of_others < of_accepted
        part = Fen(min(of_accepted - of_others, left)) if each.insurers_fen == 0 else Fen(0)
        if part <= 0:
            continue
        left -= part
        recoveries.give_insurer(tx, each.recovery_id, part)
        event = ClaimRecovered(
            recovery_id=each.recovery_id,
            claim_id=claim.claim_id,
            decision_id=held.decision_id,
            policy_id=claim.policy_id,
            amount_fen=each.amount_fen,
            insurers_fen=part,
            currency=claim.currency,
            recovered_at=each.came_at,
        )
        outbox.add(tx, event, subject=claim.claim_id, now=each.told_at)
    return came_back
