"""What the model sees of a claim: one vector of numbers, computed from a snapshot of what was known at that moment.

Collecting the snapshot is the use case's work; training and scoring take the vector as it stands here. A past claim
that is handed in for training carries the snapshot's fields, so that both go through the same function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from math import log1p
from typing import Final
from zoneinfo import ZoneInfo

from shared.values.scam_types import SCAM_TYPES, ScamType

HOUR: Final = timedelta(hours=1)
LONGEST_HOURS: Final = 24.0 * 365 * 5
"""Spans are cut at five years: a wrong year in a date must not outweigh everything else."""
NIGHT_ENDS: Final = 6
ROUND_FEN: Final = 100_000
"""Whole thousands of yuan; invented amounts are round more often than bank statements are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What is known of one claim at the moment of its decision; no personal data.

    Amounts in fen, times zone-aware. Counts of *other* claims look back from ``submitted_at``: 365 days for the person
    and the payee, 90 for the phone, 30 for the device and the handler. ``*_persons`` are distinct other persons whose
    claims name the same payee, device or handler in that time. ``birth_year`` is 0 where nobody told it.
    ``police_say_another_scam`` than the claimant did.
    """

    scam_type: ScamType
    amount_fen: int
    event_limit_fen: int
    annual_limit_left_fen: int
    effective_from: datetime
    occurred_at: datetime
    discovered_at: datetime
    reported_at: datetime
    submitted_at: datetime
    zone: str = "Asia/Shanghai"
    birth_year: int = 0
    recovered_fen: int = 0
    other_insurance_fen: int = 0
    description_chars: int = 0
    police_receipts: int = 0
    police_say_another_scam: bool = False
    transfer_records: int = 0
    chat_records: int = 0
    identity_records: int = 0
    evidence_seen_elsewhere: int = 0
    evidence_captured_before_loss: int = 0
    claimant_is_insured: bool = True
    phone_is_insured: bool = True
    has_device: bool = False
    has_handler: bool = False
    person_claims: int = 0
    phone_claims: int = 0
    payee_claims: int = 0
    payee_persons: int = 0
    device_claims: int = 0
    device_persons: int = 0
    handler_claims: int = 0
    handler_persons: int = 0


def _hours(start: datetime, end: datetime) -> float:
    return max(-LONGEST_HOURS, min(LONGEST_HOURS, (end - start) / HOUR))


def _log_hours(start: datetime, end: datetime) -> float:
    """Log of the hours, with sign: the first hours after inception tell more than the two hundredth day."""
    hours = _hours(start, end)
    return log1p(hours) if hours >= 0 else -log1p(-hours)


def _share(part: int, whole: int) -> float:
    """``part`` of ``whole``, cut at 10 so that a tiny limit does not make a giant of a small claim."""
    return min(10.0, part / whole) if whole > 0 else 0.0


def _local(snapshot: Snapshot) -> datetime:
    return snapshot.occurred_at.astimezone(ZoneInfo(snapshot.zone))


def _age(snapshot: Snapshot) -> float:
    """Age by calendar years; 37, the victims' mean in the police statistics, where it is unknown."""
    return float(_local(snapshot).year - snapshot.birth_year) if snapshot.birth_year > 0 else 37.0


def _is_type(code: ScamType) -> Callable[[Snapshot], float]:
    return lambda snapshot: float(snapshot.scam_type == code)


Feature = tuple[str, Callable[[Snapshot], float]]

_COMPUTED: Final[tuple[Feature, ...]] = (
    ("log_amount_yuan", lambda s: log1p(max(0, s.amount_fen) / 100)),
    ("amount_to_event_limit", lambda s: _share(s.amount_fen, s.event_limit_fen)),
    ("amount_to_limit_left", lambda s: _share(s.amount_fen, s.annual_limit_left_fen)),
    ("amount_is_round", lambda s: float(s.amount_fen % ROUND_FEN == 0)),
    ("amount_near_limit", lambda s: float(0.9 <= _share(s.amount_fen, s.event_limit_fen) <= 1.0)),  # noqa: PLR2004  the top tenth of the cover
    ("log_hours_inception_to_loss", lambda s: _log_hours(s.effective_from, s.occurred_at)),
    ("log_hours_loss_to_discovery", lambda s: _log_hours(s.occurred_at, s.discovered_at)),
    ("log_hours_loss_to_report", lambda s: _log_hours(s.occurred_at, s.reported_at)),
    ("log_hours_report_to_claim", lambda s: _log_hours(s.reported_at, s.submitted_at)),
    ("hour_of_loss", lambda s: float(_local(s).hour)),
    ("loss_at_night", lambda s: float(_local(s).hour < NIGHT_ENDS)),
    ("loss_on_weekend", lambda s: float(_local(s).weekday() >= 5)),  # noqa: PLR2004  Saturday is 5
    ("age", _age),
    ("age_unknown", lambda s: float(s.birth_year <= 0)),
    ("recovered_share", lambda s: _share(s.recovered_fen, s.amount_fen)),
    ("other_insurance_share", lambda s: _share(s.other_insurance_fen, s.amount_fen)),
    ("log_description_chars", lambda s: log1p(s.description_chars)),
    ("police_receipts", lambda s: float(s.police_receipts)),
    ("police_say_another_scam", lambda s: float(s.police_say_another_scam)),
    ("transfer_records", lambda s: float(s.transfer_records)),
    ("chat_records", lambda s: float(s.chat_records)),
    ("identity_records", lambda s: float(s.identity_records)),
    ("evidence_seen_elsewhere", lambda s: float(s.evidence_seen_elsewhere)),
    ("evidence_captured_before_loss", lambda s: float(s.evidence_captured_before_loss)),
    ("claimant_is_insured", lambda s: float(s.claimant_is_insured)),
    ("phone_is_insured", lambda s: float(s.phone_is_insured)),
    ("has_device", lambda s: float(s.has_device)),
    ("has_handler", lambda s: float(s.has_handler)),
    ("person_claims", lambda s: float(s.person_claims)),
    ("phone_claims", lambda s: float(s.phone_claims)),
    ("payee_claims", lambda s: float(s.payee_claims)),
    ("payee_persons", lambda s: float(s.payee_persons)),
    ("device_claims", lambda s: float(s.device_claims)),
    ("device_persons", lambda s: float(s.device_persons)),
    ("log_handler_claims", lambda s: log1p(s.handler_claims)),
    ("log_handler_persons", lambda s: log1p(s.handler_persons)),
)

_SPECIFICATION: Final[tuple[Feature, ...]] = _COMPUTED + tuple(
    (f"scam_type_{code}", _is_type(code)) for code in SCAM_TYPES
)

FEATURES: Final[tuple[str, ...]] = tuple(name for name, _ in _SPECIFICATION)
"""The names, in the order of the vector. A model remembers them and refuses a vector of other names."""
FEATURE_SPEC: Final = sha256("\n".join(FEATURES).encode()).hexdigest()[:16]
"""Tells one list of features from another, in the lineage of a dataset."""


def compute(snapshot: Snapshot) -> tuple[float, ...]:
    """The vector of ``snapshot``; entry ``i`` is the feature ``FEATURES[i]``. Always finite."""
    return tuple(function(snapshot) for _, function in _SPECIFICATION)
