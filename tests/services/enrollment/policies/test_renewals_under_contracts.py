"""Renewals of policies that moved to another partner, and of windows whose contract is suspended or ends meanwhile."""

from __future__ import annotations

from datetime import timedelta

from services.enrollment.partners.usecases.contracts import contract_of
from services.enrollment.partners.usecases.keep_partner import resume_partner, suspend_partner
from services.enrollment.people.domain.policies import Policy
from services.enrollment.policies.store.renewals import Run
from services.enrollment.policies.usecases.renew_policies import RenewalOrder, Renewals, renew_policies
from services.enrollment.policies.usecases.run_renewals import renewal_run, start_renewals
from shared.events.policies import PoliciesEnrolled
from shared.values.ids import PartnerId
from tests.services.enrollment.builders import PRODUCT, Partner, faults
from tests.services.enrollment.partners.wind_down import EAST, WEST, end, work_off
from tests.services.enrollment.policies.lifecycle import ENDS, SHORTLY_BEFORE, Office
from tests.services.enrollment.policies.renewals_under_contracts import let_covers_share_a_loss


def order_window(office: Office, *, tenant: str = EAST) -> str:
    """A run over all policies that end with the first day's; not worked off yet."""
    with office.database.transaction() as tx:
        last_day = (ENDS - timedelta(hours=1)).date()
        return start_renewals(tx, PartnerId(tenant), PRODUCT, last_day, actor="t", now=SHORTLY_BEFORE).run_id


def run_of(office: Office, run_id: str, *, tenant: str = EAST) -> Run:
    with office.database.transaction() as tx:
        return renewal_run(tx, run_id, PartnerId(tenant))


def renew(office: Office, *policies: Policy, tenant: str) -> Renewals:
    with office.database.transaction() as tx:
        order = RenewalOrder(contract=contract_of(tx, tenant), product_code=PRODUCT, judged_at=SHORTLY_BEFORE)
        ids = [policy.policy_id for policy in policies]
        return renew_policies(tx, ids, order, vault=office.vault, now=SHORTLY_BEFORE)


def test_cover_that_shares_a_loss_is_renewed_by_the_partner_that_it_moved_to(
    office: Office, environ: dict[str, str]
) -> None:
    let_covers_share_a_loss(office)
    moved, own = office.enroll(1, tenant=EAST), office.enroll(1, tenant=WEST)
    end(office.database, EAST, WEST)
    work_off(office.database)
    assert renew(office, moved, own, tenant=WEST).refused == {}
    successor = office.successor(moved)
    assert (successor.partner_id, successor.effective_from) == (WEST, ENDS)
    office.end_terms(ENDS)
    assert office.policy(successor.policy_id).state == "in_force"
    assert office.policy(office.successor(own).policy_id).state == "in_force", "both covers of the person go on"
    assert faults(office.database, environ) == []


def test_cover_that_one_person_has_once_is_renewed_by_the_partner_that_it_moved_to(office: Office) -> None:
    moved = office.enroll(1, tenant=EAST)
    end(office.database, EAST, WEST)
    work_off(office.database)
    assert renew(office, moved, tenant=WEST).refused == {}
    assert office.told(PoliciesEnrolled)[-1].partner_id == WEST


def test_once_covers_share_a_loss_a_cover_that_was_the_only_one_is_not_renewed_into_them(office: Office) -> None:
    policy = office.enroll(1, tenant=EAST)
    let_covers_share_a_loss(office)
    assert renew(office, policy, tenant=EAST).refused == {policy.policy_id: "rules_changed"}


def test_the_partner_that_took_cover_over_may_sell_the_person_a_second_one_that_shares_a_loss(office: Office) -> None:
    let_covers_share_a_loss(office)
    moved = office.enroll(1, tenant=EAST)
    end(office.database, EAST, WEST)
    work_off(office.database)
    own = office.enroll(1, tenant=WEST)
    assert {office.policy(each.policy_id).state for each in (moved, own)} == {"in_force"}


def test_a_window_waits_while_its_partner_is_suspended_and_goes_on_when_it_resumes(
    office: Office, environ: dict[str, str]
) -> None:
    policy, elsewhere = office.enroll(1, tenant=EAST), office.enroll(2, tenant=WEST)
    run_id = order_window(office)
    with office.database.transaction() as tx:
        suspend_partner(tx, EAST, "payment_overdue", actor="t", now=SHORTLY_BEFORE)
    other = order_window(office, tenant=WEST)
    office.work_off_renewals(SHORTLY_BEFORE)
    assert (run_of(office, run_id).state, office.policy(policy.policy_id).renewed_by) == ("running", None)
    assert run_of(office, other, tenant=WEST).state == "finished", "others do not wait for it"
    assert office.successor(elsewhere).state == "upcoming"
    with office.database.transaction() as tx:
        resume_partner(tx, EAST, actor="t", now=SHORTLY_BEFORE)
    office.work_off_renewals(SHORTLY_BEFORE)
    done = run_of(office, run_id)
    assert (done.state, done.renewed, done.stop_reason) == ("finished", 1, None)
    assert office.successor(policy).state == "upcoming"
    assert faults(office.database, environ) == []


def test_a_window_stops_where_the_contract_winds_down_and_says_so(
    office: Office, east: Partner, environ: dict[str, str]
) -> None:
    policy = office.enroll(1, tenant=EAST)
    run_id = order_window(office)
    end(office.database, EAST, WEST)
    office.work_off_renewals(SHORTLY_BEFORE)
    shown = east.get(f"/v1/renewals/{run_id}").json
    assert (shown["state"], shown["stop_reason"], shown["renewed"]) == ("stopped", "wind_down", 0)
    assert shown["finished_at"] is not None
    assert office.policy(policy.policy_id).renewed_by is None
    assert faults(office.database, environ) == []


def test_a_window_stops_where_its_product_left_the_contract_and_says_so(
    office: Office, east: Partner, environ: dict[str, str]
) -> None:
    policy = office.enroll(1, tenant=EAST)
    run_id = order_window(office)
    with office.database.transaction() as tx:
        suspend_partner(tx, EAST, "payment_overdue", actor="t", now=SHORTLY_BEFORE)
        tx.execute("DELETE FROM partner_products WHERE product_code = %s", (PRODUCT,))
    office.work_off_renewals(SHORTLY_BEFORE)
    assert run_of(office, run_id).state == "running", "it may come back while the partner is suspended"
    with office.database.transaction() as tx:
        resume_partner(tx, EAST, actor="t", now=SHORTLY_BEFORE)
    office.work_off_renewals(SHORTLY_BEFORE)
    shown = east.get(f"/v1/renewals/{run_id}").json
    assert (shown["state"], shown["stop_reason"], shown["renewed"]) == ("stopped", "product_not_sold", 0)
    assert office.policy(policy.policy_id).renewed_by is None
    assert faults(office.database, environ) == []
