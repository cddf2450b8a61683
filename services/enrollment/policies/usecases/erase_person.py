"""Forgets a person on all of their policies, with every partner: nothing that is stored says any more who it was.

Tokens on their way to Kafka or lying there are hashes under a key that only the settings hold; consumers overwrite
theirs when they hear of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final, TypeAlias

from services.enrollment.people.domain.errors import UnknownPolicy
from services.enrollment.people.domain.policies import Policy
from services.enrollment.people.store import opt_outs
from services.enrollment.policies.domain.erasures import OVERRIDING, Erasure, Ground, end_reason, kept_until
from services.enrollment.policies.domain.errors import CoverStillRuns, PersonForgotten, RecordsMustBeKept
from services.enrollment.policies.store import erasures, policies
from services.enrollment.policies.store.erasures import Trace
from services.enrollment.policies.usecases.end_policies import end_policies
from services.enrollment.policies.usecases.vault import Vault
from services.enrollment.products.domain.cover import today_of, zone_of
from services.enrollment.products.store import products
from shared.db import audit
from shared.db.transaction import Tx
from shared.events.policies import PoliciesErased
from shared.messaging import outbox
from shared.process.new_ids import new_id
from shared.values.ids import PolicyId, TokenHex

_NO_KEY: Final = b"\0"
"""Keys have the numbers from 1 to 255, so no person and no phone ever has a token that begins so."""
_HASH_BYTES: Final = 16
_FIRST: Final = "00000000-0000-0000-0000-000000000000"


Forget: TypeAlias = Callable[[Tx, Sequence[PolicyId]], None]
"""Forgets what a wing above this one holds of the person of these policies; called before they are overwritten."""


def erase_person(
    tx: Tx, policy_id: PolicyId, ground: Ground, *, vault: Vault, elsewhere: Forget, actor: str, now: datetime
) -> Erasure:
    """Forget the person behind this policy. Cover that runs under an overriding ground is ended and given back first.

    Raises:
        UnknownPolicy: there is no such policy.
        PersonForgotten: it was done before.
        CoverStillRuns, RecordsMustBeKept: it is too early for this ground.
    """
    tokens = _tokens(tx, _not_erased(tx, policy_id), vault)
    # Who is renewing or enrolling the person, or erases them too, is waited for.
    opt_outs.shut(tx, tokens)
    _not_erased(tx, policy_id)
    traces = erasures.policies_of(tx, tokens)
    if ground not in OVERRIDING:
        _refuse_too_early(tx, traces, now)
    ids = [each.policy_id for each in traces]
    running = [each.policy_id for each in traces if each.state in {"in_force", "upcoming"}]
    end_policies(tx, dict.fromkeys(running, end_reason(ground)), actor=actor, now=now)
    for each in ids:
        found = policies.of_any_partner(tx, each)
        assert found is not None  # noqa: S101  # locked
        vault.erase(tx, found)
    elsewhere(tx, ids)
    erasures.overwrite(tx, [(each, _token_of_nobody(), _token_of_nobody()) for each in ids])
    return _record(tx, Erasure(new_id(), ground, tuple(ids)), actor=actor, now=now)


def _not_erased(tx: Tx, policy_id: PolicyId) -> Policy:
    policy = policies.of_any_partner(tx, policy_id)
    if policy is None:
        raise UnknownPolicy(policy_id)
    if policy.erased:
        raise PersonForgotten(policy_id)
    return policy


def _tokens(tx: Tx, policy: Policy, vault: Vault) -> list[TokenHex]:
    """Each token that the person's policies may be stored under."""
    insured = vault.insured(tx, policy)
    return sorted(
        {erasures.token_of(tx, policy.policy_id), vault.person(insured), *vault.persons_under_older_keys(insured)}
    )


def _refuse_too_early(tx: Tx, traces: Sequence[Trace], now: datetime) -> None:
    rules = erasures.retention_rules(tx)
    for each in traces:
        if each.state in {"in_force", "upcoming"} and now < each.effective_to:
            raise CoverStillRuns(each.policy_id)
    for each in traces:
        terms = products.version(tx, each.product_id, each.product_version).terms
        until = kept_until(each.effective_to.astimezone(zone_of(terms)).date(), terms.term_days, rules)
        if today_of(terms, now) < until:
            raise RecordsMustBeKept(each.policy_id, until)


def _token_of_nobody() -> bytes:
    return _NO_KEY + os.urandom(_HASH_BYTES)


def _record(tx: Tx, erasure: Erasure, *, actor: str, now: datetime) -> Erasure:
    event = PoliciesErased(policy_ids=list(erasure.policy_ids), erased_at=now.astimezone(UTC), ground=erasure.ground)
    event_id = outbox.add(tx, event, subject=erasure.erasure_id, now=now)
    erasures.add(tx, erasure, by=actor, now=now, event_id=event_id)
    audit.record(
        tx,
        actor=actor,
        action="person.erased",
        subject=erasure.erasure_id,
        details={"ground": erasure.ground, "policies": len(erasure.policy_ids)},
        now=now,
    )
    return erasure


def records_that_open(tx: Tx, vault: Vault) -> list[str]:
    """Policies whose person was forgotten and whose sealed record still tells who it was; each as a sentence."""
    faults: list[str] = []
    after = _FIRST
    while chunks := erasures.chunks_with_erased(tx, after):
        for after in chunks:  # the last one is where the next page begins
            people = vault.everyone(tx, after)
            faults += [
                f"policy {policy_id} was erased, and its sealed record still says who is insured"
                for policy_id, place in erasures.erased_places(tx, after)
                if any((people[place].name, people[place].document_number, people[place].phone))
            ]
    return faults
