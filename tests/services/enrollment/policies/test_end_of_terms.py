"""The job that ends terms and begins renewals: at the right moment, once, and whatever dies on the way."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args

import psycopg2
import pytest

from services.enrollment.people.domain.policies import PolicyState
from services.enrollment.policies.domain.lifecycle import may_step
from services.enrollment.policies.usecases.expire_policies import expire_some
from shared.db.pool import Database
from shared.values.ids import PolicyId
from tests.services.enrollment.builders import NOW, csv, faults, row
from tests.services.enrollment.policies.lifecycle import ENDS, SHORTLY_BEFORE, Office

STATES: tuple[PolicyState, ...] = get_args(PolicyState)
A_SECOND = timedelta(seconds=1)


def test_cover_runs_to_the_last_second_and_is_over_at_midnight(office: Office, environ: dict[str, str]) -> None:
    policy = office.enroll(1)
    office.end_terms(ENDS - A_SECOND)
    assert office.policy(policy.policy_id).state == "in_force"
    office.end_terms(ENDS)
    over = office.policy(policy.policy_id)
    assert (over.state, over.version, over.effective_to) == ("expired", 2, ENDS)
    assert faults(office.database, environ) == []


def test_by_the_calendar_a_term_is_over_before_the_job_has_written_it_down(office: Office) -> None:
    policy = office.enroll(1)
    assert policy.state_at(ENDS - A_SECOND) == "in_force"
    assert policy.state_at(ENDS) == "expired"


def test_whose_term_is_over_may_be_enrolled_anew_and_waits_anew(office: Office) -> None:
    office.enroll(1)
    office.end_terms(ENDS)
    anew = office.enroll(1, now=ENDS, effective_date="2027-03-03")
    assert anew.state == "in_force"
    assert anew.waits_from == anew.effective_from


def test_a_renewal_begins_in_the_very_transaction_that_ends_its_predecessor(
    office: Office, environ: dict[str, str]
) -> None:
    policy = office.enroll(1)
    office.send("renewal", ["partner_reference", "sub-000000001"], now=SHORTLY_BEFORE)
    with pytest.raises(RuntimeError, match="killed"), office.database.transaction() as tx:
        assert expire_some(tx, now=ENDS)
        raise RuntimeError("killed")
    assert (office.policy(policy.policy_id).state, office.successor(policy).state) == ("in_force", "upcoming")
    office.end_terms(ENDS)
    assert (office.policy(policy.policy_id).state, office.successor(policy).state) == ("expired", "in_force")
    assert faults(office.database, environ) == []


def test_years_that_passed_at_once_end_each_term_in_its_turn(office: Office, environ: dict[str, str]) -> None:
    policy = office.enroll(1)
    office.send("renewal", ["partner_reference", "sub-000000001"], now=SHORTLY_BEFORE)
    office.end_terms(ENDS + timedelta(days=400))
    assert (office.policy(policy.policy_id).state, office.successor(policy).state) == ("expired", "expired")
    assert faults(office.database, environ) == []


def test_two_workers_end_each_term_once(office: Office, environ: dict[str, str]) -> None:
    for n in range(3):
        office.enroll(n)
    first, second = another_pool(office), another_pool(office)
    with first.transaction() as one, second.transaction() as other:
        assert expire_some(one, now=ENDS)
        assert not expire_some(other, now=ENDS)
    first.close()
    second.close()
    with office.database.transaction() as tx:
        assert tx.all("SELECT DISTINCT state, version FROM policies") == [("expired", 2)]
    assert faults(office.database, environ) == []


def another_pool(office: Office) -> Database:
    """Another process's, on the same database."""
    return Database(office.database._url, size=1)


def test_a_file_ends_in_steps_and_a_policy_that_somebody_holds_waits_for_the_next(
    office: Office, environ: dict[str, str]
) -> None:
    office.send("enrollment", csv([row(n) for n in range(50)]).decode().splitlines(), now=NOW)
    other = another_pool(office)
    with other.transaction() as held:
        held.one("SELECT 1 FROM policies WHERE partner_reference = 'sub-000000007' FOR UPDATE")
        office.end_terms(ENDS)
        with office.database.transaction() as tx:
            assert tx.one("SELECT count(*) FROM policies WHERE state = 'in_force'") == (1,)
    other.close()
    office.end_terms(ENDS)
    with office.database.transaction() as tx:
        assert tx.one("SELECT count(*) FROM policies WHERE state = 'expired'") == (50,)
        assert tx.one("SELECT count(*) FROM policy_chunks WHERE ends_next < 'infinity'") == (0,)
    assert faults(office.database, environ) == []


def test_of_those_of_a_file_only_whose_term_is_over_is_written_down_as_over(
    office: Office, environ: dict[str, str]
) -> None:
    rows = [row(1), row(2, effective_date="2026-03-09"), row(3)]
    office.send("enrollment", csv(rows).decode().splitlines(), now=NOW)
    with office.database.transaction() as tx:
        canceled = tx.the("SELECT policy_id FROM policies WHERE partner_reference = 'sub-000000003'", into=PolicyId)
    office.cancel(office.policy(canceled), now=NOW)

    office.end_terms(ENDS)

    with office.database.transaction() as tx:
        states = tx.all("SELECT state FROM policies ORDER BY partner_reference", into=str)
    assert states == ["expired", "in_force", "canceled"]
    assert faults(office.database, environ) == []


def test_a_chunk_that_does_not_know_its_end_is_looked_at_and_then_rests(office: Office) -> None:
    policy = office.enroll(1)
    with office.database.transaction() as tx:
        tx.execute("UPDATE policy_chunks SET ends_next = '-infinity'")
    office.end_terms(NOW)
    with office.database.transaction() as tx:
        assert tx.one("SELECT ends_next FROM policy_chunks") == (policy.effective_to,)


@pytest.mark.parametrize("before", STATES)
@pytest.mark.parametrize("after", STATES)
def test_the_database_knows_the_same_steps_as_the_rules(
    office: Office, before: PolicyState, after: PolicyState, owner: Database
) -> None:
    policy = office.enroll(1)
    with owner.transaction() as tx:
        tx.execute("ALTER TABLE policies DISABLE TRIGGER policies_take_legal_steps")
        tx.execute("UPDATE policies SET state = %s", (before,))
        tx.execute("ALTER TABLE policies ENABLE TRIGGER policies_take_legal_steps")
    try:
        with office.database.transaction() as tx:
            tx.execute("UPDATE policies SET state = %s, version = version + 1", (after,))
        taken = True
    except psycopg2.errors.CheckViolation:
        taken = False
    assert taken == (may_step(before, after) or before == after)
    assert office.policy(policy.policy_id).state == (after if taken else before)


def test_a_step_without_a_new_version_is_refused(office: Office) -> None:
    office.enroll(1)
    with pytest.raises(psycopg2.errors.CheckViolation, match="raises its version"), office.database.transaction() as tx:
        tx.execute("UPDATE policies SET state = 'expired'")
