"""Renews one policy as it is applied for anew: priced by the answers and items of now, and without a gap.

For products whose price is made anew each term, organizations' above all; any other policy may be renewed so as well.
Many at once, on the terms that they have, are renew_policies'.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from services.enrollment.partners.domain.partners import Contract, check_may_sell
from services.enrollment.partners.usecases.contracts import Sale, contract_of
from services.enrollment.people.domain.errors import OptedOut
from services.enrollment.people.store import opt_outs
from services.enrollment.people.usecases.publish_consent_text import texts_in_use
from services.enrollment.policies.domain.errors import NotRenewable
from services.enrollment.policies.domain.renewals import fault, refused, refused_by_terms
from services.enrollment.policies.domain.rows import CheckedRow, Desk
from services.enrollment.policies.store import expiry, policies, renewals, schedules
from services.enrollment.policies.store.new_policies import NewPolicy
from services.enrollment.policies.store.renewals import Predecessor
from services.enrollment.policies.usecases.enroll_policies import Application, Enrolled, judged_by
from services.enrollment.policies.usecases.follow_policies import Follower, Following, follow_policies
from services.enrollment.policies.usecases.vault import Vault
from services.enrollment.products.domain.cover import today_of, zone_of
from services.enrollment.products.domain.pricing import price
from services.enrollment.products.domain.schedules import schedule_of
from services.enrollment.products.store import products
from services.enrollment.webhooks.usecases.tell import tell_renewed
from shared.db.transaction import Tx
from shared.process.new_ids import new_id
from shared.values.errors import FangzhaError, InvalidField
from shared.values.ids import PolicyId


def renew_one(
    tx: Tx, application: Application, renews: PolicyId, *, vault: Vault, now: datetime, sandbox: bool
) -> Enrolled | FangzhaError:
    """The policy that follows ``renews``, or why there is none; then nothing is written.

    What enroll_policies refuses is refused here too. NotRenewable: the rules of renewals stand against it.
    """
    try:
        return _renewed(tx, application, renews, vault=vault, now=now, sandbox=sandbox)
    except FangzhaError as error:
        return error


def _renewed(
    tx: Tx, application: Application, renews: PolicyId, *, vault: Vault, now: datetime, sandbox: bool
) -> Enrolled:
    contract = contract_of(tx, application.tenant)
    opt_outs.hold(tx)
    old = _predecessor(tx, application, renews, contract)
    sale = _sale(tx, application, old, contract, now)
    terms = sale.product.terms
    first_day = old.ending.effective_to.astimezone(zone_of(terms)).date()
    desk = Desk(terms, contract, now=now, sandbox=sandbox, consent_texts=texts_in_use(tx, contract))
    people = vault.everyone_readable(tx, old.chunk_id)
    if people is None:
        raise _not_renewable(old, "record_unreadable")
    born = people[old.chunk_place].birth_date
    judged = _judged(application, desk, first_day, born)
    if old.person_token not in (vault.person(judged.insured), *vault.persons_under_older_keys(judged.insured)):
        raise InvalidField(
            "/insured/document_number",
            "The policy that is to be renewed insures somebody else.",
            "Send the document that it was enrolled with, or leave renews out.",
        )
    if born and judged.insured.birth_date != born:
        raise InvalidField(
            "/insured/birth_date",
            "The policy that is to be renewed was enrolled with another date of birth.",
            "Leave it out; if that date is wrong, cancel the policy and enroll the person anew.",
        )
    priced = price(terms, application.order.risk)
    reaches_back = schedules.schedule(tx, old.policy_id).retroactive_date
    schedule = schedule_of(terms, application.order, priced, first_day, continues=reaches_back)
    policy = _successor(judged, old, vault)
    following = Following([Follower(policy, old, judged.insured)], sale, sale.at(priced.premium), schedule=schedule)
    follow_policies(tx, following, vault=vault, now=now)
    if old.ending.state == "expired":  # Since the request came in: nobody else begins the next term.
        expiry.begin_renewals(tx, [old.policy_id])
    tell_renewed(tx, {old.policy_id: policy.policy_id}, now=now)
    stored = policies.policy(tx, policy.policy_id, partner_no=contract.partner_no)
    assert stored is not None  # noqa: S101  # just stored
    return Enrolled(stored, judged.insured)


def _predecessor(tx: Tx, application: Application, renews: PolicyId, contract: Contract) -> Predecessor:
    """The partner's own policy of this product, locked."""
    found = policies.policy(tx, renews, partner_no=contract.partner_no)
    if found is None or found.product_code != application.product_code:
        raise InvalidField(
            "/renews", "You have no such policy of this product.", "Send the id of the policy that is to be renewed."
        )
    return renewals.hold(tx, [renews])[0]


def _sale(tx: Tx, application: Application, old: Predecessor, contract: Contract, now: datetime) -> Sale:
    """The version that is sold when the new term begins, by a contract that sells it now."""
    code = refused(old.ending, datetime.fromisoformat(application.raw.consent_given_at), now)
    if code == "opted_out":
        raise OptedOut
    if code is not None:
        raise _not_renewable(old, code)
    product = products.sold_now(tx, application.product_code, old.ending.effective_to)
    if product is None:
        raise _not_renewable(old, "not_sold")
    check_may_sell(contract, application.product_code, today_of(product.terms, now))
    code = refused_by_terms(old.ending, product.terms, contract, now)
    if code is not None:
        raise _not_renewable(old, code)
    return Sale(contract, product)


def _judged(application: Application, desk: Desk, first_day: date, born: str) -> CheckedRow:
    """The row as one that begins on the day on which the old term ends; it may say that day and no other.

    ``born`` is the date of birth that was told before; it need not be told again.
    """
    if application.raw.effective_date not in {"", first_day.isoformat()}:
        raise InvalidField(
            "/effective_date",
            "A renewal begins the moment its predecessor ends.",
            f"Leave it out, or send {first_day}.",
        )
    row = msgspec.structs.replace(
        application.raw,
        effective_date=first_day.isoformat(),
        birth_date=application.raw.birth_date or born,
    )
    return judged_by(desk, row)


def _successor(judged: CheckedRow, old: Predecessor, vault: Vault) -> NewPolicy:
    return NewPolicy(
        policy_id=PolicyId(new_id()),
        chunk_id=new_id(),
        person_token=old.person_token,
        phone_token=vault.tokenizer.phone(judged.insured.phone),
        name_token=vault.name(judged.insured),
        partner_reference=judged.partner_reference,
        birth_year=judged.birth_year,
        cover=judged.cover,
        consent=judged.consent,
    )


def _not_renewable(old: Predecessor, code: str) -> NotRenewable:
    said = fault(code)
    return NotRenewable(old.policy_id, said.detail, said.fix)
