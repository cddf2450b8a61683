"""A policy, its states and the reasons to cancel it. How many claims it had is learned from other services' events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import msgspec

from shared.values.ids import BatchId, PartnerId, PolicyId, ProductCode
from shared.values.money import Currency, Fen

PolicyState = Literal["in_force", "upcoming", "canceled", "expired"]
CancelReason = Literal["insured_request", "partner_request", "opt_out", "number_closed", "enrolled_by_mistake", "other"]
"""Codes and not free text: what a person writes about a person does not belong in an event."""


class Consent(msgspec.Struct, frozen=True):
    """That the person agreed: to which text, when and by which way."""

    text_version: str
    given_at: datetime
    channel: str
    sha256: str
    """Of the partner's own record of it, in hex: what it shows in a dispute must be that record."""


class Insured(msgspec.Struct, frozen=True):
    """Who is insured, in clear. Only ever sealed or masked."""

    name: str
    document_type: str
    document_number: str
    phone: str
    birth_date: str = ""
    """As told where the document's number does not tell it, e.g. a passport's: 1990-12-31."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What became of the policy's claims so far, as the other two services announced it."""

    filed: int
    approved: int
    paid: Fen


NO_CLAIMS: Final = Claims(filed=0, approved=0, paid=Fen(0))


@dataclass(frozen=True, slots=True)
class EndedEarly:
    """When and why a policy was canceled, and what of its premium was given back."""

    canceled_at: datetime
    reason: CancelReason
    refund: Fen


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy as stored."""

    policy_id: PolicyId
    partner_id: PartnerId
    partner_reference: str
    product_code: ProductCode
    product_version: int
    batch_id: BatchId | None
    state: PolicyState
    version: int
    premium: Fen
    currency: Currency
    effective_from: datetime
    effective_to: datetime
    """Equal to ``effective_from`` where it was canceled before it began."""
    enrolled_at: datetime
    consent: Consent
    chunk_id: str
    chunk_place: int
    """Where in the chunk's sealed record its Insured stands; the vault opens it."""
    claims: Claims
    waits_from: datetime
    """Where waiting days are counted from: a renewal keeps that of the first policy."""
    renews: PolicyId | None = None
    renewed_by: PolicyId | None = None
    endorsements: int = 0
    ended_early: EndedEarly | None = None
    erased: bool = False
    """The person was forgotten: nothing here says who it was."""

    def state_at(self, now: datetime) -> PolicyState:
        """The state that it has by the calendar, also in the seconds until the job that writes it down has run."""
        return state_at(self.state, self.effective_from, self.effective_to, now)


def state_at(written: PolicyState, effective_from: datetime, effective_to: datetime, now: datetime) -> PolicyState:
    """The state by the calendar of a policy whose ``written`` state may be some seconds behind."""
    match written:
        case "in_force" if effective_to <= now:
            return "expired"
        case "upcoming" if effective_from <= now:
            return "in_force"
        case state:
            return state
