"""Works off the list of insured who are to be told that a partner ends. Telling them is left to people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from services.enrollment.partners.domain.errors import NotWindingDown, UnknownPartner
from services.enrollment.partners.store import partner_records
from services.enrollment.policies.store import transfers
from shared.db import audit
from shared.db.transaction import Tx
from shared.values.errors import InvalidField
from shared.values.ids import PartnerId, PolicyId

_CLOCK_SKEW: Final = timedelta(minutes=5)


def ending_partner(tx: Tx, partner_id: PartnerId) -> int:
    """The number of a partner that winds down.

    Raises:
        UnknownPartner: there is none.
        NotWindingDown: nobody is to be told of anything.
    """
    record = partner_records.record(tx, partner_id)
    if record is None:
        raise UnknownPartner(partner_id)
    if record.wind_down is None:
        raise NotWindingDown(partner_id)
    return record.terms.contract.partner_no


def mark_notified(
    tx: Tx,
    partner_id: PartnerId,
    policies: Sequence[PolicyId],
    *,
    channel: str,
    at: datetime,
    actor: str,
    now: datetime,
) -> int:
    """How many of these policies' insured were waiting until now.

    Raises:
        UnknownPartner, NotWindingDown: there is no list.
        InvalidField: they were told in the future.
    """
    number = ending_partner(tx, partner_id)
    if at > now + _CLOCK_SKEW:
        raise InvalidField("/notified_at", "This lies in the future.", "Send the time at which they were told.")
    marked = transfers.mark_notified(tx, number, policies, channel=channel, by=actor, at=at)
    if marked:
        audit.record(
            tx,
            actor=actor,
            action="insured.notified",
            subject=partner_id,
            details={"policies": marked, "channel": channel},
            now=now,
        )
    return marked
