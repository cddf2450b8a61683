"""Whether two claims tell of one loss, or may be of one event. What follows is cover_rules' and sharing's."""

from __future__ import annotations

from services.fraud_detection.domain.claims import Claim, OtherClaim
from services.fraud_detection.domain.cover import Product, Share, depends_on_scam_type, liability_codes


def is_same_loss(product: Product, claim: Claim, other: OtherClaim) -> bool:
    """Whether both tell of one loss: their times overlap, and so does what was lost, how or by what proof.

    Overlapping times alone are not enough: a genuine repeat victim may be in two scams at once, and between an act and
    a third party's claim for it lie years.
    """
    return _overlap(claim, other) and (
        claim.amount_fen == other.amount_fen
        or other.shares_evidence
        or (_tell_the_scam_type(product, claim, other) and claim.scam_type == other.scam_type)
    )


def may_be_one_event(product: Product, claim: Claim, other: OtherClaim) -> bool:
    """Whether a person should look at both: another liability of the policy is claimed on for what looks like one loss.

    Where no scam type tells losses apart, what happened at one time may be one event.
    """
    return is_under_another_liability(claim, other) and (
        is_same_loss(product, claim, other)
        or (_overlap(claim, other) and not _tell_the_scam_type(product, claim, other))
    )


def is_of_another_part(claim: Claim, other: OtherClaim, share: Share) -> bool:
    """Whether both may rightly tell of one loss: under another liability of the policy, or a policy that shares it."""
    if other.policy_id == claim.policy_id:
        return other.liability != claim.liability
    return other.policy_id in share.beside


def is_under_another_liability(claim: Claim, other: OtherClaim) -> bool:
    return other.policy_id == claim.policy_id and other.liability != claim.liability


def _overlap(claim: Claim, other: OtherClaim) -> bool:
    return claim.occurred_at <= other.discovered_at and other.occurred_at <= claim.discovered_at


def _tell_the_scam_type(product: Product, claim: Claim, other: OtherClaim) -> bool:
    """Whether both had to say what kind of scam it was; what stands on other claims means nothing."""
    return _asks_for_a_scam_type(product, claim.liability) and _asks_for_a_scam_type(product, other.liability)


def _asks_for_a_scam_type(product: Product, code: str) -> bool:
    """A liability that is another product's is taken to ask for it."""
    return code not in liability_codes(product) or depends_on_scam_type(product, code)
