"""Enrolls one insured: judged, tokenized, sealed, stored and announced in the caller's transaction, or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from services.enrollment.domain.cover import zone_of
from services.enrollment.domain.errors import AlreadyCovered, AlreadyCoveredByYou, OptedOut
from services.enrollment.domain.policies import NO_CLAIMS, Insured, Policy
from services.enrollment.domain.pricing import price
from services.enrollment.domain.rows import CheckedRow, Desk, Fault, RawRow
from services.enrollment.domain.schedules import NOTHING_ORDERED, Order, retroactive_from, schedule_of
from services.enrollment.store import new_policies, opt_outs, policies, schedules
from services.enrollment.store.new_policies import NewPolicy, SoldUnder
from services.enrollment.usecases.announce import policies_enrolled
from services.enrollment.usecases.contracts import KnownTerms, Sale, sale_of
from services.enrollment.usecases.publish_consent_text import texts_in_use
from services.enrollment.usecases.vault import Vault, record_of, seal_records
from services.enrollment.usecases.webhooks.tell import tell_issued
from shared.db.transaction import Tx
from shared.messaging import outbox
from shared.process import metrics
from shared.process.new_ids import new_id
from shared.values.errors import InvalidField
from shared.values.ids import PolicyId, ProductCode, TokenHex
from shared.values.money import Currency

_POINTERS: Final = {
    "partner_reference": "/partner_reference",
    "document_type": "/insured/document_type",
    "document_number": "/insured/document_number",
    "name": "/insured/name",
    "phone": "/insured/phone",
    "effective_date": "/effective_date",
    "consent_text_version": "/consent/text_version",
    "consent_given_at": "/consent/given_at",
    "consent_channel": "/consent/channel",
    "consent_sha256": "/consent/sha256",
}
"""Where each column of a row stands in the body that enrolls one person."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A new policy as it is read from now on, and who is insured, in clear."""

    policy: Policy
    insured: Insured


def enroll_policy(
    tx: Tx,
    raw: RawRow,
    product_code: ProductCode,
    order: Order = NOTHING_ORDERED,
    *,
    tenant: str,
    vault: Vault,
    now: datetime,
    sandbox: bool,
    known: KnownTerms | None = None,
) -> Enrolled:
    """One new policy.

    Raises:
        NoContract, ContractNotRunning, ProductNotSold: the partner may not sell it now.
        InvalidField, InvalidFields: a field is not acceptable, is missing, or is not asked for by the product.
        NotInsurable: the risk's grade is not insured.
        AlreadyCovered: the person has this product's cover, from whichever partner.
        OptedOut: the person wants no cover.
    """
    sale = sale_of(tx, tenant, product_code, now, known=known)
    texts = texts_in_use(tx, sale.contract)
    judged = Desk(sale.product.terms, sale.contract, now=now, sandbox=sandbox, consent_texts=texts).judge(raw)
    if isinstance(judged, Fault):
        raise InvalidField(_POINTERS[judged.field], judged.detail, judged.fix)
    terms = sale.product.terms
    priced = price(terms, order.risk)
    under = sale.at(priced.premium)
    schedule = schedule_of(terms, order, priced, judged.cover.start.astimezone(zone_of(terms)).date())
    policy = _prepared(judged, vault)
    known_as = vault.persons_under_older_keys(judged.insured)
    for token in known_as:
        _refuse_covered(tx, token, sale)
    if not new_policies.insert_one(tx, policy, under, known_as=known_as):
        if opt_outs.of_person(tx, (policy.person_token, *known_as)):
            raise OptedOut
        _refuse_covered(tx, policy.person_token, sale)
        raise AlreadyCovered
    if schedule is not None:
        schedules.add(tx, policy.policy_id, schedule)
    event = policies_enrolled(
        [policy],
        terms,
        partner_id=sale.contract.partner_id,
        batch_id=None,
        now=now,
        premium=priced.premium,
        retroactive_from=retroactive_from(terms, schedule),
    )
    event_id = outbox.add(tx, event, subject=policy.chunk_id, now=now)
    sealed = seal_records(vault.sealer.new_data_key(tx), policy.chunk_id, [record_of(judged.insured)])
    new_policies.add_chunk(
        tx, policy.chunk_id, under, enrolled_at=now, event_id=event_id, sealed=sealed, ends=policy.cover.end
    )
    metrics.POLICIES_ENROLLED.labels("one").inc()
    stored = _as_stored(policy, sale, under, now)
    tell_issued(tx, sale.contract, stored, now=now)
    return Enrolled(stored, judged.insured)


def _prepared(row: CheckedRow, vault: Vault) -> NewPolicy:
    return NewPolicy(
        policy_id=PolicyId(new_id()),
        chunk_id=new_id(),
        person_token=vault.person(row.insured),
        phone_token=vault.tokenizer.phone(row.insured.phone),
        partner_reference=row.partner_reference,
        birth_year=row.birth_year,
        cover=row.cover,
        consent=row.consent,
    )


def _as_stored(policy: NewPolicy, sale: Sale, under: SoldUnder, now: datetime) -> Policy:
    """What reading it back would give, without asking the database for what it was just told."""
    return Policy(
        policy_id=policy.policy_id,
        partner_id=sale.contract.partner_id,
        partner_reference=policy.partner_reference,
        product_code=ProductCode(sale.product.terms.product_code),
        product_version=under.product_version,
        batch_id=None,
        state="in_force",
        version=1,
        premium=under.premium,
        currency=Currency(sale.product.terms.currency),
        effective_from=policy.cover.start.astimezone(UTC),
        effective_to=policy.cover.end.astimezone(UTC),
        enrolled_at=now,
        consent=policy.consent,
        chunk_id=policy.chunk_id,
        chunk_place=0,
        claims=NO_CLAIMS,
        waits_from=policy.cover.start.astimezone(UTC),
    )


def _refuse_covered(tx: Tx, token: TokenHex, sale: Sale) -> None:
    """Raise if the person is covered, naming the policy to the partner whose it is and to nobody else."""
    running = policies.running_cover(tx, token, sale.product.product_id, sale.under.stacks_by)
    if running is not None:
        policy_id, partner_no = running
        raise AlreadyCoveredByYou(policy_id) if partner_no == sale.contract.partner_no else AlreadyCovered
