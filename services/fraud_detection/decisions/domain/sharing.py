"""How a loss is shared: among a person's policies of a product that stacks, with other insurers, and within one
policy's event limit.

The person may hold such a product with several partners. Each policy pays its share of a loss by its limit for it
(Insurance Law of the PRC, art. 56: in the proportion of the sums insured), whatever is left of that limit. Where the
product says so, other insurers bear theirs by the sums that they insure the loss for.

A policy's own sum insured for a loss is its limit for one event, of the liability and the scam type (payable's
``event_limit``): the most that it would pay for this loss, as another insurer's sum is the most that that one would.
Not the year's limit, which is for all losses of a year, and not what is left of it: else an insurer's part would grow
with every other loss that the first one paid.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.fraud_detection.claims.domain.claims import Claim, OtherClaim, are_parts_of_one
from services.fraud_detection.coverage.domain.cover import Coverage, Product, Share
from services.fraud_detection.decisions.domain.cover_rules import does_not_answer
from services.fraud_detection.decisions.domain.one_event import (
    is_of_one_event,
    is_same_loss,
    named_by_persons,
    told_to_be_one_event,
)
from services.fraud_detection.decisions.domain.payable import event_limit, insured_elsewhere
from shared.values.money import Fen


@dataclass(frozen=True, slots=True)
class Beside:
    """Another policy of the same person under the same product, with the terms of its version."""

    coverage: Coverage
    product: Product


def share(product: Product, claim: Claim, beside: Iterable[Beside], others: Iterable[OtherClaim]) -> Share:
    """The part of the loss that the claim's policy bears. ``others`` are the claims on it and those ``beside`` it."""
    shares = tuple(beside)
    answering = [each for each in shares if not does_not_answer(each.product, each.coverage, claim)]
    own = event_limit(product, claim)
    whole = own + sum(event_limit(each.product, claim) for each in answering) + insured_elsewhere(product, claim)
    policies = frozenset(each.coverage.policy_id for each in shares)
    known = tuple(others)
    named = named_by_persons(claim, known)
    paid = [other for other in known if other.approved]
    of_this_loss = [each for each in paid if each.policy_id in policies and is_same_loss(product, claim, each)]
    on_policy = [each for each in paid if each.policy_id == claim.policy_id]
    event = [each for each in on_policy if is_of_one_event(product, claim, each, named)]
    here = [each for each in event if each.liability == claim.liability]
    # What kind of scam it was may be told of one part alone, after another one was paid.
    of_type = [each for each in here if each.scam_type == claim.scam_type or are_parts_of_one(claim, each)]
    under_this = [each for each in known if (each.policy_id, each.liability) == (claim.policy_id, claim.liability)]
    return Share(
        part=own if whole else 1,
        whole=whole or 1,
        beside=policies,
        loss_paid_fen=Fen(sum(each.approved_fen for each in of_this_loss)),
        event_paid_fen=Fen(sum(each.approved_fen for each in event)),
        event_paid_here_fen=Fen(sum(each.approved_fen for each in here)),
        event_paid_of_type_fen=Fen(sum(each.approved_fen for each in of_type)),
        event_deductible_fen=Fen(
            sum(each.event_deductible_fen for each in under_this if told_to_be_one_event(claim, each, named))
        ),
    )
