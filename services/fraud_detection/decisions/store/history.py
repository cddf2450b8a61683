"""What else is known of a claim's person, phone, payee, device and handler. Judging it is domain's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.fraud_detection.claims.domain.claims import Claim, OtherClaim
from shared.db.columns import Columns
from shared.db.transaction import Tx
from shared.values.ids import PolicyId, TokenHex

# One person's claims are decided one after the other: of two that tell of one loss, the second must see the first.
_ONE_AT_A_TIME: Final = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"

_OTHER: Final = Columns(
    OtherClaim,
    amount_fen="claims.amount_fen",
    shares_evidence="""EXISTS (SELECT FROM evidence AS mine JOIN evidence AS theirs USING (sha256)
        WHERE mine.claim_id = %(claim_id)s AND theirs.claim_id = claims.claim_id)""",
    approved="state = 'approved'",
    approved_fen="coalesce(final.amount_fen, 0)",
    event_deductible_fen="coalesce(final.event_deductible_fen, 0)",
    by_claimant="person_token = %(person)s",
)
_OTHERS: Final = f"""
SELECT {_OTHER}
FROM claims LEFT JOIN LATERAL (
    SELECT decisions.amount_fen, event_deductible_fen FROM decisions
    WHERE decisions.claim_id = claims.claim_id AND outcome IN ('approved', 'refused') ORDER BY version DESC LIMIT 1
) AS final ON true
WHERE (person_token = %(person)s OR policy_id = ANY(%(policies)s::uuid[])) AND claim_id <> %(claim_id)s"""

_COUNTS: Final = """
SELECT
  (SELECT count(*) FROM claims WHERE person_token = %(person)s AND claim_id <> %(claim_id)s
     AND submitted_at BETWEEN %(at)s - interval '365 days' AND %(at)s) AS person_claims,
  (SELECT count(*) FROM claims WHERE phone_token = %(phone)s AND claim_id <> %(claim_id)s
     AND submitted_at BETWEEN %(at)s - interval '90 days' AND %(at)s) AS phone_claims,
  payee.claims AS payee_claims, payee.persons AS payee_persons, device.claims AS device_claims,
  device.persons AS device_persons, handler.claims AS handler_claims, handler.persons AS handler_persons
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
    asked = {"claim_id": claim.claim_id, "person": claim.person_token, "policies": list(policies)}
    return tx.all(_OTHERS, asked, into=OtherClaim)


def counts(tx: Tx, claim: Claim) -> Counts:
    return tx.the(
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
        into=Counts,
    )
