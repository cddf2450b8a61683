"""Which claims may be decided at once: those that bear on each other are decided one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from services.fraud_detection.claims.domain.claims import Claim
from shared.values.ids import ClaimId, TokenHex


def waves(claims: Iterable[Claim], persons: Mapping[ClaimId, frozenset[TokenHex]]) -> list[list[Claim]]:
    """The claims in as few waves as can be, each after what bears on it, in their order.

    Two claims bear on each other that have one of their ``persons`` in common, the claimant and the insured: so are all
    that are of one policy or of policies beside each other.
    """
    found: list[list[Claim]] = []
    last: dict[TokenHex, int] = {}
    for claim in claims:
        wave = 1 + max((last[person] for person in persons[claim.claim_id] if person in last), default=-1)
        if wave == len(found):
            found.append([])
        found[wave].append(claim)
        last |= dict.fromkeys(persons[claim.claim_id], wave)
    return found
