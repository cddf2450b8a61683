"""What an event on Kafka says of premium, as lines of a statement: for whom, when, how many and how much. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from services.enrollment.statements.domain.line_digest import digest_of, digest_of_each, digest_of_sold
from services.enrollment.statements.domain.statements import Sum, TransactionType
from shared.events.policies import PoliciesCanceled, PoliciesEnrolled, PolicyCanceled, PolicyEndorsed
from shared.values.money import Fen

PremiumEvent: TypeAlias = PoliciesEnrolled | PolicyCanceled | PoliciesCanceled | PolicyEndorsed


@dataclass(frozen=True, slots=True)
class Tally:
    """What one event adds to a partner's month. Events know no tax and no compensation: both are 0 in ``added``."""

    partner_id: str
    currency: str
    booked_at: datetime
    kind: TransactionType
    added: Sum


def tally_of(event: PremiumEvent) -> Tally:
    """The event as lines.

    Raises:
        ValueError, OverflowError: it names an id that is none, or an amount that no column holds.
    """
    match event:
        case PoliciesEnrolled():
            kind: TransactionType = "issued" if event.policies.renews is None else "renewed"
            lines, each = event.policies.count, event.premium_fen
            digest = digest_of_sold(kind, event.policies.policy_id, each)
            added = Sum(lines, Fen(each * lines), digest=digest)
            return Tally(event.partner_id, event.currency, event.enrolled_at, kind, added)
        case PolicyCanceled():
            back = -event.refund_fen
            added = Sum(1, Fen(back), digest=digest_of("canceled", event.policy_id, event.policy_id, back))
            return Tally(event.partner_id, event.currency, event.canceled_at, "canceled", added)
        case PoliciesCanceled():
            backs = [-fen for fen in event.policies.refund_fen]
            added = Sum(len(backs), Fen(sum(backs)), digest=digest_of_each("canceled", event.policies.policy_id, backs))
            return Tally(event.partner_id, event.currency, event.canceled_at, "canceled", added)
        case PolicyEndorsed():
            digest = digest_of("endorsed", event.endorsement_id, event.policy_id, event.premium_delta_fen)
            added = Sum(1, Fen(event.premium_delta_fen), digest=digest)
            return Tally(event.partner_id, event.currency, event.endorsed_at, "endorsed", added)
