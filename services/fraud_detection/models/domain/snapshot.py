"""What is known of a claim when it is scored, as it is stored with the decision and handed in for training."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.values.scam_types import ScamType


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What is known of one claim at the moment of its decision; no personal data. None is what nobody told.

    Amounts in fen, times zone-aware. Counts of *other* claims look back from ``submitted_at``: 365 days for the person
    and the payee, 90 for the phone, 30 for the device and the handler. ``*_persons`` are distinct other persons whose
    claims name the same payee, device or handler in that time; a claim that names none has no such count.
    ``police_say_another_scam`` than the claimant did; None where no paper of the police was told.
    """

    scam_type: ScamType
    amount_fen: int
    event_limit_fen: int
    annual_limit_left_fen: int | None = None
    effective_from: datetime
    occurred_at: datetime
    discovered_at: datetime | None = None
    reported_at: datetime | None = None
    submitted_at: datetime
    zone: str = "Asia/Shanghai"
    birth_year: int | None = None
    recovered_fen: int | None = None
    other_insurance_fen: int | None = None
    description_chars: int | None = None
    police_receipts: int | None = None
    police_say_another_scam: bool | None = None
    transfer_records: int | None = None
    chat_records: int | None = None
    identity_records: int | None = None
    evidence_seen_elsewhere: int | None = None
    evidence_captured_before_loss: int | None = None
    claimant_is_insured: bool | None = None
    phone_is_insured: bool | None = None
    has_device: bool | None = None
    has_handler: bool | None = None
    person_claims: int | None = None
    phone_claims: int | None = None
    payee_claims: int | None = None
    payee_persons: int | None = None
    device_claims: int | None = None
    device_persons: int | None = None
    handler_claims: int | None = None
    handler_persons: int | None = None
