"""Lets policies be followed by others without a gap: sold, sealed, stored and announced in one transaction.

The successor waits as ``upcoming`` until the job of expire_policies ends its predecessor. Which policies are asked for
is renew_rows's and run_renewals's to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from services.enrollment.partners.domain.partners import Contract
from services.enrollment.partners.usecases.contracts import Sale
from services.enrollment.people.domain.policies import Consent, Insured
from services.enrollment.people.store import opt_outs
from services.enrollment.policies.domain.chunks import CHUNK_ROWS
from services.enrollment.policies.domain.renewals import refused, refused_by_terms, refused_unasked
from services.enrollment.policies.store import expiry, renewals
from services.enrollment.policies.store.new_policies import NewPolicy
from services.enrollment.policies.store.renewals import Predecessor
from services.enrollment.policies.usecases.follow_policies import Follower, Following, follow_policies
from services.enrollment.policies.usecases.vault import Vault
from services.enrollment.products.domain.ages import age_fits
from services.enrollment.products.domain.cover import cover_period, zone_of
from services.enrollment.products.store import products
from services.enrollment.webhooks.usecases.tell import tell_renewed
from shared.db.transaction import Tx
from shared.process.new_ids import new_id
from shared.values.documents import normalize_document
from shared.values.ids import BatchId, PolicyId, ProductCode


@dataclass(frozen=True, slots=True)
class Renewals:
    """What became of each policy that was asked for: its successor, or the code that says why there is none."""

    successors: dict[PolicyId, PolicyId] = field(default_factory=dict)
    refused: dict[PolicyId, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RenewalOrder:
    """Under what policies are renewed. ``judged_at`` is when the order came in: whether the cover still runs, how early
    it is and what is sold is judged by that, whenever a worker comes to it.

    ``consents`` are given anew; whoever is not in it stays under the first one.
    """

    contract: Contract
    product_code: ProductCode
    judged_at: datetime
    batch_id: BatchId | None = None
    consents: Mapping[PolicyId, Consent] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A policy that may be renewed, what its successor is sold as, and who is insured."""

    old: Predecessor
    sale: Sale
    insured: Insured


def renew_policies(
    tx: Tx, policy_ids: Sequence[PolicyId], order: RenewalOrder, *, vault: Vault, now: datetime
) -> Renewals:
    """Renew those of the partner's policies that may be."""
    opt_outs.hold(tx)
    result = Renewals()
    sales: dict[datetime, Sale | None] = {}
    people: dict[str, list[Insured] | None] = {}
    wanted: list[_Wanted] = []
    # Chunk by chunk: those asked for may be spread over thousands of chunks, each with a thousand people's records.
    for old in sorted(renewals.hold(tx, policy_ids), key=lambda held: held.chunk_id):
        consent = order.consents.get(old.policy_id, old.consent)
        judged = refused(old.ending, consent.given_at, order.judged_at) or _judge(
            tx, old, order, vault, sales=sales, people=people
        )
        if isinstance(judged, str):
            result.refused[old.policy_id] = judged
        else:
            wanted.append(judged)
    for chunk in _chunks(wanted):
        result.successors.update(_store(tx, chunk, order, vault=vault, now=now))
    if order.batch_id is None and result.successors:
        tell_renewed(tx, result.successors, now=now)
    return result


def _judge(
    tx: Tx,
    old: Predecessor,
    order: RenewalOrder,
    vault: Vault,
    *,
    sales: dict[datetime, Sale | None],
    people: dict[str, list[Insured] | None],
) -> _Wanted | str:
    """What follows a policy that runs, or the code that says why nothing does. ``sales`` and ``people`` are kept."""
    sale = _sale(tx, old.ending.effective_to, order, sales)
    if sale is None:
        return "not_sold"
    terms = sale.product.terms
    code = refused_by_terms(old.ending, terms, order.contract, order.judged_at) or refused_unasked(terms)
    if code is not None:
        return code
    insured = _insured(tx, old, vault, people)
    if insured is None:
        return "record_unreadable"
    return _Wanted(old, sale, insured) if _age_fits(insured, old, sale) else "age_outside"


def _insured(tx: Tx, old: Predecessor, vault: Vault, known: dict[str, list[Insured] | None]) -> Insured | None:
    """Who is insured, None where the chunk does not open; ``known`` keeps the one that was read last."""
    if old.chunk_id not in known:
        known.clear()
        known[old.chunk_id] = vault.everyone_readable(tx, old.chunk_id)
    people = known[old.chunk_id]
    return None if people is None else people[old.chunk_place]


def _sale(tx: Tx, first_moment: datetime, order: RenewalOrder, known: dict[datetime, Sale | None]) -> Sale | None:
    """The version that is sold when the new term begins: not the one that is sold today."""
    if first_moment not in known:
        product = products.sold_now(tx, order.product_code, first_moment, published_by=order.judged_at)
        known[first_moment] = None if product is None else Sale(order.contract, product)
    return known[first_moment]


def _age_fits(insured: Insured, old: Predecessor, sale: Sale) -> bool:
    """Who never told when they were born, as the product they hold did not ask, is not asked now."""
    document = normalize_document(insured.document_type, insured.document_number, sandbox=True)
    born = date.fromisoformat(insured.birth_date) if insured.birth_date else document.birth_date
    terms = sale.product.terms
    return born is None or age_fits(born, old.ending.effective_to.astimezone(zone_of(terms)).date(), terms)


def _chunks(wanted: Sequence[_Wanted]) -> Iterator[list[_Wanted]]:
    """Up to CHUNK_ROWS under one product version."""
    by_version: dict[int, list[_Wanted]] = {}
    for each in wanted:
        by_version.setdefault(each.sale.under.product_version, []).append(each)
    for same in by_version.values():
        for start in range(0, len(same), CHUNK_ROWS):
            yield same[start : start + CHUNK_ROWS]


def _store(
    tx: Tx, chunk: Sequence[_Wanted], order: RenewalOrder, *, vault: Vault, now: datetime
) -> dict[PolicyId, PolicyId]:
    """The successor of each policy of the chunk."""
    chunk_id = new_id()
    sale = chunk[0].sale
    followers = [Follower(_successor(each, chunk_id, order, vault), each.old, each.insured) for each in chunk]
    follow_policies(tx, Following(followers, sale, sale.under, order.batch_id), vault=vault, now=now)
    # Whose term ended since the order came in: nobody else begins the next one.
    expiry.begin_renewals(tx, [each.old.policy_id for each in followers if each.old.ending.state == "expired"])
    return {each.old.policy_id: each.policy.policy_id for each in followers}


def _successor(wanted: _Wanted, chunk_id: str, order: RenewalOrder, vault: Vault) -> NewPolicy:
    terms, old = wanted.sale.product.terms, wanted.old
    return NewPolicy(
        policy_id=PolicyId(new_id()),
        chunk_id=chunk_id,
        person_token=old.person_token,
        phone_token=old.phone_token,
        name_token=vault.name(wanted.insured),
        partner_reference=old.partner_reference,
        birth_year=old.birth_year,
        cover=cover_period(terms, old.ending.effective_to.astimezone(zone_of(terms)).date()),
        consent=order.consents.get(old.policy_id, old.consent),
    )
