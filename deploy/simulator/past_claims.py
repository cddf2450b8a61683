"""Labelled past claims, as a fraud team hands them in for training. How dishonest ones look is ``schemes``'s."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from deploy.simulator import schemes
from deploy.simulator.scams import Incident, at_hour, chance, happen
from deploy.simulator.schemes import PastClaim

DISHONEST_SHARE: Final = 0.08
"""Of claims on cheap retail covers; insurers' estimates run from 5 to 15 per cent."""
REPEAT_VICTIM_SHARE: Final = 0.03
SELDOM_KNOWN: Final[dict[str, float]] = {
    "birth_year": 0.04,
    "recovered_fen": 0.05,
    "other_insurance_fen": 0.2,
    "police_say_another_scam": 0.4,
    "evidence_captured_before_loss": 0.3,
    "discovered_at": 0.05,
    "annual_limit_left_fen": 0.03,
}
"""In which share of old files these are missing; a guess, and the same for honest and dishonest ones."""


def make(seed: int, n: int, *, until: datetime, days: int = 730) -> list[PastClaim]:
    """``n`` decided claims of the ``days`` before ``until``, oldest first; about DISHONEST_SHARE are dishonest."""
    moments = Random(f"{seed} moments")
    submitted = sorted(until - timedelta(days=days) * moments.random() for _ in range(n))
    return [_one(Random(f"{seed} {number}"), moment) for number, moment in enumerate(submitted)]


def ndjson(claims: Iterable[PastClaim]) -> Iterator[bytes]:
    """The body of ``POST /v1/past-claims``, a line at a time. The scheme that was played stays with the simulator."""
    encoder = msgspec.json.Encoder()
    for claim in claims:
        row = msgspec.to_builtins(claim, builtin_types=(datetime,))
        del row["scheme"], row["unknown"]
        row |= dict.fromkeys(claim.unknown)
        yield encoder.encode(row) + b"\n"


def write_ndjson(path: Path, claims: Iterable[PastClaim]) -> None:
    """The same as a file."""
    with path.open("wb") as file:
        file.writelines(ndjson(claims))


def _one(rng: Random, submitted_at: datetime) -> PastClaim:
    claim = honest(rng, happen(rng), submitted_at)
    drawn = rng.random()
    if drawn < DISHONEST_SHARE:
        schemes.play(rng, claim, rng.choice(schemes.DISHONEST))
    elif drawn < DISHONEST_SHARE + REPEAT_VICTIM_SHARE:
        schemes.play(rng, claim, schemes.GENUINE_REPEAT_VICTIM)
    claim.police_say_another_scam = chance(rng, 0.15 if claim.dishonest else 0.05)
    claim.unknown = tuple(_unknown(rng, claim))
    return claim


def _unknown(rng: Random, claim: PastClaim) -> Iterator[str]:
    """What no insurer knows of such a claim: counts by what it does not name, and what was often not asked or kept.

    Whether anybody asked has nothing to do with honesty here, so that no model learns from the gaps.
    """
    if not claim.has_device:
        yield from ("device_claims", "device_persons")
    if not claim.has_handler:
        yield from ("handler_claims", "handler_persons")
    yield from (name for name, share in SELDOM_KNOWN.items() if chance(rng, share))


def honest(rng: Random, incident: Incident, submitted_at: datetime) -> PastClaim:
    """What an insurer has on file of an honest claim; families share a device, an agent files for many."""
    reported_at = submitted_at - timedelta(hours=incident.hours_to_claim)
    discovered_at = reported_at - timedelta(hours=incident.hours_to_report)
    occurred_at = at_hour(discovered_at - timedelta(hours=incident.hours_to_discovery), incident.hour_of_day)
    event_limit = rng.choice((3_000_000, 5_000_000, 5_000_000, 10_000_000))
    has_handler = chance(rng, 0.12)
    family = chance(rng, 0.05)
    return PastClaim(
        scam_type=incident.scam_type,
        amount_fen=incident.amount_fen,
        event_limit_fen=event_limit,
        annual_limit_left_fen=event_limit,
        effective_from=occurred_at - timedelta(days=rng.uniform(3, 30) if chance(rng, 0.2) else rng.uniform(3, 365)),
        occurred_at=occurred_at,
        discovered_at=discovered_at,
        reported_at=reported_at,
        submitted_at=submitted_at,
        birth_year=submitted_at.year - int(19 + 49 * rng.betavariate(2.0, 3.44)),
        recovered_fen=int(incident.amount_fen * rng.uniform(0.05, 0.6)) if chance(rng, 0.1) else 0,
        other_insurance_fen=int(incident.amount_fen * rng.uniform(0.1, 0.5)) if chance(rng, 0.03) else 0,
        description_chars=incident.description_chars,
        police_receipts=1,
        transfer_records=incident.transfer_records,
        chat_records=incident.chat_records,
        identity_records=1,
        evidence_seen_elsewhere=int(chance(rng, 0.01)),
        evidence_captured_before_loss=int(chance(rng, 0.03)),
        claimant_is_insured=chance(rng, 0.95),
        phone_is_insured=chance(rng, 0.92),
        has_device=chance(rng, 0.85),
        has_handler=has_handler,
        device_claims=int(family) + (chance(rng, 0.02)),
        device_persons=int(family),
        payee_claims=int(family and chance(rng, 0.4)),
        payee_persons=int(family and chance(rng, 0.4)),
        handler_claims=int(rng.expovariate(0.2)) if has_handler else 0,
        handler_persons=int(rng.expovariate(0.25)) if has_handler else 0,
    )
