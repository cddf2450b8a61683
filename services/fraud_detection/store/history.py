"""What else is known of a claim's person, phone, payee, device and handler. Judging it is domain's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.fraud_detection.domain.claims import Claim, OtherClaim
from shared.db.transaction import Tx
from shared.values.ids import ClaimId, PolicyId, TokenHex
from shared.values.money import Fen

# One person's claims are decided one after the other: of two that tell of one loss, the second must see the first.
_ONE_AT_A_TIME: Final = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"

_OTHERS: Final = """
SELECT claim_id, scam_type, occurred_at, discovered_at, submitted_at, claims.amount_fen, payee_token,
       EXISTS (SELECT FROM evidence AS mine JOIN evidence AS theirs USING (sha256)
               WHERE mine.claim_id = %(claim_id)s AND theirs.claim_id = claims.claim_id),
       state = 'approved', policy_id, liability, person_token = %(person)s,
       coalesce(final.amount_fen, 0), event_reference, event_named, coalesce(final.event_deductible_fen, 0)
FROM claims LEFT JOIN LATERAL (
    SELECT decisions.amount_fen, event_deductible_fen FROM decisions
    WHERE decisions.claim_id = claims.claim_id AND outcome IN ('approved', 'refused') ORDER BY version DESC LIMIT 1
) AS final ON true
WHERE (person_token = %(person)s OR policy_id = ANY(%(policies)s::uuid[])) AND claim_id <> %(claim_id)s"""

_COUNTS: Final = """
SELECT
  (SELECT count(*) FROM claims WHERE person_token = %(person)s AND claim_id <> %(claim_id)s
     AND submitted_at BETWEEN %(at)s - interval '365 days' AND %(at)s),
  (SELECT count(*) FROM claims WHERE phone_token = %(phone)s AND claim_id <> %(claim_id)s
     AND submitted_at BETWEEN %(at)s - interval '90 days' AND %(at)s),
  payee.claims, payee.persons, device.claims, device.persons, handler.claims, handler.persons
FROM
  (SELECT count(*) AS claims, count(DISTINCT person_token) FILTER (WHERE person_token <> %(person)s) AS persons
   FROM claims WHERE payee_token = %(payee)s AND claim_id <> %(claim_id)s
     AND submitted_at BETWEEN %(at)s - interval '365 days' AND %(at)s) AS payee,
  (SELECT count(*) AS claims, count(DISTINCT person_token) FILTER (WHERE person_token <> %(person)s) AS persons
   FROM claims WHERE device_token = %(device)s AND claim_id <> %(claim_id)s
     AND submitted_at BETWEEN %(at)s - interval '30 days' AND %(at)s) AS device,
  (SELECT count(*) AS claims, count(DISTINCT person_token) FILTER (WHERE person_token <> %(person)s) AS persons
   FROM claims WHERE handler_token = %(handler)s AND claim_id <> %(claim_id)s
     AND submitted_at BETWEEN %(at)s - interval '30 days' AND %(at)s) AS handler"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Other claims before this one, in the windows that features.Snapshot states."""

    person_claims: int
    phone_claims: int
    payee_claims: int
    payee_persons: int
    device_claims: int
    device_persons: int
    handler_claims: int
    handler_persons: int


def one_at_a_time(tx: Tx, person: TokenHex) -> None:
    """Wait until no other transaction decides on a claim of this person."""
    tx.one(_ONE_AT_A_TIME, (f"claims of {person}",))


def other_claims(tx: Tx, claim: Claim, policies: Sequence[PolicyId]) -> list[OtherClaim]:
    """All other claims of the same person and on these policies, whichever channel took them."""
    return [
        OtherClaim(
            claim_id=ClaimId(row[0]),
            scam_type=row[1],
            occurred_at=row[2],
            discovered_at=row[3],
            submitted_at=row[4],
            amount_fen=Fen(row[5]),
            payee_token=TokenHex(row[6]),
            shares_evidence=row[7],
            approved=row[8],
            policy_id=PolicyId(row[9]),
            liability=row[10],
            by_claimant=row[11],
            approved_fen=Fen(row[12]),
            event_reference=row[13],
            event_named=row[14],
            event_deductible_fen=Fen(row[15]),
        )
        for row in tx.all(
            _OTHERS, {"claim_id": claim.claim_id, "person": claim.person_token, "policies": list(policies)}
        )
    ]


def counts(tx: Tx, claim: Claim) -> Counts:
    row = tx.one(
        _COUNTS,
        {
            "claim_id": claim.claim_id,
            "at": claim.submitted_at,
            "person": claim.person_token,
            "phone": claim.phone_token,
            "payee": claim.payee_token,
            "device": claim.device_token,
            "handler": claim.handler_token,
        },
    )
    if row is None:
        raise AssertionError("an aggregate without GROUP BY has one row")
    return Counts(
        person_claims=row[0],
        phone_claims=row[1],
        payee_claims=row[2],
        payee_persons=row[3],
        device_claims=row[4],
        device_persons=row[5],
        handler_claims=row[6],
        handler_persons=row[7],
    )
