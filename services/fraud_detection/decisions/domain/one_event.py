"""Whether two claims tell of one loss, or may be of one event. What follows is cover_rules' and sharing's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from services.fraud_detection.claims.domain.claims import Claim, OtherClaim, are_parts_of_one
from services.fraud_detection.coverage.domain.cover import Product, Share, depends_on_scam_type, liability_codes

_Named = TypeVar("_Named", Claim, OtherClaim)


def is_same_loss(product: Product, claim: Claim, other: OtherClaim) -> bool:
    """Whether both tell of one loss: their times overlap, and so does what was lost, how or by what proof.

    Unless a person told their events apart, or both are parts of one claim: each tells its own transfers.

    Overlapping times alone are not enough: a genuine repeat victim may be in two scams at once, and between an act and
    a third party's claim for it lie years.
    """
    if are_told_apart(claim, other) or are_parts_of_one(claim, other) or not _overlap(claim, other):
        return False
    return (
        claim.amount_fen == other.amount_fen
        or other.shares_evidence
        or (_tell_the_scam_type(product, claim, other) and claim.scam_type == other.scam_type)
    )


def is_of_one_event(
    product: Product, claim: Claim, other: OtherClaim, named: Iterable[Claim | OtherClaim] = ()
) -> bool:
    """Whether what was paid for the other one counts for this one's event: both name it alike, or tell of one loss, or
    were one claim.

    ``named`` are those of named_by_persons: the name of a part is that of all parts which nobody named.
    Under one liability of one policy, only a name makes two claims one event: those who tell of one loss are duplicates
    there, and who approves the second one nevertheless says that it is another loss.
    """
    return any(_is_of_one_event(product, *both) for both in _by_name(claim, other, named))


def named_by_persons(claim: Claim, others: Iterable[OtherClaim]) -> list[Claim | OtherClaim]:
    """Those of these claims of which a person of the staff named the event."""
    known: tuple[Claim | OtherClaim, ...] = (claim, *others)
    return [each for each in known if each.event_named]


def told_to_be_one_event(claim: Claim, other: OtherClaim, named: Iterable[Claim | OtherClaim] = ()) -> bool:
    """Whether persons named both events, and alike, or split one claim: what claimants call theirs spares them no
    deductible. ``named`` as in is_of_one_event.
    """
    return any(
        (mine.event_named and theirs.event_named and _name_one_event(mine, theirs)) or _were_one_claim(mine, theirs)
        for mine, theirs in _by_name(claim, other, named)
    )


def may_be_one_event(product: Product, claim: Claim, other: OtherClaim) -> bool:
    """Whether a person should look at both: the policy is claimed on for what is one event, or happened at one time
    under another liability, where no scam type tells losses apart.
    """
    if other.policy_id != claim.policy_id:
        return False
    if is_of_one_event(product, claim, other):
        return True
    at_one_time = _overlap(claim, other) and not _tell_the_scam_type(product, claim, other)
    return at_one_time and other.liability != claim.liability and not are_told_apart(claim, other)


def is_of_another_part(claim: Claim, other: OtherClaim, share: Share) -> bool:
    """Whether both may rightly tell of one loss: under another liability of the policy, or a policy that shares it."""
    if other.policy_id == claim.policy_id:
        return other.liability != claim.liability
    return other.policy_id in share.beside


def are_told_apart(claim: Claim, other: OtherClaim) -> bool:
    """Whether persons named both events, and otherwise. What claimants call theirs parts nothing: it would pay them."""
    return claim.event_named and other.event_named and claim.event_reference != other.event_reference


def _is_of_one_event(product: Product, claim: Claim, other: OtherClaim) -> bool:
    if _name_one_event(claim, other) or _were_one_claim(claim, other):
        return True
    one_cover = other.policy_id == claim.policy_id and other.liability == claim.liability
    return not one_cover and is_same_loss(product, claim, other)


def _by_name(
    claim: Claim, other: OtherClaim, named: Iterable[Claim | OtherClaim]
) -> Iterator[tuple[Claim, OtherClaim]]:
    """Both claims under each name that persons gave their events."""
    known = tuple(named)
    for mine in _under_names(claim, known):
        for theirs in _under_names(other, known):
            yield mine, theirs


def _under_names(one: _Named, named: Iterable[Claim | OtherClaim]) -> list[_Named]:
    """The claim; or, where a person named other parts of it and not this one, it under the name of each of those."""
    if one.event_named:
        return [one]
    names = {each.event_reference: None for each in named if are_parts_of_one(one, each)}
    return [replace(one, event_reference=name, event_named=True) for name in names] or [one]


def _name_one_event(claim: Claim, other: OtherClaim) -> bool:
    return claim.event_reference is not None and claim.event_reference == other.event_reference


def _were_one_claim(claim: Claim, other: OtherClaim) -> bool:
    return are_parts_of_one(claim, other) and not are_told_apart(claim, other)


def _overlap(claim: Claim, other: OtherClaim) -> bool:
    return claim.occurred_at <= other.discovered_at and other.occurred_at <= claim.discovered_at


def _tell_the_scam_type(product: Product, claim: Claim, other: OtherClaim) -> bool:
    """Whether both had to say what kind of scam it was; what stands on other claims means nothing."""
    return _asks_for_a_scam_type(product, claim.liability) and _asks_for_a_scam_type(product, other.liability)


def _asks_for_a_scam_type(product: Product, code: str) -> bool:
    """A liability that is another product's is taken to ask for it."""
    return code not in liability_codes(product) or depends_on_scam_type(product, code)
