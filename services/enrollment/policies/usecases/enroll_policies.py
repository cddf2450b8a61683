"""Enrolls those who are applied for one by one: judged, tokenized, sealed, stored and announced together.

Each is accepted or refused by itself. Those who are accepted under the same terms share a chunk, as the rows of a file
do: one sealed record, one event. All of it is in the caller's transaction; for who is refused nothing is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from typing import Final

from services.enrollment.partners.domain.sold_under import SoldUnder
from services.enrollment.partners.usecases.contracts import KnownTerms, Sale, sale_of
from services.enrollment.people.domain.errors import OptedOut
from services.enrollment.people.domain.policies import NO_CLAIMS, Insured, Policy
from services.enrollment.people.store import opt_outs
from services.enrollment.people.usecases.publish_consent_text import texts_in_use
from services.enrollment.policies.domain.errors import AlreadyCovered, AlreadyCoveredByYou
from services.enrollment.policies.domain.rows import CheckedRow, Desk, Fault, RawRow
from services.enrollment.policies.store import chunks, new_policies, policies, schedules
from services.enrollment.policies.store.chunks import NewChunk
from services.enrollment.policies.store.new_policies import NewPolicy, NewRow
from services.enrollment.policies.usecases.announce import policies_enrolled
from services.enrollment.policies.usecases.vault import Vault, record_of, seal_records
from services.enrollment.products.domain.cover import zone_of
from services.enrollment.products.domain.pricing import price
from services.enrollment.products.domain.schedules import NOTHING_ORDERED, Schedule, ScheduleRequest, schedule_of
from services.enrollment.webhooks.usecases.tell import tell_issued
from shared.db.transaction import Tx
from shared.messaging import outbox
from shared.process import metrics
from shared.process.new_ids import new_id
from shared.values.errors import FangzhaError, InvalidField
from shared.values.ids import PolicyId, ProductCode, TokenHex
from shared.values.money import Currency

_POINTERS: Final = {
    "partner_reference": "/partner_reference",
    "document_type": "/insured/document_type",
    "document_number": "/insured/document_number",
    "name": "/insured/name",
    "phone": "/insured/phone",
    "birth_date": "/insured/birth_date",
    "effective_date": "/effective_date",
    "consent_text_version": "/consent/text_version",
    "consent_given_at": "/consent/given_at",
    "consent_channel": "/consent/channel",
    "consent_sha256": "/consent/sha256",
}
"""Where each column of a row stands in the body that enrolls one person."""


@dataclass(frozen=True, slots=True)
class Application:
    """One person or organization to cover, and which partner asks for it."""

    tenant: str
    product_code: ProductCode
    raw: RawRow
    order: ScheduleRequest = NOTHING_ORDERED


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A new policy as it is read from now on, and who is insured, in clear."""

    policy: Policy
    insured: Insured


@dataclass(frozen=True, slots=True)
class _Member:
    """One who may be covered, as far as can be told without asking who is covered already."""

    number: int
    """Which of the applications it is."""
    place: int
    policy: NewPolicy
    insured: Insured
    schedule: Schedule | None


@dataclass(frozen=True, slots=True)
class _OpenChunk:
    """Those who are sold the same at the same price, by place; one with a schedule is in a chunk of its own."""

    chunk_id: str
    sale: Sale
    under: SoldUnder
    members: list[_Member] = field(default_factory=list)


def enroll_policies(
    tx: Tx,
    applications: Sequence[Application],
    *,
    vault: Vault,
    now: datetime,
    sandbox: bool,
    known: KnownTerms | None = None,
) -> list[Enrolled | FangzhaError]:
    """For each application its new policy, or why there is none.

    NoContract, ContractNotRunning, ProductNotSold: the partner may not sell it now. InvalidField, InvalidFields: a
    field is not acceptable, is missing, or is not asked for by the product. NotInsurable: the risk's grade is not
    insured. AlreadyCovered: the person has this product's cover, from whichever partner. OptedOut: the person wants no
    cover.
    """
    outcomes: dict[int, Enrolled | FangzhaError] = {}
    desks = _Desks(tx, now, sandbox=sandbox, known=known or KnownTerms())
    chunks = _Chunks(vault)
    for number, application in enumerate(applications):
        try:
            chunks.admit(number, application, *desks.of(application))
        except FangzhaError as error:
            outcomes[number] = error
    refused = _refused(tx, chunks.all, vault)
    for chunk in chunks.all:
        stored = [member for member in chunk.members if member.number not in refused]
        if stored:
            _announce(tx, chunk, stored, vault=vault, now=now)
            policies_now = [_as_stored(member, chunk, now) for member in stored]
            tell_issued(tx, chunk.sale.contract, policies_now, now=now)
            outcomes |= {
                member.number: Enrolled(policy, member.insured)
                for member, policy in zip(stored, policies_now, strict=True)
            }
    outcomes |= refused
    return [outcomes[number] for number in range(len(applications))]


def judged_by(desk: Desk, raw: RawRow) -> CheckedRow:
    """The row normalized.

    Raises:
        InvalidField: the first thing that is wrong with it, where it stands in the request's body.
    """
    judged = desk.judge(raw)
    if isinstance(judged, Fault):
        raise InvalidField(_POINTERS[judged.field], judged.detail, judged.fix)
    return judged


class _Desks:
    """What partners may sell now, and who judges whom they want to cover; each looked up once."""

    def __init__(self, tx: Tx, now: datetime, *, sandbox: bool, known: KnownTerms) -> None:
        self._tx = tx
        self._now = now
        self._sandbox = sandbox
        self._known = known
        self._desks: dict[tuple[str, ProductCode], tuple[Sale, Desk]] = {}

    def of(self, application: Application) -> tuple[Sale, Desk]:
        asked = application.tenant, application.product_code
        if asked not in self._desks:
            sale = sale_of(self._tx, *asked, self._now, known=self._known)
            texts = texts_in_use(self._tx, sale.contract)
            desk = Desk(sale.product.terms, sale.contract, now=self._now, sandbox=self._sandbox, consent_texts=texts)
            self._desks[asked] = sale, desk
        return self._desks[asked]


class _Chunks:
    """Where each application goes that is acceptable."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._open: dict[SoldUnder, _OpenChunk] = {}
        self.all: list[_OpenChunk] = []

    def admit(self, number: int, application: Application, sale: Sale, desk: Desk) -> None:
        judged = judged_by(desk, application.raw)
        terms, order = sale.product.terms, application.order
        priced = price(terms, order.risk)
        schedule = schedule_of(terms, order, priced, judged.cover.start.astimezone(zone_of(terms)).date())
        chunk = self._chunk(sale, sale.at(priced.premium), alone=schedule is not None)
        policy = NewPolicy(
            policy_id=PolicyId(new_id()),
            chunk_id=chunk.chunk_id,
            person_token=self._vault.person(judged.insured),
            phone_token=self._vault.tokenizer.phone(judged.insured.phone),
            name_token=self._vault.name(judged.insured),
            partner_reference=judged.partner_reference,
            birth_year=judged.birth_year,
            cover=judged.cover,
            consent=judged.consent,
        )
        chunk.members.append(_Member(number, len(chunk.members), policy, judged.insured, schedule))

    def _chunk(self, sale: Sale, under: SoldUnder, *, alone: bool) -> _OpenChunk:
        chunk = None if alone else self._open.get(under)
        if chunk is None:
            chunk = _OpenChunk(new_id(), sale, under)
            self.all.append(chunk)
            if not alone:
                self._open[under] = chunk
        return chunk


def _refused(tx: Tx, chunks: Sequence[_OpenChunk], vault: Vault) -> dict[int, FangzhaError]:
    """Why some got no policy, by number; the others' are stored."""
    everybody = [(chunk, member) for chunk in chunks for member in chunk.members]
    refused = _refused_under_older_keys(tx, everybody, vault) if vault.rotating else {}
    rows = [
        NewRow(member.policy, member.place, chunk.under) for chunk, member in everybody if member.number not in refused
    ]
    stored = new_policies.insert(tx, rows) if rows else set()
    for chunk, member in everybody:
        if member.policy.policy_id not in stored and member.number not in refused:
            refused[member.number] = _reason(tx, (member.policy.person_token,), member, chunk.sale) or AlreadyCovered()
    return refused


def _refused_under_older_keys(
    tx: Tx, everybody: Sequence[tuple[_OpenChunk, _Member]], vault: Vault
) -> dict[int, FangzhaError]:
    known_as = {member.number: vault.persons_under_older_keys(member.insured) for _chunk, member in everybody}
    current = [member.policy.person_token for _chunk, member in everybody]
    opt_outs.hold_persons(tx, chain(current, *known_as.values()))
    reasons = {member.number: _reason(tx, known_as[member.number], member, chunk.sale) for chunk, member in everybody}
    return {number: reason for number, reason in reasons.items() if reason is not None}


def _reason(tx: Tx, tokens: Sequence[TokenHex], member: _Member, sale: Sale) -> FangzhaError | None:
    """Why nobody known by these tokens gets cover; the running policy is named to the partner whose it is alone."""
    if any(each.refuses(member.policy.consent.given_at) for each in opt_outs.of_person(tx, tokens)):
        return OptedOut()
    for token in tokens:
        running = policies.running_cover(tx, token, sale.product.product_id, sale.under.stacks_by)
        if running is not None:
            policy_id, partner_no = running
            return AlreadyCoveredByYou(policy_id) if partner_no == sale.contract.partner_no else AlreadyCovered()
    return None


def _announce(tx: Tx, chunk: _OpenChunk, stored: Sequence[_Member], *, vault: Vault, now: datetime) -> None:
    """One event and one sealed record of all; places of those who were refused stay empty in it."""
    schedule = stored[0].schedule
    if schedule is not None:
        schedules.add(tx, stored[0].policy.policy_id, schedule)
    event = policies_enrolled([member.policy for member in stored], chunk.sale, chunk.under, now=now, schedule=schedule)
    event_id = outbox.add(tx, event, subject=chunk.chunk_id, now=now)
    records = {member.place: record_of(member.insured) for member in stored}
    lines = [records.get(place, "") for place in range(len(chunk.members))]
    new = NewChunk(
        chunk_id=chunk.chunk_id,
        under=chunk.under,
        policies=len(stored),
        enrolled_at=now,
        event_id=event_id,
        sealed=seal_records(vault.sealer.new_data_key(tx), chunk.chunk_id, lines),
        ends_next=min(member.policy.cover.end for member in stored),
    )
    chunks.add(tx, new)
    metrics.POLICIES_ENROLLED.labels("one").inc(len(stored))


def _as_stored(member: _Member, chunk: _OpenChunk, now: datetime) -> Policy:
    """What reading it back would give, without asking the database for what it was just told."""
    policy, under, terms = member.policy, chunk.under, chunk.sale.product.terms
    return Policy(
        policy_id=policy.policy_id,
        partner_id=chunk.sale.contract.partner_id,
        partner_reference=policy.partner_reference,
        product_code=ProductCode(terms.product_code),
        product_version=under.product_version,
        batch_id=None,
        state="in_force",
        version=1,
        premium=under.premium,
        currency=Currency(terms.currency),
        effective_from=policy.cover.start.astimezone(UTC),
        effective_to=policy.cover.end.astimezone(UTC),
        enrolled_at=now,
        consent=policy.consent,
        chunk_id=policy.chunk_id,
        chunk_place=member.place,
        claims=NO_CLAIMS,
        waits_from=policy.cover.start.astimezone(UTC),
    )
