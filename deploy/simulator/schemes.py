"""The twelve claimant schemes, each as what it leaves on a claim's file; the twelfth is honest.

Three in ten cheats are careful and leave little: no model should find them all.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Final

import msgspec

from deploy.simulator.scams import at_hour, chance, lognormal

CAREFUL_SHARE: Final = 0.3
GENUINE_REPEAT_VICTIM: Final = "genuine_repeat_victim"


class PastClaim(msgspec.Struct, kw_only=True):
    """One decided claim as training reads it: the model's inputs, and whether it turned out dishonest.

    What is ``unknown`` to the insurer is null in the file.
    """

    scam_type: str
    amount_fen: int
    event_limit_fen: int
    annual_limit_left_fen: int
    effective_from: datetime
    occurred_at: datetime
    discovered_at: datetime
    reported_at: datetime
    submitted_at: datetime
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
    dishonest: bool = False
    scheme: str | None = None
    unknown: tuple[str, ...] = ()


def play(rng: Random, claim: PastClaim, scheme: str) -> None:
    """Turn an honest file into what ``scheme`` leaves behind."""
    claim.scheme = scheme
    claim.dishonest = scheme != GENUINE_REPEAT_VICTIM
    if claim.dishonest and chance(rng, CAREFUL_SHARE):
        return
    SCHEMES[scheme](rng, claim)


def _loss_soon_after_inception(rng: Random, claim: PastClaim, median_days: float) -> None:
    claim.effective_from = claim.occurred_at - timedelta(days=min(350.0, 3 + lognormal(rng, median_days, 0.8)))


def _near_limit(rng: Random, claim: PastClaim) -> None:
    amount = claim.event_limit_fen * rng.uniform(0.7, 1.05)
    claim.amount_fen = round(amount / 100_000) * 100_000 if chance(rng, 0.6) else round(amount)


def _thin_story(rng: Random, claim: PastClaim) -> None:
    claim.description_chars = int(lognormal(rng, 45.0, 0.5))
    claim.chat_records = int(chance(rng, 0.4))


def _staged_with_friend(rng: Random, claim: PastClaim) -> None:
    _near_limit(rng, claim)
    _thin_story(rng, claim)
    _loss_soon_after_inception(rng, claim, 25.0)
    claim.payee_claims += chance(rng, 0.4)


def _loss_before_inception(rng: Random, claim: PastClaim) -> None:
    _loss_soon_after_inception(rng, claim, 3.0)
    claim.evidence_captured_before_loss += rng.randint(1, 3) if chance(rng, 0.6) else 0


def _double_claim(rng: Random, claim: PastClaim) -> None:
    claim.person_claims += rng.randint(1, 3)
    claim.evidence_seen_elsewhere += rng.randint(1, 2) if chance(rng, 0.6) else 0
    claim.other_insurance_fen = 0


def _identity_misuse(rng: Random, claim: PastClaim) -> None:
    claim.claimant_is_insured = chance(rng, 0.4)
    claim.phone_is_insured = chance(rng, 0.2)
    claim.identity_records = int(chance(rng, 0.5))
    claim.phone_claims += rng.randint(0, 4)
    _many_for_handler(rng, claim)


def _forged_or_reused_evidence(rng: Random, claim: PastClaim) -> None:
    claim.evidence_seen_elsewhere += rng.randint(1, 3)
    claim.evidence_captured_before_loss += chance(rng, 0.5)


def _exaggeration(rng: Random, claim: PastClaim) -> None:
    claim.amount_fen = round(claim.amount_fen * rng.uniform(2.0, 5.0))
    if chance(rng, 0.6):
        claim.amount_fen = max(1, round(claim.amount_fen / 100_000)) * 100_000
    claim.transfer_records = 1
    claim.description_chars = int(lognormal(rng, 70.0, 0.5))


def _disguised_type(rng: Random, claim: PastClaim) -> None:
    """Gambling told as fake customer service: nights, many transfers, hardly a chat to show."""
    claim.scam_type = "fake_customer_service"
    claim.occurred_at = at_hour(claim.occurred_at, rng.randint(1, 4))
    claim.transfer_records = rng.randint(4, 12)
    claim.chat_records = int(chance(rng, 0.25))


def _mule_claimant(rng: Random, claim: PastClaim) -> None:
    claim.payee_claims += rng.randint(2, 8)
    claim.payee_persons += rng.randint(1, 6)
    claim.birth_year = claim.submitted_at.year - rng.randint(18, 26)
    claim.phone_is_insured = chance(rng, 0.5)


def _undeclared_recovery(rng: Random, claim: PastClaim) -> None:
    """The bank froze the money at once and gave it back; the claim says nothing of it."""
    claim.recovered_fen = 0
    to_discovery, cover = claim.discovered_at - claim.occurred_at, claim.occurred_at - claim.effective_from
    claim.reported_at = claim.submitted_at - timedelta(days=rng.uniform(8, 25))
    claim.discovered_at = claim.reported_at - timedelta(hours=rng.uniform(0.1, 1.0))
    claim.occurred_at = claim.discovered_at - to_discovery
    claim.effective_from = claim.occurred_at - cover


def _velocity(rng: Random, claim: PastClaim) -> None:
    claim.has_device = True
    claim.device_claims += rng.randint(2, 10)
    claim.device_persons += rng.randint(1, 8)
    _thin_story(rng, claim)
    if chance(rng, 0.5):
        claim.payee_claims += rng.randint(1, 5)
        claim.payee_persons += rng.randint(1, 4)


def _insider(rng: Random, claim: PastClaim) -> None:
    """Phantom members, enrolled for the claim: a handler with many, soon after inception, filed at once."""
    _loss_soon_after_inception(rng, claim, 6.0)
    _many_for_handler(rng, claim)
    claim.reported_at = claim.submitted_at - timedelta(hours=rng.uniform(1, 12))
    claim.discovered_at = min(claim.discovered_at, claim.reported_at - timedelta(minutes=20))
    claim.occurred_at = min(claim.occurred_at, claim.discovered_at - timedelta(minutes=20))


def _many_for_handler(rng: Random, claim: PastClaim) -> None:
    claim.has_handler = True
    claim.handler_claims += rng.randint(5, 30)
    claim.handler_persons += rng.randint(4, 25)


def _genuine_repeat_victim(rng: Random, claim: PastClaim) -> None:
    """Cheated again, as many are: earlier claims, an older victim, a full and honest file."""
    claim.person_claims += rng.randint(1, 3)
    claim.phone_claims += claim.person_claims
    claim.payee_claims += claim.person_claims
    claim.annual_limit_left_fen = round(claim.annual_limit_left_fen * rng.uniform(0.2, 0.9))
    claim.birth_year = claim.submitted_at.year - rng.randint(45, 67)
    claim.description_chars = int(lognormal(rng, 180.0, 0.5))
    claim.chat_records += 1


SCHEMES: Final[dict[str, Callable[[Random, PastClaim], None]]] = {
    "staged_with_friend": _staged_with_friend,
    "loss_before_inception": _loss_before_inception,
    "double_claim": _double_claim,
    "identity_misuse": _identity_misuse,
    "forged_or_reused_evidence": _forged_or_reused_evidence,
    "exaggeration": _exaggeration,
    "disguised_type": _disguised_type,
    "mule_claimant": _mule_claimant,
    "undeclared_recovery": _undeclared_recovery,
    "velocity": _velocity,
    "insider": _insider,
    GENUINE_REPEAT_VICTIM: _genuine_repeat_victim,
}
DISHONEST: Final = tuple(scheme for scheme in SCHEMES if scheme != GENUINE_REPEAT_VICTIM)
