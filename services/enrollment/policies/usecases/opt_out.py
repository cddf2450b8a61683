"""Honors at once that a person wants no cover, and lets them change their mind by a new documented consent.

An opt-out is the person's, not the partner's: it ends their cover with every partner and keeps all of them from
enrolling the person again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from services.enrollment.partners.usecases.contracts import contract_of, seen_by
from services.enrollment.people.domain.errors import NotOptedOut, UnknownPolicy
from services.enrollment.people.domain.policies import Consent
from services.enrollment.people.store import opt_outs
from services.enrollment.people.store.opt_outs import Holder
from services.enrollment.people.usecases.publish_consent_text import texts_in_use
from services.enrollment.policies.domain.errors import PersonForgotten
from services.enrollment.policies.usecases.end_policies import end_policies, record_ends
from services.enrollment.policies.usecases.vault import Vault
from shared.db import audit
from shared.db.transaction import Tx
from shared.process.new_ids import new_id
from shared.values.documents import normalize_document
from shared.values.errors import InvalidField
from shared.values.ids import INSURER, PolicyId, TokenHex

_CLOCK_SKEW: Final = timedelta(minutes=5)
"""As with the consents of rows: partners' clocks run a little ahead of ours."""


@dataclass(frozen=True, slots=True)
class OptedOutNow:
    """Since when the person is out, and which running or upcoming policies ended by it, each with its partner."""

    since: datetime
    ended: tuple[tuple[PolicyId, str], ...]


def persons_tokens(
    document_type: str, document_number: str, *, vault: Vault, sandbox: bool, pointer: str
) -> tuple[TokenHex, ...]:
    """The tokens of the person with this document, the current key's first.

    Raises:
        InvalidField: it is no such document.
    """
    document = normalize_document(document_type, document_number, sandbox=sandbox, pointer=pointer)
    return vault.tokenizer.person_candidates(document.type, document.number)


def holders_tokens(tx: Tx, policy_id: PolicyId, *, tenant: str, vault: Vault) -> tuple[TokenHex, ...]:
    """The tokens of the person insured by this policy, of whatever state; a partner names its own policies alone.

    Raises:
        NoContract: the tenant is no partner, and not the insurer.
        UnknownPolicy: there is none, or it is another partner's.
        PersonForgotten: nothing says any more whose it was; the person's document does.
    """
    only = seen_by(tx, tenant)
    found = opt_outs.holders(tx, [policy_id], partner_no=only)
    if policy_id not in found:
        raise UnknownPolicy(policy_id)
    if found[policy_id].forgotten:
        raise PersonForgotten(policy_id)
    return _tokens(tx, found, vault)[policy_id]


def tokens_of_holders(tx: Tx, policy_ids: Sequence[PolicyId], *, vault: Vault) -> dict[PolicyId, tuple[TokenHex, ...]]:
    """The same of many policies; those whose person was forgotten are left out."""
    found = opt_outs.holders(tx, policy_ids, partner_no=None)
    return _tokens(tx, {policy_id: each for policy_id, each in found.items() if not each.forgotten}, vault)


def _tokens(tx: Tx, holders: Mapping[PolicyId, Holder], vault: Vault) -> dict[PolicyId, tuple[TokenHex, ...]]:
    if not vault.rotating:
        return {policy_id: (each.person_token,) for policy_id, each in holders.items()}
    found: dict[PolicyId, tuple[TokenHex, ...]] = {}
    by_chunk = sorted(holders.items(), key=lambda held: held[1].chunk_id)
    for chunk_id, held in groupby(by_chunk, key=lambda held: held[1].chunk_id):
        people = vault.everyone(tx, chunk_id)
        for policy_id, each in held:
            insured = people[each.chunk_place]
            found[policy_id] = vault.tokenizer.person_candidates(insured.document_type, insured.document_number)
    return found


def opt_out(tx: Tx, tokens: Sequence[TokenHex], *, channel: str, actor: str, now: datetime) -> OptedOutNow:
    """From the commit on, the person has no cover and gets none; told again, it stays as it was told first."""
    opt_outs.shut(tx, tokens)
    ended = note_opt_outs(tx, [tokens], channel=channel, actor=actor, now=now)
    since = opt_outs.of_person(tx, tokens)[0].opted_out_at
    return OptedOutNow(since, tuple(opt_outs.partners_of(tx, ended).items()))


def note_opt_outs(
    tx: Tx, persons: Sequence[Sequence[TokenHex]], *, channel: str, actor: str, now: datetime
) -> list[PolicyId]:
    """The same of many, each once and by all tokens, after the caller has shut for them; which policies ended by it."""
    tokens = [token for person in persons for token in person]
    opt_outs.add(tx, tokens, opted_out_at=now, channel=channel, recorded_by=actor)
    cover = opt_outs.cover_of(tx, tokens)
    ended = end_policies(tx, dict.fromkeys(cover, "opt_out"), actor=actor, now=now)
    record_ends(tx, ended, actor=actor, now=now)
    audit.record(
        tx,
        actor=actor,
        action="person.opted_out" if len(persons) == 1 else "persons.opted_out",
        subject=new_id(),
        details={"channel": channel, "persons": len(persons), "policies": len(ended)},
        now=now,
    )
    return [each.policy_id for each in ended]


def lift_opt_out(
    tx: Tx, tokens: Sequence[TokenHex], consent: Consent, *, tenant: str, actor: str, now: datetime
) -> None:
    """The person may be enrolled again. What ended stays ended.

    Raises:
        NoContract: the tenant is no partner, and not the insurer.
        NotOptedOut: there is nothing to lift.
        InvalidField: the consent is older than the opt-out, lies in the future, or not to an accepted text.
    """
    texts = None if tenant == INSURER else texts_in_use(tx, contract_of(tx, tenant))
    opt_outs.shut(tx, tokens)
    noted = [each for each in opt_outs.of_person(tx, tokens) if not each.lifted]
    if not noted:
        raise NotOptedOut
    if not noted[-1].opted_out_at < consent.given_at <= now + _CLOCK_SKEW:
        raise InvalidField(
            "/consent/given_at",
            "The consent was not given after the opt-out.",
            "Send the time at which the person agreed anew.",
        )
    fault = texts.fault(consent.text_version, consent.channel, consent.given_at) if texts else None
    if fault is not None:
        raise InvalidField(f"/consent/{fault.field.removeprefix('consent_')}", fault.detail, fault.fix)
    lift_id = new_id()
    opt_outs.lift(tx, lift_id, noted, consent, lifted_at=now, lifted_by=actor)
    audit.record(
        tx,
        actor=actor,
        action="person.opted_in",
        subject=lift_id,
        details={"text_version": consent.text_version, "channel": consent.channel},
        now=now,
    )
