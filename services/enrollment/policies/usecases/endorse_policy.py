"""Changes one running policy: what it lists, with premium for the days left; a phone or a name without.

A phone or a name is the person's: the renewal that waits for the policy's end gets the same change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import assert_never

import msgspec

from services.enrollment.partners.domain.partners import Contract, check_may_sell
from services.enrollment.partners.usecases.contracts import contract_of
from services.enrollment.people.domain.errors import UnknownPolicy
from services.enrollment.people.domain.policies import Policy
from services.enrollment.policies.domain.endorsements import (
    Change,
    Endorsement,
    EndorsementKind,
    ItemAdded,
    ItemRemoved,
    NameCorrected,
    PhoneChanged,
    first_day,
    item_premium,
    with_item,
    without_item,
)
from services.enrollment.policies.domain.errors import NotEndorsable
from services.enrollment.policies.domain.refunds import of_added, of_removed, total
from services.enrollment.policies.store import cancellations, endorsements, policies, schedules, told_names
from services.enrollment.policies.usecases.vault import Vault
from services.enrollment.products.domain.amounts import NOTHING, Amounts
from services.enrollment.products.domain.cover import today_of, zone_of
from services.enrollment.products.store import products
from shared.db import audit
from shared.db.transaction import Tx
from shared.events.policies import PolicyEndorsed
from shared.messaging import outbox
from shared.process.new_ids import new_id
from shared.values.ids import PolicyId, TokenHex
from shared.values.periods import Period
from shared.values.shapes import reshape


@dataclass(frozen=True, slots=True)
class _Effect:
    kind: EndorsementKind
    effective_at: datetime
    amounts: Amounts = NOTHING
    item: str | None = None
    phone_token: TokenHex | None = None
    name_token: TokenHex | None = None


def endorse_policy(
    tx: Tx,
    policy_id: PolicyId,
    change: Change,
    *,
    tenant: str,
    actor: str,
    require_match: Callable[[int], None],
    vault: Vault,
    now: datetime,
) -> Endorsement:
    """The change as stored on this policy.

    Raises:
        UnknownPolicy: there is none, or it is another partner's.
        MatchMissing, VersionMismatch: by ``require_match``: the policy changed since the caller read it.
        NotEndorsable: it is not in force.
        ContractNotRunning, ProductNotSold: an item is new cover, which the partner may not sell now.
        InvalidField: what is asked for does not fit the policy.
    """
    contract = contract_of(tx, tenant)
    policy = policies.policy(tx, policy_id, partner_no=contract.partner_no, lock=True)
    if policy is None:
        raise UnknownPolicy(policy_id)
    require_match(policy.version)
    if policy.state_at(now) != "in_force" or policy.state != "in_force" or policy.erased:
        raise NotEndorsable(policy_id, "erased" if policy.erased else policy.state_at(now))
    changed = [policy, *_waiting_too(tx, policy, change)]
    effects = [_effect(tx, each, change, contract, vault=vault, now=now) for each in changed]
    stored = [_store(tx, *each, actor=actor, now=now) for each in zip(changed, effects, strict=True)]
    return stored[0]


def _waiting_too(tx: Tx, policy: Policy, change: Change) -> list[Policy]:
    """The renewal that gets the change as well, locked; it was sealed when it was ordered, and nobody endorses it."""
    if isinstance(change, ItemAdded | ItemRemoved) or policy.renewed_by is None:
        return []
    renewal = policies.waiting(tx, policy.renewed_by)
    return [] if renewal is None else [renewal]


def _effect(tx: Tx, policy: Policy, change: Change, contract: Contract, *, vault: Vault, now: datetime) -> _Effect:
    match change:
        case ItemAdded() | ItemRemoved():
            return _list(tx, policy, change, contract, now)
        case PhoneChanged(phone):
            vault.replace(tx, policy, msgspec.structs.replace(vault.insured(tx, policy), phone=phone))
            return _Effect("phone_changed", now, phone_token=vault.tokenizer.phone(phone))
        case NameCorrected(name):
            corrected = msgspec.structs.replace(vault.insured(tx, policy), name=name)
            vault.replace(tx, policy, corrected)
            told_names.ask_again(tx, policy.policy_id)
            return _Effect("name_corrected", now, name_token=vault.name(corrected))
        case _:
            assert_never(change)


def _list(tx: Tx, policy: Policy, change: ItemAdded | ItemRemoved, contract: Contract, now: datetime) -> _Effect:
    """Change what the policy lists, and say what that costs."""
    terms = products.version(tx, policy.product_code, policy.product_version).terms
    listed = schedules.schedule(tx, policy.policy_id)
    cover = Period(policy.effective_from, policy.effective_to)
    zone = zone_of(terms)
    reference = change.item.reference if isinstance(change, ItemAdded) else change.reference
    changed_at = endorsements.last_change_of(tx, policy.policy_id, reference)
    changed_on = None if changed_at is None else changed_at.astimezone(zone).date()
    day = first_day(
        change.effective_date,
        terms,
        (cover.start, cover.end),
        now,
        back_dating_days=contract.back_dating_days,
        after=changed_on,
    )
    (held,) = [each for each in cancellations.hold(tx, [policy.policy_id]) if each.policy_id == policy.policy_id]
    per_term = item_premium(terms, listed.rate_percent)
    by_policy = held.compensation_kind == "service_fee"
    if isinstance(change, ItemAdded):
        check_may_sell(contract, policy.product_code, today_of(terms, now))
        items = with_item(listed.items, change.item, terms)
        amounts = of_added(per_term, held.sold, cover, day, zone, by_policy=by_policy)
        kind: EndorsementKind = "item_added"
    else:
        items = without_item(listed.items, change.reference, terms)
        amounts = of_removed(
            per_term,
            total(held.charges(zone)),
            cover,
            (changed_on or cover.start.astimezone(zone).date(), day),
            zone,
            table=terms.refund_table,
            claimed=held.claimed,
            by_policy=by_policy,
        )
        kind = "item_removed"
    endorsements.set_items(tx, policy.policy_id, items)
    return _Effect(kind, datetime.combine(day, datetime.min.time(), zone).astimezone(UTC), amounts, reference)


def _store(tx: Tx, policy: Policy, effect: _Effect, *, actor: str, now: datetime) -> Endorsement:
    event = PolicyEndorsed(
        endorsement_id=new_id(),
        policy_id=policy.policy_id,
        version=policy.version + 1,
        partner_id=policy.partner_id,
        kind=effect.kind,
        endorsed_at=now,
        effective_at=effect.effective_at,
        premium_delta_fen=effect.amounts.premium,
        currency=policy.currency,
        phone_token=effect.phone_token,
        item_reference=effect.item,
        name_token=effect.name_token,
    )
    endorsement = reshape(
        event,
        Endorsement,
        amounts=effect.amounts,
        item=effect.item,
        endorsed_by=actor,
        event_id=outbox.add(tx, event, subject=policy.policy_id, now=now),
    )
    endorsements.add(tx, endorsement, phone_token=effect.phone_token)
    audit.record(
        tx,
        actor=actor,
        action="policy.endorsed",
        subject=policy.policy_id,
        details={"kind": effect.kind, "premium_delta_fen": effect.amounts.premium},
        now=now,
    )
    return endorsement
